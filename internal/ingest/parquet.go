package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"guichet"
	"guichet/wording"
)

// parquetName is what sniffing calls files of the kind parquet: they name and
// type their columns themselves, and are plain files, since they pack their own
// pages.
const parquetName = "a Parquet file"

// Columnar reads files that name and type their columns themselves. Room ingest
// knows no such format: whoever builds the rooms hands a reader in. Its errors
// are *guichet.Error without the file's name.
type Columnar interface {
	// Columns returns the columns and how many rows are stated.
	Columns(ctx context.Context, file string) (cols []guichet.FileColumn, rows int64, err error)
	// Rows calls each with every row in the order of the file, counted from 1,
	// and the texts of the columns of these indexes, "" for an absent value. A
	// binary fraction that is no whole number comes as the text that stands for
	// it. The values are valid until each returns; its error ends the reading.
	Rows(ctx context.Context, file string, columns []int, each func(row int64, values [][]byte) error) error
}

// tabled is what a file says of its own columns.
type tabled struct {
	columns []guichet.FileColumn
	rows    int64
	first   [][]byte // the first row by column; nil where there is none or it is not read
}

func (t *tabled) names() []string {
	out := make([]string, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.Name
	}
	return out
}

// readTable adds to the sample what a Parquet file says of its columns, and its
// first row; of any other file nothing. One that is packed again is refused,
// since its footer stands at its end: it would have to be unpacked whole to be
// recognised.
func (f *original) readTable(ctx context.Context, s *sample, o Options) error {
	if len(s.members) == 0 || signed(s.members[0].head, others()) != parquetName {
		return nil
	}
	if s.container == containerGzip {
		return guichet.Errorf(guichet.KindInvalid, "%s is a Parquet file in a gzip, which is not read", f.name).WithHint("unpack it: a Parquet file is packed within")
	}
	if s.container != containerNone || o.Columnar == nil || !slices.ContainsFunc(o.Profiles, func(p *Profile) bool { return p.reads(kindParquet) }) {
		return nil // no profile reads it; recognising says so
	}
	cols, rows, err := o.Columnar.Columns(ctx, f.path)
	if err != nil {
		return f.named(err)
	}
	t := &tabled{columns: cols, rows: rows, first: make([][]byte, len(cols))}
	var read []int
	for i, c := range cols {
		if c.Type != guichet.ColumnOther {
			read = append(read, i)
		}
	}
	err = o.Columnar.Rows(ctx, f.path, read, func(_ int64, values [][]byte) error {
		for i, v := range values {
			t.first[read[i]] = bytes.Clone(v)
		}
		return errStop
	})
	if err != nil && !errors.Is(err, errStop) {
		return f.named(err)
	}
	if err == nil {
		t.first = nil
	}
	s.members[0].says = t
	return nil
}

// named puts the file's name before a fault that does not tell it: of several
// files that are taken in together, people must know which.
func (f *original) named(err error) error {
	known, ok := errors.AsType[*guichet.Error](err)
	if !ok || known.Kind == guichet.KindFull || strings.Contains(known.Message, f.name) {
		return err
	}
	return placed(known, "%s", f.name)
}

// fitsParquet compares a file's own columns with the profile.
func (p *Profile) fitsParquet(t *tabled) (int, wording.Sentence) {
	if t == nil {
		return 0, wording.Say("it is no Parquet file")
	}
	m := p.match(t.names())
	if why := m.why(); why.Of != "" {
		known := len(t.columns) - len(m.unknown) - len(m.twice)
		return 90 * known / (len(p.Columns) + len(m.unknown)), why
	}
	for i, j := range m.order {
		if why := p.Columns[j].cannotHold(t.columns[i]); why.Of != "" {
			return 93, why
		}
		if t.first != nil {
			if why := p.Columns[j].refuses(string(t.first[i])); why.Of != "" {
				return 95, why
			}
		}
	}
	return 100, wording.Sentence{}
}

