package travel_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/travel"
)

// TestThePortsAreWritten: every port is a UN/LOCODE, once, with modes of the list.
func TestThePortsAreWritten(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range travel.Ports("") {
		if travel.PortCode(p.Code) != p.Code || seen[p.Code] || p.Name == "" || len(p.Modes) == 0 {
			t.Errorf("%+v is no port, or stands twice", p)
		}
		seen[p.Code] = true
		for _, m := range p.Modes {
			if !slices.Contains(travel.Modes(), m) {
				t.Errorf("%s has the mode %q", p.Code, m)
			}
		}
	}
	for _, member := range []string{"AU", "CA", "GB", "NZ", "US"} {
		if len(travel.Ports(member)) < 4 {
			t.Errorf("%s has %d ports", member, len(travel.Ports(member)))
		}
	}
	if p, ok := travel.PortBy("ca tor"); !ok || p.Name != "Toronto" || p.Country() != "CA" {
		t.Errorf("CA TOR is %+v", p)
	}
	if _, ok := travel.PortBy("ZZZZZ"); ok {
		t.Error("ZZZZZ is a port")
	}
	if !strings.HasPrefix(travel.Version(), "ports-") || len(travel.Version()) != len("ports-")+12 {
		t.Errorf("the list has the version %q", travel.Version())
	}
}

func TestPortCodes(t *testing.T) {
	for text, want := range map[string]string{"CATOR": "CATOR", "us nyc": "USNYC", "GB23A": "GB23A", "CA": "", "C1TOR": "", "CAT0R": "", "CATO-": "", "CATORO": ""} {
		if got := travel.PortCode(text); got != want {
			t.Errorf("%q is read as %q, not %q", text, got, want)
		}
	}
}

// TestTheDescriptorHolds: ids without a hole, as Iceberg gives them; bands that
// rise; percentiles of measures that there are, all of the counted unit.
func TestTheDescriptorHolds(t *testing.T) {
	ds := travel.Dataset()
	for i, f := range ds.RowFields() {
		if f.ID != i+1 {
			t.Errorf("%s has the id %d at the place %d", f.Name, f.ID, i+1)
		}
	}
	counts, ok := ds.Field(ds.Counts)
	if !ok || counts.Role != guichet.Measure {
		t.Fatalf("%q counts nobody", ds.Counts)
	}
	for _, d := range ds.Derived {
		upTo := 0
		for i, b := range d.Bands {
			f, ok := ds.Field(b.Field)
			last := i == len(d.Bands)-1
			if !ok || f.Role != guichet.Measure || f.Unit != counts.Unit || !last && b.UpTo <= upTo || last != (b.UpTo == 0) {
				t.Errorf("%s: the band %+v does not follow %d", d.Name, b, upTo)
			}
			upTo = b.UpTo
		}
		if d.Share <= 0 || d.Share >= 100 || len(d.Parts()) != len(d.Bands) {
			t.Errorf("%s is no percentile", d.Name)
		}
	}
	for _, name := range []string{travel.ListMode, travel.ListDirection, travel.ListPort} {
		if len(travel.List(name)) == 0 {
			t.Errorf("the list %s is empty", name)
		}
	}
	for _, name := range []string{travel.ListMode, travel.ListDirection, travel.ListPort} {
		for _, v := range travel.List(name) {
			en, fr := travel.ValueText(name, v, "en"), travel.ValueText(name, v, "fr")
			if en == "" || fr == "" || en == v || name != travel.ListPort && en == fr {
				t.Errorf("%s %s has the words %q and %q", name, v, en, fr)
			}
		}
	}
	for _, m := range ds.Measures() {
		if travel.ValueText("", m.Unit, "fr") == "" {
			t.Errorf("the unit of %s, %s, has no words", m.Name, m.Unit)
		}
	}
	if travel.ValueText(travel.ListMode, "CATOR", "en") != "" || travel.ValueText("CL_FLOW", "imports", "en") != "" {
		t.Error("what is of no list of travel has words of it")
	}
	if travel.List("CL_FLOW") != nil {
		t.Error("a list of goods is a list of travel")
	}
	for _, code := range travel.Codes() {
		if travel.RemarkText(code, "en") == "" || travel.RemarkText(code, "fr") == travel.RemarkText(code, "en") {
			t.Errorf("%s has no sentence in two languages", code)
		}
	}
	if travel.RemarkText("nothing", "en") != "" {
		t.Error("a code that is none has a sentence")
	}
	if len(ds.Drafts()) != 1 || ds.Drafts()[0].Paper.Terms[0].Dataset != travel.Name {
		t.Errorf("the drafts are %+v", ds.Drafts())
	}
}
