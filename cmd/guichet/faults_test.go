package main_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	main "guichet/cmd/guichet"
)

// place is a folder with a home and a profile of its own, in which the real
// binary is run as a user runs it.
type place struct {
	t         *testing.T
	dir, home string
	profile   string
}

// ledger is a profile of an office that nobody knows: month, side, hs, country,
// amount, kilos.
const ledger = `name: ledger
version: 1
title: {en: "A ledger made for the tests", fr: "Un registre fait pour les essais"}
dataset: trade
office: Nobody
reporter: NZ
source: https://example.org/
licence: none
redistribute: false
generated: true
format: {kind: csv}
columns: [{name: month}, {name: side}, {name: hs}, {name: country}, {name: amount}, {name: kilos}]
cube: {name: ledger, covers: {product: all, partner: all}}
fields: {grain: aggregate, regime: statistical, currency: NZD, basis: release}
keys:
  commodity:
    rule: commodity
    columns: [hs, month]
    fields: [code, hs, edition, level, subtotal, relation, coverage, conf_status, obs_status, list]
    params: {list: nz-tariff, digits: "8", flow: imports, period_format: "2006-01"}
  partner: {rule: area, columns: [country], fields: [partner, partner_kind], params: {list: iso2}}
  period: {rule: period, columns: [month], fields: [freq, period], params: {format: "2006-01"}}
  flow: {rule: enum, columns: [side], fields: [flow], map: {M: imports, X: exports}}
every:
  constants: {trade_system: general, valuation: fob, partner_role: origin, partner2: _T, procedure: _T, mode: _T}
  keys: [commodity, partner, period, flow]
records:
  - measures:
      value: {column: amount, required: true}
      net_kg: {column: kilos, decimals: 3}
update: {action: replace, scope: [flow, period]}
`

const ledgerHead = "month,side,hs,country,amount,kilos\n"

// ledgerLines are good lines of one month.
func ledgerLines(month string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s,%c,630790%02d,%s,%d,%d.125\n", month, "MX"[i%2], i%40, []string{"CN", "DE", "US"}[i%3], i%9973, i%977)
	}
	return b.String()
}

// newPlace makes the folder and the home.
func newPlace(t *testing.T) *place {
	t.Helper()
	p := placeIn(t, t.TempDir())
	p.must("init", "--member", "NZ")
	return p
}