// cannotHold says why a column of the file cannot stand for one of the profile,
// "" when it can: a code that was written as a number has lost its leading
// zeros.
func (c Column) cannotHold(f guichet.FileColumn) wording.Sentence {
	if c.Ignored {
		return wording.Sentence{}
	}
	switch f.Type {
	case guichet.ColumnText:
		return wording.Sentence{}
	case guichet.ColumnWhole, guichet.ColumnDecimal, guichet.ColumnFloat:
		if c.Number {
			return wording.Sentence{}
		}
		return wording.Say("column '%s' holds numbers (%s), and the profile reads texts there: a code that was written as a number has lost its leading zeros (a column of figures is said to be number: true)", shorten(f.Name), shorten(f.Said))
	case guichet.ColumnDate:
		if !c.Number {
			return wording.Sentence{}
		}
		return wording.Say("column '%s' holds days (%s), and the profile reads figures", shorten(f.Name), shorten(f.Said))
	case guichet.ColumnOther:
	}
	return wording.Say("column '%s' is of the type %s, which is not read", shorten(f.Name), shorten(f.Said))
}

// parquet reads a Parquet file into a normalised text.
func (f *original) parquet(ctx context.Context, t *tabled, o Options, out *Prepared) error {
	p, limits := out.Profile, o.Limits.orDefault()
	b := f.budget(ctx)
	if most := max(b.ratioAt, 0); t.rows > min(most, limits.Unpacked)/int64(max(len(t.columns), 1)) {
		return guichet.Errorf(guichet.KindHostile, "%s states %d rows of %d columns in %d bytes: no file of an office does", f.name, t.rows, len(t.columns), f.size).
			WithHint("write it out as CSV yourself if you trust it")
	}
	digest, err := f.digestWhole(ctx)
	if err != nil {
		return err
	}
	n := newNormaliser(p, utf8Name, o, f.container)
	n.write = true
	err = n.writing(func() error { return n.parquet(ctx, f, t, b, o.Columnar) })
	if err != nil {
		return err
	}
	return n.finish(out, digest)
}

// digestWhole is the sha256 of the file as it lies.
func (f *original) digestWhole(ctx context.Context) (string, error) {
	h, err := f.open()
	if err != nil {
		return "", err
	}
	defer func() { _ = h.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, limited{h, &budget{stopped: ctx.Err, name: f.name, limits: f.limits, ratioAt: f.limits.Unpacked}}); err != nil {
		return "", f.readError("", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// parquet normalises the rows of a Parquet file.
func (n *normaliser) parquet(ctx context.Context, f *original, t *tabled, b *budget, from Columnar) error {
	n.read = 1
	n.setGiven()
	if err := n.begin(nil); err != nil {
		return err
	}
	var read, to []int // columns of the file, and where they go
	for i, j := range n.p.match(t.names()).order {
		if j >= 0 && !n.p.Columns[j].Ignored {
			read, to = append(read, i), append(to, j)
		}
	}
	each := func(row int64, values [][]byte) error {
		size := 0
		for i, v := range values {
			size += len(v) + 1
			if why := n.p.Columns[to[i]].cannotStand(v, t.columns[read[i]].Type); why.Of != "" {
				return guichet.Errorf(guichet.KindInvalid, "%s, row %d, column '%s': %s", f.name, row, shorten(t.columns[read[i]].Name), why).
					WithHint("write figures as decimals or as text, and texts in UTF-8; a profile may say how many decimals binary fractions stand for (binary)")
			}
			n.row[to[i]] = n.p.Columns[to[i]].value(v)
		}
		if size > n.limits.Line {
			return guichet.Errorf(guichet.KindHostile, "%s: row %d is longer than %d bytes", f.name, row, n.limits.Line)
		}
		if err := b.take(size); err != nil {
			return err
		}
		if row%progressRows == 0 {
			f.progress("reading", row, t.rows)
		}
		return n.line(row)
	}
	return from.Rows(ctx, f.path, read, each)
}

// progressRows is how often the reading of rows is told.
const progressRows = 1 << 16

// cannotStand says why a value is no text that can be taken in. A binary
// fraction stands for the decimals that the profile says, or for none.
func (c *Column) cannotStand(v []byte, t guichet.ColumnType) wording.Sentence {
	switch {
	case t == guichet.ColumnFloat && !wholeNumber(v) && (c.Binary == 0 || !plainNumber(v)):
		return wording.Say("%s is a binary fraction, which is no exact figure", shorten(string(v)))
	case t != guichet.ColumnText:
		return wording.Sentence{}
	case bytes.IndexByte(v, 0) >= 0:
		return wording.Say("a NUL byte")
	case !utf8.Valid(v):
		return wording.Say("no valid UTF-8")
	}
	return wording.Sentence{}
}

func wholeNumber(v []byte) bool { return len(v) == 0 || allDigits(bytes.TrimPrefix(v, []byte("-"))) }
