package node_test

import (
	"fmt"
	"strings"
	"testing"

	"guichet"
)

// properties hold over all that has been taken in: however a flow is cut, its
// parts add up to it, by flow, trade system and whatever else is told apart.
func (h *house) properties(t *testing.T) {
	h.flow(t, usFile)
	h.flow(t, nzJanuary)
	h.flow(t, nzSecond)
	h.takeHMRC(t)
	h.flow(t, caCountry)
	h.flow(t, caChapter)
	large, small := []string{"partner", "hs2", "hs6"}, []string{"partner", "hs2", "hs4", "hs6", "national", "period", "partner,hs6,period", "coverage"}
	for words, cuts := range map[string][]string{
		"reporter=US period=2024":                         large,
		"reporter=NZ flow=exports":                        large,
		"reporter=GB period=2008-01:2009-02":              large,
		"reporter=GB period=2009-02 trade_system=general": {"hs4", "period", "coverage", "mode", "partner2"},
		"reporter=US period=2024 product=63":              small,
		"reporter=US period=2024 product=covid19/medical": {"partner", "hs6"},
		"reporter=NZ product=04 period=2025-01:2025-02":   small,
		"reporter=GB product=2204":                        small,
		"reporter=US period=2024 partner=NZ":              {"hs4", "national"},
		"reporter=US,NZ,GB trade_system=general":          {"hs2"},
	} {
		t.Run(words, func(t *testing.T) {
			whole := h.ask(t, words)
			for _, by := range cuts {
				h.addsUp(t, cut{words, by, whole, "value"})
			}
			for _, s := range whole.Sources {
				if s.Digest == "" || s.Licence == "" {
					t.Errorf("the source %+v has no digest or licence", s)
				}
			}
		})
	}
	// Canada has partners in one table and chapters in another.
	ca := h.ask(t, "reporter=CA period=2024")
	for _, by := range []string{"partner", "hs2", "period"} {
		h.addsUp(t, cut{"reporter=CA period=2024", by, ca, "value"})
	}
	for _, measure := range []string{"net_kg", "quantity2"} {
		words := "reporter=GB trade_system=general measure=" + measure
		whole := h.ask(t, words)
		for _, by := range []string{"partner", "hs2", "period"} {
			h.addsUp(t, cut{words, by, whole, measure})
		}
	}
	h.yearsOfMonths(t)
	h.sameWhenNamed(t)
}

// cut is a question, how it is cut up further, and its answer uncut.
type cut struct {
	words, by string
	whole     guichet.Answer
	measure   string
}

func (h *house) addsUp(t *testing.T, c cut) {
	t.Helper()
	a := h.ask(t, c.words+" by="+c.by)
	if len(a.Rows) < len(c.whole.Rows) {
		t.Errorf("%s by %s: %d rows, uncut %d", c.words, c.by, len(a.Rows), len(c.whole.Rows))
	}
	for _, row := range c.whole.Rows {
		apart := fmt.Sprintf("reporter=%v flow=%v trade_system=%v valuation=%v partner_role=%v currency=%v",
			row["reporter"], row["flow"], row["trade_system"], row["valuation"], row["partner_role"], row["currency"])
		w, _ := row[c.measure].(guichet.Decimal)
		if got := total(t, a, apart, c.measure); got.Cmp(w) != 0 {
			t.Errorf("%s by %s: %s of %s add up to %s, the whole is %s", c.words, c.by, c.measure, apart, got, w)
		}
	}
	var used, uncut int64
	for _, s := range a.Sources {
		used += s.Rows
	}
	for _, s := range c.whole.Sources {
		uncut += s.Rows
	}
	if used != uncut && a.Sources[0].Fields["cube"] == c.whole.Sources[0].Fields["cube"] {
		t.Errorf("%s by %s: %d rows are used, uncut %d", c.words, c.by, used, uncut)
	}
}

// yearsOfMonths: the months of a year add up to it, in dollars too.
func (h *house) yearsOfMonths(t *testing.T) {
	t.Helper()
	const words = "reporter=CA period=2024 partner=US,CN,MX measure=value,value_usd"
	months, year := h.ask(t, words+" by=period"), h.ask(t, words)
	for _, flow := range []string{"imports", "exports"} {
		if n := len(rows(t, months, "flow="+flow)); n != 12 {
			t.Errorf("%s: %d months, want 12", flow, n)
		}
		if a, b := total(t, months, "flow="+flow, "value"), total(t, year, "flow="+flow, "value"); a.Cmp(b) != 0 {
			t.Errorf("%s of the months: %s, of the year: %s", flow, a, b)
		}
		// Each row of dollars is rounded to the cent.
		near(t, flow+" in dollars by months", total(t, months, "flow="+flow, "value_usd"), total(t, year, "flow="+flow, "value_usd").String(), "0.06")
	}
	var sum guichet.Decimal
	for m := range 12 {
		a := h.ask(t, fmt.Sprintf("reporter=CA period=2024-%02d flow=imports", m+1))
		sum = sum.Add(total(t, a, "", "value"))
	}
	want(t, h.ask(t, "reporter=CA period=2024 flow=imports"), "", "value", sum.String())
	var quarters guichet.Decimal
	for q := range 4 {
		a := h.ask(t, fmt.Sprintf("reporter=CA period=2024-Q%d flow=imports", q+1))
		quarters = quarters.Add(total(t, a, "", "value"))
	}
	if quarters.Cmp(sum) != 0 {
		t.Errorf("the quarters add up to %s, the months to %s", quarters, sum)
	}
}

// sameWhenNamed: a member picked by name has the figure of its row.
func (h *house) sameWhenNamed(t *testing.T) {
	t.Helper()
	for words, by := range map[string]string{
		"reporter=NZ period=2025-01 flow=exports":                      "partner",
		"reporter=GB period=2009-02 trade_system=general":              "partner",
		"reporter=US period=2024 trade_system=general product=63":      "hs4",
		"reporter=US period=2024 trade_system=general product=covid19": "hs6",
		"reporter=CA period=2024 flow=exports":                         "hs2",
	} {
		name := by
		if by != "partner" {
			name = "product"
		}
		a := h.ask(t, words+" by="+by)
		for i, row := range a.Rows {
			if i%max(1, len(a.Rows)/3) != 0 {
				continue
			}
			member := fmt.Sprint(row[by])
			if by == "hs6" && len(member) < 6 {
				continue
			}
			q := words + " " + name + "=" + member
			if by != "partner" && name == "product" {
				q = replaced(words, "product", member)
			}
			w, _ := row["value"].(guichet.Decimal)
			if got := total(t, h.ask(t, q), "", "value"); got.Cmp(w) != 0 {
				t.Errorf("%s: %s, its row by %s is %s", q, got, by, w)
			}
		}
	}
}

// replaced names another product in a question.
func replaced(words, name, value string) string {
	out := ""
	for w := range strings.FieldsSeq(words) {
		if !strings.HasPrefix(w, name+"=") {
			out += w + " "
		}
	}
	return out + name + "=" + value
}