func placeIn(t *testing.T, dir string) *place {
	t.Helper()
	p := &place{t: t, dir: dir, home: filepath.Join(dir, "home"), profile: filepath.Join(t.TempDir(), "ledger.yaml")}
	if err := os.WriteFile(p.profile, []byte(ledger), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// command is the binary, not yet started.
func (p *place) command(args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd = exec.CommandContext(p.t.Context(), "guichet", append(args, "--json")...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, stdout, stderr
	cmd.Env = append(os.Environ(), "GUICHET_HOME="+p.home, "LANG=C.UTF-8", "LC_ALL=", "LANGUAGE=")
	return cmd, stdout, stderr
}

// run runs the binary to its end.
func (p *place) run(args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	cmd, out, errs := p.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("run guichet %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (p *place) must(args ...string) string {
	p.t.Helper()
	out, words, code := p.run(args...)
	if code != 0 {
		p.t.Fatalf("guichet %v ended with exit code %d: %s", args, code, words)
	}
	return out
}

// write writes a file into the folder.
func (p *place) write(name string, content []byte) string {
	p.t.Helper()
	name = filepath.Join(p.dir, name)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return name
}

// wantFault runs a command that must fail: with the exit code of its kind, and
// in words that say what, where, and what to do.
func (p *place) wantFault(kind guichet.Kind, words []string, args ...string) {
	p.t.Helper()
	_, stderr, code := p.run(args...)
	if want := main.ExitCode(kind); code != want {
		p.t.Errorf("guichet %v ended with exit code %d, want %d (%s): %s", args, code, want, kind, stderr)
	}
	at := strings.Index(stderr, `{"error"`)
	if at < 0 {
		p.t.Errorf("guichet %v says no error: %s", args, stderr)
		return
	}
	var told struct {
		Error main.Problem `json:"error"`
	}
	if err := json.NewDecoder(strings.NewReader(stderr[at:])).Decode(&told); err != nil {
		p.t.Errorf("guichet %v says %s: %v", args, stderr[at:], err)
	}
	p.wantWords(args, told.Error, kind, words)
}

// wantWords holds what was said of a fault to its kind and to some words.
func (p *place) wantWords(of any, told main.Problem, kind guichet.Kind, words []string) {
	p.t.Helper()
	for _, w := range words {
		if told.Kind != string(kind) || !strings.Contains(told.Message+"\n"+told.Hint, w) {
			p.t.Errorf("%v: told as %s: %q (hint: %q), want %s and %q in it", of, told.Kind, told.Message, told.Hint, kind, w)
		}
	}
}

// submissions lists what is there after every invariant has been checked.
func (p *place) submissions() []guichet.Submission {
	p.t.Helper()
	p.must("check")
	var told struct {
		Submissions []guichet.Submission `json:"submissions"`
	}
	if err := json.Unmarshal([]byte(p.must("submissions")), &told); err != nil {
		p.t.Fatal(err)
	}
	return told.Submissions
}

// holds checks that the home is whole, has this many submissions, and that
// nothing is left of what failed.
func (p *place) holds(n int) {
	p.t.Helper()
	if got := p.submissions(); len(got) != n {
		p.t.Errorf("%d submissions are there, want %d", len(got), n)
	}
	for folder, want := range map[string]int{"staging": 0, "originals": n, "tables/trade/data": n} {
		entries, err := os.ReadDir(filepath.Join(p.home, folder))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			p.t.Fatal(err)
		}
		if len(entries) != want {
			p.t.Errorf("%s holds %d entries, want %d: %v", folder, len(entries), want, entries)
		}
	}
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zippedAs(name string, b []byte) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if w, err := z.Create(name); err == nil {
		_, _ = w.Write(b)
	}
	_ = z.Close()
	return out.Bytes()
}

// faulty is a file that must not come in, and what is said of it.
type faulty struct {
	file    string
	content []byte // nil: it is not written
	named   bool   // read by the profile of the tests
	kind    guichet.Kind
	words   []string // in the message or the hint
}

func faultyFiles() []faulty {
	const invalid, unrecognised, tooMany, hostile = guichet.KindInvalid, guichet.KindUnrecognised, guichet.KindTooMany, guichet.KindHostile
	good := ledgerLines("2024-01", 30)
	text := func(more string) []byte { return []byte(ledgerHead + good + more) }
	riddle := []byte("what,has,keys\nbut,cannot,open locks\n")
	near := "month,hs,hs_desc,uom,country,Export_FOB,Export_Qty,Re_export_FOB,Re_export_Qty,total_export_FOB,total_export_qty\n202501,01,x,,AU,1,1,1,1,1,1\n"
	return []faulty{
		{"riddle.csv", riddle, false, unrecognised, []string{"riddle.csv", "what,has,keys", "guichet profile list"}},
		{"near.csv", []byte(near), false, unrecognised, []string{"near.csv", "statsnz-exports-hs10", "column 'status' is missing"}},
		{"empty.csv", []byte{}, false, invalid, []string{"empty.csv is empty"}},
		{"nowhere.csv", nil, false, guichet.KindNotFound, []string{"there is no file", "nowhere.csv"}},
		{"home", nil, false, invalid, []string{"home is a folder", "name its files"}},
		{"riddle2.csv", riddle, true, unrecognised, []string{"riddle2.csv", "column 'month' is missing", "leave --profile out"}},
		{"short.csv", []byte("month,side,hs,country,amount\n2024-01,M,63079000,US,1\n"), true, unrecognised, []string{"short.csv", "column 'kilos' is missing"}},
		{"wide.csv", []byte("month,side,hs,country,amount,kilos,extra\n2024-01,M,63079000,US,1,2,3\n"), true, unrecognised, []string{"wide.csv", "column 'extra' is not known"}},
		{"cut.zip", zippedAs("a.csv", text(""))[:200], true, invalid, []string{"cut.zip is truncated", "fetch it again"}},
		{"cut.csv.gz", gzipped(text(""))[:100], true, invalid, []string{"cut.csv.gz is truncated", "fetch it again"}},
		{"doll.zip", zippedAs("inner.zip", zippedAs("a.csv", text(""))), true, hostile, []string{"doll.zip", "archive in an archive", "unpack it once"}},
		{"up.zip", zippedAs("../../up.csv", text("")), true, hostile, []string{"up.zip", "../../up.csv"}},
		{"nul.csv", text("2024-01,M,63079000,U\x00S,1,1\n"), true, invalid, []string{"NUL", "line 32, column 21", "ask the office"}},
		{"latin.csv", text("2024-01,M,63079000,\xe9S,1,1\n"), true, invalid, []string{"line 32", "not UTF-8", "format.encoding"}},
		{"header.csv", []byte(ledgerHead), true, invalid, []string{"header.csv holds no line of figures"}},
		{"letters.csv", []byte(ledgerHead + strings.ReplaceAll(good, ".125", ".5e1")), true, tooMany, []string{"30 of 30 lines", "no plain number", "line 2:", "--accept-aside"}},
		{"ragged.csv", []byte(ledgerHead + strings.ReplaceAll(good, ",CN,", ",CN,,")), true, tooMany, []string{"10 of 30 lines", "too few or too many columns", "line 2:", "--accept-aside"}},
		{"future.csv", []byte(ledgerHead + ledgerLines("2199-01", 3)), true, tooMany, []string{"3 of 3 lines", "lies in the future", "2199-01"}},
		{"no-code.csv", []byte(ledgerHead + "2024-01,M,,US,1,1\n"), true, tooMany, []string{"no commodity code"}},
		{"no-date.csv", []byte(ledgerHead + ",M,63079000,US,1,1\n"), true, tooMany, []string{"no period"}},
		{"no-partner.csv", []byte(ledgerHead + "2024-01,M,63079000,,1,1\n"), true, tooMany, []string{"no country"}},
	}
}

// TestFilesAtFault: each is told apart by its kind, in words that say what is
// wrong, where, and what to do; the exit code is that of the first; nothing is
// left of any.
func TestFilesAtFault(t *testing.T) {
	p := newPlace(t)
	all := faultyFiles()
	first := map[guichet.Kind]faulty{}
	for _, named := range []bool{false, true} {
		args := []string{"ingest"}
		if named {
			args = append(args, "--profile", p.profile)
		}
		var asked []faulty
		for _, f := range all {
			if f.content != nil {
				p.write(f.file, f.content)
			}
			if f.named == named {
				asked, args = append(asked, f), append(args, filepath.Join(p.dir, f.file))
			}
			first[f.kind] = f
		}
		stdout, _, code := p.run(args...)
		if want := main.ExitCode(asked[0].kind); code != want {
			t.Errorf("the exit code is %d, want %d of the first fault", code, want)
		}
		var told struct {
			Files []main.TakenJSON `json:"files"`
		}
		if err := json.Unmarshal([]byte(stdout), &told); err != nil || len(told.Files) != len(asked) {
			t.Fatalf("%d files are told of, want %d (%v): %s", len(told.Files), len(asked), err, stdout)
		}
		for i, f := range asked {
			if told.Files[i].Error == nil {
				t.Errorf("%s was taken in", f.file)
				continue
			}
			p.wantWords(f.file, *told.Files[i].Error, f.kind, f.words)
		}
	}
	for kind, f := range first {
		args := []string{"ingest", filepath.Join(p.dir, f.file)}
		if f.named {
			args = append(args, "--profile", p.profile)
		}
		p.wantFault(kind, f.words, args...)
	}
	p.wantFault(guichet.KindNotFound, []string{"no-such-profile", "guichet profile list"}, "ingest", "--profile", "no-such-profile", filepath.Join(p.dir, "riddle.csv"))
	p.holds(0)
}

// TestAFewLinesAtFault are put aside with their place and reason; the file is
// taken in, and nothing of it is lost.
func TestAFewLinesAtFault(t *testing.T) {
	p := newPlace(t)
	bad := "2024-01,M,63079000,US,1e3,1\n2024-01,M,,US,2,1\n,M,63079000,US,4,1\n2024-01,M,63079000,,8,1\n2199-01,M,63079000,US,16,1\n2024-01,M,63079000\n2024-01,Q,63079000,US,32,1\n"
	name := p.write("a.csv", []byte(ledgerHead+ledgerLines("2024-01", 200)+bad))
	p.must("ingest", "--profile", p.profile, name)
	p.holds(1)
	sub := p.submissions()[0]
	if sub.Lines != 207 || sub.Kept != 200 || sub.Aside != 7 {
		t.Errorf("%d lines, %d kept, %d put aside", sub.Lines, sub.Kept, sub.Aside)
	}
	if v := sub.Totals[0]; v.Aside.String() != "62" || v.File.Cmp(v.Kept.Add(v.Aside)) != 0 {
		t.Errorf("%s of the value put aside, want 62; %s in the file, %s kept", v.Aside, v.File, v.Kept)
	}
	var told struct {
		Rejects []main.RejectJSON `json:"rejects"`
	}
	if err := json.Unmarshal([]byte(p.must("submissions", "rejects", sub.ID)), &told); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"202": "not_a_number", "203": "no_code", "204": "no_period", "205": "no_partner", "206": "future_period", "207": "wrong_columns", "208": "unknown_value",
	}
	for _, r := range told.Rejects {
		if want[r.Line] != r.Reason {
			t.Errorf("line %s (%s) was put aside for %s, want %s", r.Line, r.Text, r.Reason, want[r.Line])
		}
		delete(want, r.Line)
	}
	if len(want) > 0 {
		t.Errorf("not put aside: %v", want)
	}
}

// bomb is a zip of some 40 kB that unpacks to some 10 GB: many entries of its
// directory share one member (D. Fifield, "A better zip bomb", 2019).
func bomb(t *testing.T, text []byte, members int) []byte {
	t.Helper()
	one := zippedAs("m000.csv", text)
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	at := int(binary.LittleEndian.Uint32(one[end+16:]))
	entry := one[at:end]
	out := bytes.Clone(one[:at])
	for i := range members {
		e := bytes.Clone(entry)
		copy(e[46:], fmt.Sprintf("m%03d", i))
		out = append(out, e...)
	}
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(members))
	binary.LittleEndian.PutUint16(tail[10:], uint16(members))
	binary.LittleEndian.PutUint32(tail[12:], uint32(members*len(entry)))
	return append(out, tail...)
}

// TestZipBomb: what counts is what comes out, whatever the directory says.
func TestZipBomb(t *testing.T) {
	p := newPlace(t)
	line := "2024-01,M,63079000,US,1,1\n"
	packed := bomb(t, []byte(ledgerHead+strings.Repeat(line, 20<<20/len(line))), 500)
	if len(packed) > 100<<10 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	members := strings.Replace(ledger, "format: {kind: csv}", `format: {kind: csv, container: [zip], members: 'm\d+\.csv'}`, 1)
	profile := p.write("members.yaml", []byte(members))
	p.wantFault(guichet.KindHostile, []string{"bomb.zip unpacks to more than", "unpack it yourself"}, "ingest", "--profile", profile, p.write("bomb.zip", packed))
	p.holds(0)
}

// hmrc makes a file of HMRC's bulk format whose tail states a value.
func hmrc(stated int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "000000000|HMCUSTOMS MONTHLY DATA|2009|%9s|%-19s\r\n", "FEBRUARY", "EU ARRIVALS")
	for _, v := range []int{20221, 356689} {
		fmt.Fprintf(&b, "010110100|0|001|FR|0|000|  |001|030|0200902|000|00150|000000000|%+012d|%+016d|%+014d|%+014d\r\n", 1, v, 98, 0)
	}
	fmt.Fprintf(&b, "999999999|%013d|%013d|%013d|%013d|%+018d|%+018d\r\n", 2, 0, 0, 0, stated, 0)
	return []byte(b.String())
}

