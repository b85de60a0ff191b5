package node_test

import (
	"slices"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// oddQuestions: an answer is never empty without a reason, and zero, not
// reported, not covered and hidden are different words.
func (h *house) oddQuestions(t *testing.T) {
	h.flow(t, usFile)
	h.flow(t, nzJanuary)
	h.flow(t, nzSecond)
	h.flow(t, caCountry)
	h.flow(t, caChapter)
	h.takeHMRC(t)
	for words, reason := range map[string]guichet.GapReason{
		// A file covers it and has no line.
		"reporter=US period=2024 partner=AQ":                   guichet.GapZero,
		"reporter=US period=2024 product=77":                   guichet.GapZero,
		"reporter=US period=2024 product=630790 partner=KP,AQ": guichet.GapZero,
		"reporter=GB period=2009-02 partner=FR product=2620":   guichet.GapZero,
		// No file of that period, reporter or flow.
		"reporter=US period=2023":                                            guichet.GapNotReported,
		"reporter=US period=2024-03":                                         guichet.GapNotReported,
		"reporter=US period=2024 flow=exports":                               guichet.GapNotReported,
		"reporter=NZ flow=re_imports":                                        guichet.GapNotReported,
		"reporter=DE":                                                        guichet.GapNotReported,
		"reporter=US period=2024 freq=M":                                     guichet.GapNotReported,
		"reporter=US period=2024 asof=2020-01-01T00:00:00Z":                  guichet.GapNotReported,
		"reporter=US,NZ,CA,GB asof=2020-01-01T00:00:00Z":                     guichet.GapNotReported,
		"asof=2020-01-01T00:00:00Z":                                          guichet.GapNotReported,
		"reporter=US period=2024 vintage=2030-01-01":                         guichet.GapNotReported,
		"reporter=US period=2024 product=2207 vintage=2030-01-01 by=partner": guichet.GapNotReported,
		// The files at hand do not break this down, or leave it out.
		"reporter=US period=2024 mode=1":                       guichet.GapNotCovered,
		"reporter=US period=2024 port=USLAX":                   guichet.GapNotCovered,
		"reporter=US period=2024 partner2=DE":                  guichet.GapNotCovered,
		"reporter=US period=2024 trade_system=special_strict":  guichet.GapNotCovered,
		"reporter=US period=2024 valuation=cif":                guichet.GapNotCovered,
		"reporter=US period=2024 partner_role=consignment":     guichet.GapNotCovered,
		"reporter=US period=2024 cube=nowhere":                 guichet.GapNotCovered,
		"reporter=US period=2024 currency=EUR":                 guichet.GapNotCovered,
		"reporter=US period=2024 coverage=low_value":           guichet.GapNotCovered,
		"reporter=US period=2024 .edition=2012":                guichet.GapNotCovered,
		"reporter=GB period=2009-02 partner=US":                guichet.GapNotCovered,
		"reporter=GB period=2009-02 partner=US product=010110": guichet.GapNotCovered,
		"reporter=CA period=2024 product=870323":               guichet.GapNotCovered,
		"reporter=CA period=2024 product=8703 by=period":       guichet.GapNotCovered,
		"reporter=US period=2024 product=ca-tariff:0101210000": guichet.GapNotCovered,
	} {
		t.Run(words, func(t *testing.T) { only(t, h.ask(t, words), reason) })
	}
	// What nobody knows is no zero: a slip of the pen, another alphabet of codes.
	for _, words := range []string{
		"reporter=US period=2024 partner=UK", "reporter=US period=2024 partner=USA", "reporter=US period=2024 partner=Germany",
		"reporter=US period=2024 partner=de", "reporter=XX period=2024", "reporter=US period=2024 flow=import",
		"reporter=US period=2024 trade_system=genral", "reporter=US period=2024 valuation=CIF", "reporter=US period=2024 partner_role=x",
		"reporter=US period=2024 coverage=some", "reporter=US period=2024 partner_kind=land", "reporter=US period=2024 freq=Y",
	} {
		t.Run(words, func(t *testing.T) { kind(t, h.refused(t, words), guichet.KindNotFound) })
	}
	for _, words := range []string{
		"reporter=US period=2024 hs2=63", "reporter=US period=2024 national=6307909891", "reporter=US period=2024 nothing=1", "reporter=US by=nothing", "reporter=US measure=code", "reporter=US measure=nothing",
		"reporter=US partner=", "reporter=US by=edition",
	} {
		t.Run(words, func(t *testing.T) { kind(t, h.refused(t, words), guichet.KindInvalid) })
	}
	h.oddRows(t)
	h.reportedZero(t)
}

// oddRows: what comes beside a gap or a remark.
func (h *house) oddRows(t *testing.T) {
	t.Helper()
	// A part of what was asked is there, the rest is told.
	a := h.ask(t, "reporter=CA flow=imports period=2024-01:2025-06")
	want(t, a, "", "value", "767,211,186,094")
	if g := gap(t, a, guichet.GapNotReported, "6 of 18"); g.Period != "2025-01:2025-06" {
		t.Errorf("the gap is of %s, want 2025-01:2025-06", g.Period)
	}
	a = h.ask(t, "reporter=US,DE,CA period=2024 flow=imports")
	want(t, a, "reporter=US trade_system=general", "value", "3,263,893,254,128")
	gap(t, a, guichet.GapNotReported, "DE")
	// Valuations, roles, currencies of two reporters stand in rows of their own.
	if n := len(a.Rows); n != 3 {
		t.Errorf("%d rows, want two of the US and one of Canada: %v", n, a.Rows)
	}
	// A dimension that no file tells is not told, and that is said.
	a = h.ask(t, "reporter=US period=2024 trade_system=general by=port")
	want(t, a, "", "value", "3,263,893,254,128")
	gap(t, a, guichet.GapNotCovered, "port")
	a = h.ask(t, "reporter=US period=2024 trade_system=general measure=net_kg")
	remark(t, a, "figures_absent", "net_kg")
	a = h.ask(t, "reporter=CA flow=imports period=2024 by=hs2 limit=3")
	if len(a.Rows) != 3 {
		t.Errorf("%d rows, want the first three", len(a.Rows))
	}
	remark(t, a, "limited", "3 of")
	a = h.ask(t, "reporter=US period=2023 lang=fr")
	gap(t, a, guichet.GapNotReported, "aucun fichier")
}

// reportedZero: a subheading of HS2022 that the US file has no line of, and
// nothing above it is rolled up, is a zero, and names the file that says so.
func (h *house) reportedZero(t *testing.T) {
	t.Helper()
	a := h.ask(t, "reporter=US period=2024 trade_system=general by=hs6")
	var there []string
	for _, row := range a.Rows {
		code, _ := row["hs6"].(string)
		there = append(there, code)
	}
	n := 0
	for _, c := range hs.Codes(2022, 6) {
		if slices.Contains(there, string(c)) || c[:4] == "2918" {
			continue
		}
		if n++; n > 5 {
			break
		}
		a := h.ask(t, "reporter=US period=2024 trade_system=general product="+string(c))
		only(t, a, guichet.GapZero)
		if len(a.Sources) != 1 || a.Sources[0].Submission != h.taken[usFile].ID || a.Sources[0].Rows != 0 {
			t.Errorf("%s is a reported zero of %v, want the US file, no row", c, a.Sources)
		}
	}
	if n == 0 {
		t.Fatal("the US file has every subheading of HS2022")
	}
}

// TestEmptyHome: a home without a file answers with a gap, too.
func TestEmptyHome(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	h.check(t)
	for _, words := range []string{"", "period=2024", "reporter=NZ", "reporter=NZ product=901920 by=partner measure=value_usd"} {
		only(t, h.ask(t, words), guichet.GapNotReported)
	}
	kind(t, h.refused(t, "product=123456 reporter=NZ edition=2022"), guichet.KindNotFound)
	_, err := h.Submission(t.Context(), "abc")
	kind(t, err, guichet.KindNotFound)
	_, err = h.Reharmonise(t.Context(), "abc", nil)
	kind(t, err, guichet.KindNotFound)
}

// TestSameFileTwice: the content makes the submission, not the name nor the
// time.
func TestSameFileTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "CA")
	file := guichettest.Flow(t, caChapter)
	first := h.take(t, node.IngestRequest{File: file})
	if first.Already || len(first.Replaced) != 0 {
		t.Errorf("a new file: already %v, replaced %v", first.Already, first.Replaced)
	}
	for _, req := range []node.IngestRequest{
		{File: file},
		{File: file, Name: "another name.csv", Released: "2025-01-01", Profile: "statcan-by-hs2"},
		{File: keepLines(t, file, func(string) bool { return true })},
	} {
		again := h.take(t, req)
		if !again.Already || again.Submission.ID != first.Submission.ID || again.Submission.Digest != first.Submission.Digest {
			t.Errorf("%+v: already %v as %s, want %s", req, again.Already, again.Submission.ID, first.Submission.ID)
		}
	}
	again, err := h.Reharmonise(t.Context(), first.Submission.ID, nil)
	if err != nil || !again.Already || len(again.Replaced) != 0 {
		t.Errorf("judged again by the same tables: already %v, replaced %v, %v; want nothing changed", again.Already, again.Replaced, err)
	}
	subs, err := h.Submissions(t.Context())
	if err != nil || len(subs) != 1 {
		t.Errorf("%d submissions, want one (%v)", len(subs), err)
	}
	a := h.ask(t, "reporter=CA period=2024")
	want(t, a, "flow=imports", "value", "767,211,186,094")
}
