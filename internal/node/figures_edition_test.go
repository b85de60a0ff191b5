package node_test

import (
	"strings"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/internal/guichettest"
)

// hmrcEdition: CN2009 is HS2007, and its codes are kept as such.
func (h *house) hmrcEdition(t *testing.T) {
	h.takeHMRC(t)
	a := h.ask(t, "reporter=GB trade_system=unknown .edition=2007 by=hs6")
	var gone []string
	for _, row := range a.Rows {
		code, _ := row["hs6"].(string)
		if len(code) == 6 && hs.Known(2007, hs.Code(code)) && !hs.Known(2012, hs.Code(code)) {
			gone = append(gone, code)
		}
	}
	if len(gone) != 155 {
		t.Errorf("%d codes of HS2007 are not in HS2012, want 155", len(gone))
	}
	a = h.ask(t, "reporter=GB trade_system=unknown hs="+strings.Join(gone, ","))
	want(t, a, "", "value", "390,403,296")
	if n := a.Sources[0].Rows; n != 3_625 {
		t.Errorf("they stand on %d lines, want 3,625", n)
	}
	// The question is read in the edition in force, HS2007, unless it says otherwise.
	want(t, h.ask(t, "reporter=GB trade_system=unknown product="+strings.Join(gone, ",")), "", "value", "390,403,296")
	kind(t, h.refused(t, "reporter=GB edition=2012 product="+gone[0]), guichet.KindNotFound)
}

// editions: codes of another edition enter by closed families that lie wholly
// inside what was asked, by UNSD's conversion when that is asked for, or not.
func (h *house) editions(t *testing.T) {
	h.flow(t, usFile)
	const us = "reporter=US period=2024 trade_system=general "
	figure := func(words string) guichet.Decimal { return total(t, h.ask(t, us+words), "", "value") }

	if a, b := figure("product=630790"), figure("product=630790 edition=2017"); a.Cmp(b) != 0 || a.Sign() == 0 {
		t.Errorf("630790 is the same in both editions: %s and %s", a, b)
	}
	a := h.ask(t, us+"product=401511,401519 edition=2017")
	remark(t, a, "family_exact", "401512")
	if got, w := total(t, a, "", "value"), figure("product=401512,401519"); got.Cmp(w) != 0 {
		t.Errorf("the family of gloves is %s in HS2017 and %s in HS2022", got, w)
	}
	a = h.ask(t, us+"product=401511 edition=2017")
	only(t, a, guichet.GapIncomparable)
	gap(t, a, guichet.GapIncomparable, "401511+401519")

	// 300215 and 382200 went n to n: no figure without the asker's word for it.
	for _, code := range []string{"300215", "382200"} {
		only(t, h.ask(t, us+"edition=2017 product="+code), guichet.GapIncomparable)
		remark(t, h.ask(t, us+"edition=2017 conversion=default product="+code), "default_conversion", code)
	}
	kind(t, h.refused(t, us+"product=382200"), guichet.KindNotFound)                  // not in the edition in force
	kind(t, h.refused(t, us+"product=630790 edition=1996"), guichet.KindInvalid)      // not held
	kind(t, h.refused(t, us+"product=630790 conversion=guess"), guichet.KindInvalid)  // no such thing
	kind(t, h.refused(t, us+"product=401511 edition=2022"), guichet.KindNotFound)     // of another edition
	kind(t, h.refused(t, us+"product=123456"), guichet.KindNotFound)                  // of none
	kind(t, h.refused(t, us+"product=63079"), guichet.KindInvalid)                    // five digits
	kind(t, h.refused(t, us+"product=covid19/none"), guichet.KindNotFound)            // no group
	kind(t, h.refused(t, us+"product=nowhere:630790"), guichet.KindNotFound)          // no list
	kind(t, h.refused(t, us+"product=630790,6307909891+630710"), guichet.KindInvalid) // national among others

	// More digits than six are of a national list.
	if a, b := figure("product=6307909891"), figure("product=us-hts:6307909891"); a.Cmp(b) != 0 || a.Cmp(guichettest.Figure(t, "3,100,402,133")) != 0 {
		t.Errorf("6307909891 is %s, us-hts:6307909891 %s, want 3,100,402,133", a, b)
	}
	only(t, h.ask(t, us+"product=uk-cn:63079098"), guichet.GapNotCovered)
	if a, b := figure("product=63,630790,6307"), figure("product=63"); a.Cmp(b) != 0 {
		t.Errorf("a chapter beside its own codes is %s, the chapter alone %s", a, b)
	}
}