// TestTotalsThatDoNotReconcile are refused; accepted, they mark every answer.
func TestTotalsThatDoNotReconcile(t *testing.T) {
	p := newPlace(t)
	p.must("ingest", p.write("right.zip", zippedAs("SMKM460902", hmrc(376910))))
	p.holds(1)
	p = newPlace(t)
	wrong := p.write("wrong.zip", zippedAs("SMKM460902", hmrc(376911)))
	p.wantFault(guichet.KindTotals, []string{"wrong.zip", "value of the month, GBP: the file says 376911, its lines hold 376910", "ask the office", "--accept-totals"}, "ingest", wrong)
	p.holds(0)
	p.must("ingest", "--accept-totals", "the office confirmed it by telephone", "--officer", "the steward", wrong)
	p.holds(1)
	if got := p.submissions()[0]; got.Override != "the office confirmed it by telephone" || got.OverrideBy != "the steward" {
		t.Errorf("what is kept is %q by %q", got.Override, got.OverrideBy)
	}
	answer := p.must("ask", "--reporter", "GB", "--flow", "imports", "--period", "2009-02")
	if !strings.Contains(answer, `"totals_accepted"`) {
		t.Errorf("an answer from it does not say so: %s", answer)
	}
}

// TestHomeOfAnotherVersion is refused by every command, and left as it is.
func TestHomeOfAnotherVersion(t *testing.T) {
	p := newPlace(t)
	name := p.write("a.csv", []byte(ledgerHead+ledgerLines("2024-01", 30)))
	paper := filepath.Join(p.home, "guichet.json")
	whole, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	for version, hint := range map[string]string{"-1": "make a new home", "99": "use a newer guichet"} {
		if err := os.WriteFile(paper, bytes.Replace(whole, []byte(`"version": 1`), []byte(`"version": `+version), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"ingest", "--profile", p.profile, name}, {"ask", "--flow", "imports", "--period", "2024"}, {"check"}, {"submissions"}} {
			p.wantFault(guichet.KindVersion, []string{"of version " + version, hint}, args...)
		}
	}
	if err := os.WriteFile(paper, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.wantFault(guichet.KindInvalid, []string{"guichet.json is damaged", "backup"}, "check")
	if err := os.WriteFile(paper, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	p.holds(0)
}
