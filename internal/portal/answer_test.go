package portal_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/portal"
)

func figure(t *testing.T, s string) guichet.Decimal {
	t.Helper()
	d, err := guichet.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hostile is an answer with what others may write: formulas, markup, a hidden cell.
func hostile(t *testing.T) portal.Answer {
	t.Helper()
	row := func(member, period, partner string, value any) guichet.Row {
		return guichet.Row{"member": member, "reporter": member, "period": period, "partner": partner, "trade_system": "general", "currency": "USD", "edition": int64(2022), "value": value, "value_usd": value}
	}
	return portal.Answer{
		Circle: "three",
		Answer: guichet.Answer{
			Question: guichet.Question{Dataset: "trade", By: []string{"reporter", "period", "partner"}},
			Columns: []guichet.Column{
				{Name: "member"},
				{Name: "reporter"},
				{Name: "period"},
				{Name: "partner"},
				{Name: "trade_system"},
				{Name: "currency"},
				{Name: "edition"},
				{Name: "value", Measure: true},
				{Name: "value_usd", Measure: true},
			},
			Rows: []guichet.Row{
				row("US", "2024-01", `=HYPERLINK("x")`, figure(t, "-12.5")),
				row("US", "2024-02", "@SUM(A1)", figure(t, "123456789012345.678")),
				row("US", "2024-02", "<script>alert(1)</script>", nil),
				row("NZ", "2024-01", "+1", figure(t, "3")),
				row("NZ", "2024-02", "\tx", figure(t, "4")),
			},
		},
		Members: []portal.MemberResult{
			{Member: "GB", Gap: &guichet.Gap{Reason: guichet.GapSilent}},
			{Member: "IE", Gap: &guichet.Gap{Reason: guichet.GapRefused}},
			{Member: "NZ"},
			{Member: "US", Hidden: 1},
		},
	}
}

func TestCSVIsInert(t *testing.T) {
	text, err := portal.CSV(hostile(t))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"member", "reporter", "period", "partner", "trade_system", "currency", "edition", "value", "value_why_none", "value_usd", "value_usd_why_none"},
		{"US", "US", "2024-01", `'=HYPERLINK("x")`, "general", "USD", "2022", "-12.5", "", "-12.5", ""},
		{"US", "US", "2024-02", "'@SUM(A1)", "general", "USD", "2022", "123456789012345.678", "", "123456789012345.678", ""},
		{"US", "US", "2024-02", "<script>alert(1)</script>", "general", "USD", "2022", "", "hidden", "", "hidden"},
		{"NZ", "NZ", "2024-01", "'+1", "general", "USD", "2022", "3", "", "3", ""},
		{"NZ", "NZ", "2024-02", "'\tx", "general", "USD", "2022", "4", "", "4", ""},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestPictures(t *testing.T) {
	a := hostile(t)
	title, _, counts := portal.ChartOf("en", a, "period", "partner")
	// Four series of one month each: a dot and a sample beside the name of each, and no
	// line between months that it does not have.
	if !strings.Contains(title, "by month") || counts[0] != 4 || counts[2] != 4 {
		t.Errorf("%q %v", title, counts)
	}
	if _, _, counts := portal.ChartOf("en", a, "partner"); counts[1] != 4 {
		t.Errorf("bars: %v", counts)
	}
	tiles := portal.TilesOf(a, "from=2024-01&to=2024-03&by=period")
	want := [][]string{{"silent", "silent", "silent"}, {"refused", "refused", "refused"}, {"figure", "figure", "none"}, {"figure", "figure", "none"}}
	if diff := cmp.Diff(want, tiles); diff != "" {
		t.Error(diff)
	}
	a.Answer.Rows = a.Answer.Rows[2:3]
	if tiles := portal.TilesOf(a, "from=2024-02&to=2024-02&by=period"); tiles[3][0] != "hidden" {
		t.Errorf("a hidden cell is shown as %v", tiles[3])
	}
	if title, _, _ := portal.ChartOf("en", a, "period"); title != "" {
		t.Errorf("a picture of no figure: %q", title)
	}
	// The same goods in two trade systems are drawn once, and the picture says so.
	b := hostile(t)
	for _, r := range b.Answer.Rows[:2] {
		twin := guichet.Row{}
		maps.Copy(twin, r)
		twin["trade_system"] = "special_relaxed"
		b.Answer.Rows = append(b.Answer.Rows, twin)
	}
	if _, note, counts := portal.ChartOf("en", b, "partner"); counts[1] != 4 || !strings.Contains(note, "special trade, relaxed") {
		t.Errorf("%v %q", counts, note)
	}
}

func TestShelf(t *testing.T) {
	dir, clock := t.TempDir(), guichettest.NewClock()
	shelf, err := portal.OpenShelf(dir, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	put := func(n int, owner string, until time.Duration) {
		t.Helper()
		if err := shelf.Put(id(n), owner, clock.Now(), clock.Now().Add(until), hostile(t)); err != nil {
			t.Fatal(err)
		}
		clock.Move(time.Second)
	}
	put(1, "a", time.Hour)
	put(2, "b", 48*time.Hour)
	// What was written comes back exact, also in another process.
	if shelf, err = portal.OpenShelf(dir, clock.Now); err != nil {
		t.Fatal(err)
	}
	got, err := shelf.Get(id(1), "a")
	if err != nil {
		t.Fatal(err)
	}
	exactly := cmp.Comparer(func(x, y guichet.Decimal) bool { return x.Cmp(y) == 0 })
	if diff := cmp.Diff(hostile(t).Answer.Rows, got.Answer.Rows, exactly); diff != "" {
		t.Error(diff)
	}
	for name, try := range map[string]error{
		"another's":    func() error { _, err := shelf.Get(id(1), "b"); return err }(),
		"nobody's":     func() error { _, err := shelf.Get(id(9), "a"); return err }(),
		"not theirs":   shelf.Remove(id(1), "b"),
		"a way out":    func() error { _, err := shelf.Get("../../etc/passwd", "a"); return err }(),
		"removed once": func() error { _ = shelf.Remove(id(2), "b"); return shelf.Remove(id(2), "b") }(),
	} {
		if guichet.KindOf(try) != guichet.KindNotFound {
			t.Errorf("%s: %v", name, try)
		}
	}
	clock.Move(2 * time.Hour)
	if _, err := shelf.Get(id(1), "a"); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("it is kept longer than it may be: %v", err)
	}
	for n := range portal.KeptOfOne + 3 {
		put(100+n, "c", time.Hour*1000)
	}
	kept := shelf.Of("c")
	if len(kept) != portal.KeptOfOne || kept[0] != id(100+portal.KeptOfOne+2) {
		t.Errorf("%d are kept, the newest %s", len(kept), kept[0])
	}
	// A file that is no answer, and one that was being written, harm nothing.
	for _, name := range []string{id(7) + ".json", ".part-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if shelf, err = portal.OpenShelf(dir, clock.Now); err != nil || len(shelf.Of("c")) != portal.KeptOfOne {
		t.Errorf("the shelf does not open: %v", err)
	}
	st, err := os.Stat(filepath.Join(dir, kept[0]+".json"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("others may read what was asked: %v %v", st.Mode(), err)
	}
}

func TestWhatIsTyped(t *testing.T) {
	for _, c := range []struct {
		text string
		last bool
		want string
	}{
		{"2024-05", false, "2024-05"},
		{"05/2024", false, "2024-05"},
		{"5.2024", false, "2024-05"},
		{"2024 5", false, "2024-05"},
		{"2024", false, "2024-01"},
		{"2024", true, "2024-12"},
		{"May", false, "May"},
		{"2024-05-17", false, "2024-05-17"},
	} {
		if got := portal.MonthOf(c.text, c.last); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
	for text, want := range map[string]string{"cn": "CN", "Chine": "CN", "china": "CN", "Viet": "VN", "Nouvelle-Zélande": "NZ", "Atlantis": ""} {
		if got, _ := portal.AreaOf(text, "en"); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if _, near := portal.AreaOf("congo", "en"); len(near) < 2 {
		t.Errorf("several Guineas are %v", near)
	}
	for text, want := range map[string]string{" a\x00b\u202e\tc ": "ab c", "ééé": "éé", "\xff": ""} {
		if got := portal.Tidy(text, 4); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := portal.Tidy("ééé", 3); got != "é" {
		t.Errorf("a letter is cut: %q", got)
	}
}
