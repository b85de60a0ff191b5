package ingest

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/wording"
)

// Options say how a file is taken in.
type Options struct {
	// Profiles are the candidates; one when --profile was given. They must have
	// passed Check.
	Profiles []*Profile
	// Name is what messages call the file; its path when left out.
	Name string
	// Dir is an empty folder of our own, on the disk on which the file is staged.
	Dir      string
	Limits   Limits
	Now      time.Time
	Progress guichet.Progress // may be nil
	// Reporter is who the file is said to come from, "" unknown. It must agree
	// with the profile, and stands where the profile names nobody.
	Reporter string
	// Given is what the file does not say ("period": "2024"), for profiles that
	// ask for it.
	Given map[string]string
	// Columnar reads Parquet files; nil: none is recognised.
	Columnar Columnar
}

// Limits bound what a file may cost. The zero value means the defaults.
type Limits struct {
	Unpacked int64 // bytes that come out in all; 64 GiB
	Ratio    int64 // unpacked to packed, beyond 64 MiB; 200
	Members  int   // of an archive; 10,000
	Line     int   // bytes of the longest line, or of the longest row of JSON; 1 MiB
}

func (l Limits) orDefault() Limits {
	if l.Unpacked <= 0 {
		l.Unpacked = 64 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	if l.Members <= 0 {
		l.Members = 10_000
	}
	if l.Line <= 0 {
		l.Line = 1 << 20
	}
	return l
}

// Prepared is a file ready to be staged.
type Prepared struct {
	Profile *Profile
	// Layout tells the store how to read the text. Where the file could stay,
	// Files names the original itself; else a text of ours in Options.Dir, whose
	// first column is Layout.Line.
	Layout guichet.Layout
	// Digest is the sha256 in hex of the unpacked content: of a plain or gzip
	// file of its unpacked bytes; of an archive of a text with one line per
	// member, sorted by name, as sha256sum writes it.
	Digest     string
	Fields     map[string]string // fields of place "submission"
	Covers     map[string]string // dimension -> all, listed, none
	Action     string            // replace, add, cumulative
	Scope      []string          // fields whose values make a unit; may hold "file_period"
	FilePeriod string            // the one period that the file names; "" none
	Controls   []guichet.Control
	Lines      int64 // lines of data, those that cannot be cut among them; 0 unknown

	MayRedistribute bool
	Generated       bool
	Reporter        string   // ISO 3166-1 alpha-2; "" when a key fills it
	Remarks         []string // remark codes that every answer from the file carries

	subtotals string // "true" where the file holds codes that stand for others
}

// Prepare recognises a file, unpacks and checks it, and says how it is staged.
//
// Errors are *guichet.Error: KindNotFound, KindUnrecognised (behind it an
// *UnrecognisedError), KindInvalid for a file at fault, KindHostile for one that
// breaks a limit, KindFull. What it wrote to Options.Dir is the caller's to
// remove, whatever it returns. Control totals that differ are no error here.
func Prepare(ctx context.Context, file string, o Options) (*Prepared, error) {
	f, err := openOriginal(file, o)
	if err != nil {
		return nil, err
	}
	s, err := f.sample(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.sampleNamed(ctx, &s, o.Profiles); err != nil {
		return nil, err
	}
	if err := f.readTable(ctx, &s, o); err != nil {
		return nil, err
	}
	p, err := f.recognise(s, o.Profiles)
	if err != nil {
		return nil, err
	}
	if o.Given, err = p.asked(f.name, o.Given); err != nil {
		return nil, err
	}
	out := &Prepared{
		Profile: p, Fields: p.submissionFields(), Covers: p.Cube.Covers,
		Action: p.Update.Action, Scope: p.Update.Scope,
		MayRedistribute: *p.Redistribute, Generated: p.Generated, Remarks: p.Remarks,
	}
	if out.Reporter, err = p.reporter(f.name, o.Reporter); err != nil {
		return nil, err
	}
	if err := f.prepare(ctx, s, o, out); err != nil {
		if faulty, ok := errors.AsType[encodingError](err); ok {
			err = faulty.fault
		}
		return nil, f.named(err)
	}
	if err := f.unchanged(); err != nil {
		return nil, err
	}
	out.Layout = p.layout(out, o.Now)
	return out, nil
}

// reporter is whose figures the file holds.
func (p *Profile) reporter(file, said string) (string, error) {
	if p.Reporter != "" && said != "" && said != p.Reporter {
		return "", guichet.Errorf(guichet.KindInvalid, "%s is said to come from %s, and the profile %s is for files of %s", file, said, p.Name, p.Reporter)
	}
	if p.Reporter != "" {
		return p.Reporter, nil
	}
	for _, k := range p.Keys {
		if slices.Contains(k.Fields, guichet.FieldReporter) {
			return "", nil
		}
	}
	return said, nil
}

// givenPeriod reads a period as people give it: one period, or a span of months.
func givenPeriod(text string) (guichet.Period, error) {
	if p, err := guichet.ParsePeriod(text); err == nil {
		return p, nil
	}
	s, err := guichet.ParseSpan(text)
	if err != nil {
		return guichet.Period{}, err
	}
	return s.AsPeriod()
}

// asked looks at what must be given with the file. A period must be one that a
// record can hold: a year, a quarter, a month, a day, or a span of months.
func (p *Profile) asked(file string, given map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, g := range p.Given {
		v := given[g.Name]
		if v == "" {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s does not say its %s: %s", file, g.Name, g.Why).
				WithHint("say it with --given %s=%s", g.Name, map[bool]string{true: "2024-01:2026-04 (its first and last month)", false: "..."}[g.Name == "period"])
		}
		if g.Name == "period" {
			x, err := givenPeriod(v)
			if err != nil {
				return nil, guichet.Errorf(guichet.KindInvalid, "%q is no period that a record can hold: %s", v, g.Why).
					WithHint("a record holds one year (2024), quarter (2024-Q2), month (2024-05), day, or a span of months (2024-01:2026-04)")
			}
			v = x.String()
		}
		out[g.Name] = v
	}
	for name := range given {
		if _, ok := out[name]; !ok {
			return nil, guichet.Errorf(guichet.KindInvalid, "the profile %s does not ask for %q", p.Name, name).
				WithHint("%s", p.asksFor())
		}
	}
	return out, nil
}

// asksFor says what may be given with a file of the profile.
func (p *Profile) asksFor() wording.Sentence {
	if len(p.Given) == 0 {
		return wording.Say("its files say everything themselves: leave --given out")
	}
	names := make([]string, len(p.Given))
	for i, g := range p.Given {
		names[i] = g.Name
	}
	return wording.Say("it asks for %s", strings.Join(names, ", "))
}

// prepare reads the file: where it lies if that will do, else into a text of
// our own, in the first encoding in which it is valid.
func (f *original) prepare(ctx context.Context, s sample, o Options, out *Prepared) error {
	p := out.Profile
	if p.Format.Kind == kindParquet {
		return f.parquet(ctx, s.members[0].says, o, out)
	}
	if header, ok := p.mayStay(s); ok {
		stays, err := f.stay(ctx, o, header, out)
		if stays || err != nil && !p.mayTryAnother(err, 0) {
			return err
		}
	}
	for i, encoding := range p.Format.encodings() {
		n := newNormaliser(p, encoding, o, f.container)
		n.write = true
		err := n.run(ctx, f)
		if p.mayTryAnother(err, i) {
			continue
		}
		if err != nil {
			return err
		}
		return n.finish(out, n.digest.sum())
	}
	return nil
}

// finish tells where the normalised text lies and what was found in it.
func (n *normaliser) finish(out *Prepared, digest string) (err error) {
	out.Layout = guichet.Layout{
		Files: []string{filepath.Join(n.dir, normalFile)}, Delimiter: ",", Quote: `"`, Header: true,
		Columns: append([]string{lineColumn}, n.cols...), Line: lineColumn,
	}
	out.Digest, out.Lines, out.FilePeriod = digest, n.lines, n.periodOf()
	out.subtotals = strconv.FormatBool(n.nested())
	n.extract(out)
	out.Controls, err = n.ledger.results(n.tail)
	return err
}

// mayTryAnother says whether a fault may go away in the profile's next encoding.
func (p *Profile) mayTryAnother(err error, i int) bool {
	_, ok := errors.AsType[encodingError](err)
	return ok && i+1 < len(p.Format.encodings())
}

// stay reads a file that may stay where it is; false when a closer look finds
// that an engine would cut its lines elsewhere.
func (f *original) stay(ctx context.Context, o Options, header []string, out *Prepared) (bool, error) {
	p, limits := out.Profile, o.Limits.orDefault()
	digest, t, err := f.scan(ctx, limits)
	if err != nil || !t.plain() {
		return false, err
	}
	out.Digest, out.Lines = digest, p.plainLines(t)
	if len(p.Controls) > 0 || p.FilePeriod != nil {
		n := newNormaliser(p, utf8Name, o, f.container)
		if err := n.run(ctx, f); err != nil {
			return false, err
		}
		out.Lines, out.FilePeriod = n.lines, n.periodOf()
		if out.Controls, err = n.ledger.results(n.tail); err != nil {
			return false, err
		}
	}
	quote := ""
	if q := p.Format.quote(); q != 0 {
		quote = string(q)
	}
	out.Layout = guichet.Layout{
		Files: []string{f.path}, Delimiter: string(p.Format.delimiter()), Quote: quote,
		Header: p.Format.header(), Columns: header,
	}
	return true, nil
}
