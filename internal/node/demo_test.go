package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
)

// TestDemoHoldsNotices: the demonstration does not pass over a notice that is
// missing, told twice, or out of order.
func TestDemoHoldsNotices(t *testing.T) {
	t.Parallel()
	notice := func(number int64, kind, period string) node.ToldNotice {
		n := guichet.SubmissionNotice{Number: number, Kind: kind, Periods: []string{period}, Subscription: "s"}
		if kind == node.NoticeCorrection {
			n.Subscription, n.Exchange = "", "x"
		}
		return node.ToldNotice{SubmissionNotice: n}
	}
	first, second, third := notice(1, "new", "2020-07"), notice(2, "revised", "2020-03"), notice(3, "correction", "2020-03")
	twice := notice(4, "correction", "2020-03")
	for _, c := range []struct {
		name string
		told []node.ToldNotice
		want string // of the fault; "" none
	}{
		{"as it should be", []node.ToldNotice{first, second, third}, ""},
		{"one is missing", []node.ToldNotice{first, third}, `told is ["new 2020-07"]`},
		{"out of order", []node.ToldNotice{second, first, third}, "notice 1 is told after 2"},
		{"a correction twice", []node.ToldNotice{first, second, third, twice}, "2 corrections"},
		{"no correction", []node.ToldNotice{first, second}, "0 corrections"},
	} {
		got := strings.Join(node.DemoFaults(c.told, "s", "x"), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: faults %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDemoChapters: what a chapter needs goes before it, and is not shown.
func TestDemoChapters(t *testing.T) {
	t.Parallel()
	for named, want := range map[string]string{
		"":                 "exchange borders joining circles copies keeping running pages",
		"keeping":          "keeping",
		"running":          "(joining) (copies) running",
		"running,joining":  "joining (copies) running",
		"circles,exchange": "exchange (joining) circles",
		"pages":            "(exchange) (borders) (joining) pages",
	} {
		var list []string
		if named != "" {
			list = strings.Split(named, ",")
		}
		if got := given(node.DemoOrder(list))(t); got != want {
			t.Errorf("chapters %q: %q, want %q", named, got, want)
		}
	}
	if _, err := node.DemoOrder([]string{"none"}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("an unknown chapter: %v", err)
	}
}

// TestWhatADemonstrationMadeReady: the start page leads to pages of this node and nowhere
// else, whatever stands in the file.
func TestWhatADemonstrationMadeReady(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if tries, err := node.ReadTries(home); err != nil || len(tries) > 0 {
		t.Errorf("a home without the file: %v, %v", tries, err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(home, "portal"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, "portal", "demonstration.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"format":1,"tries":[{"role":"officer","title":{"en":"Ask","fr":"Demander"},"text":{"en":"x","fr":"y"},"to":"/question?a=b"}]}`)
	if tries, err := node.ReadTries(home); err != nil || strings.Join(tries, "|") != "officer Ask /question?a=b" {
		t.Errorf("%q, %v", tries, err)
	}
	for _, text := range []string{
		`{"format":2}`, `{"format":1,"tries":[`, `{"format":1,"tries":[{"to":"https://elsewhere.example/"}]}`, `{"format":1,"tries":[{"to":"//elsewhere.example/"}]}`,
		`{"format":1,"tries":[{"to":"asked"}]}`, `{"format":1,"tries":[` + strings.Repeat(`{"to":"/asked"},`, 100) + `{"to":"/asked"}]}`,
	} {
		write(text)
		if tries, err := node.ReadTries(home); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%.60s: %v, %v", text, tries, err)
		}
	}
}

// TestNewestMonths: what was withdrawn or removed is held no more; a year holds its
// December.
func TestNewestMonths(t *testing.T) {
	t.Parallel()
	unit := func(period, purged string) []guichet.Unit {
		return []guichet.Unit{{Period: given(guichet.ParsePeriod(period))(t), Purged: purged}}
	}
	got := node.NewestOf([]guichet.Submission{
		{Dataset: "trade", Units: append(unit("2020-11", ""), unit("2021-05", "e1")...)},
		{Dataset: "trade", Units: unit("2019", "")},
		{Dataset: "trade", Units: unit("2022-01", ""), Withdrawn: "e2"},
		{Dataset: "travel.crossings", Units: unit("2024", "")},
		{Dataset: "none", Units: unit("2024", "e3")},
	})
	for dataset, want := range map[string]string{"trade": "2020-11", "travel.crossings": "2024-12"} {
		if got[dataset].Format("2006-01") != want {
			t.Errorf("%s is held until %s, want %s", dataset, got[dataset], want)
		}
	}
	if len(got) != 2 {
		t.Errorf("months of what is not held: %v", got)
	}
}
