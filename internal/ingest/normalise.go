package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"guichet"
)

// normalFile is the name of the normalised text in the staging folder.
const normalFile = "lines.csv"

// normaliser turns the members of a file into lines of the same columns: those
// of the profile, the parts of the member's name, what was given, what is
// derived. It writes them to a file, or only adds up controls.
type normaliser struct {
	p        *Profile
	encoding string
	limits   Limits
	given    map[string]string
	write    bool
	dir      string

	cols    []string
	members *regexp.Regexp
	out     *bufio.Writer
	digest  *digester

	row     [][]byte
	derive  []deriver
	ledger  *ledger
	lines   int64
	read    int    // members read
	prefix  string // of a line's place: the member's name
	quoted  bool   // the prefix must be quoted
	spot    []byte
	tail    map[string]string
	period  string // the file's
	several bool   // its members name different periods
	codeAt  int    // column of the codes that may be nested; -1 none
	codes   map[string]bool
	scratch []byte
}

func newNormaliser(p *Profile, encoding string, o Options, container string) *normaliser {
	n := &normaliser{
		p: p, encoding: encoding, limits: o.Limits.orDefault(), given: o.Given, dir: o.Dir,
		cols: p.lineColumns(), digest: newDigester(container), codeAt: -1, codes: map[string]bool{},
	}
	if k, ok := p.autoSubtotals(); ok {
		n.codeAt = slices.Index(n.cols, k.Columns[0])
	}
	if p.Format.Members != "" {
		n.members = regexp.MustCompile(`^(?:` + p.Format.Members + `)$`)
	}
	n.row = make([][]byte, len(n.cols))
	return n
}

// run reads the whole file.
func (n *normaliser) run(ctx context.Context, f *original) (err error) {
	if n.write {
		h, err := os.OpenFile(filepath.Join(n.dir, normalFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return diskError(err)
		}
		n.out = bufio.NewWriterSize(h, 1<<20)
		defer func() {
			err = errors.Join(err, diskError(n.out.Flush()), diskError(h.Close()))
			if err != nil {
				err = firstKnown(err)
			}
		}()
		n.writeHeader()
	}
	err = f.walk(ctx, func(member string, r io.Reader) error { return n.member(f, member, r) })
	if err != nil {
		return err
	}
	if n.read == 0 {
		return guichet.Errorf(guichet.KindInvalid, "%s holds no member that the profile %s reads", f.name, n.p.Name)
	}
	return nil
}

// firstKnown returns the first of joined errors that people may read.
func firstKnown(err error) error {
	var faulty faultyText
	if errors.As(err, &faulty) {
		return faulty
	}
	var known *guichet.Error
	if errors.As(err, &known) {
		return known
	}
	return err
}

// diskError says that the disk is full in words.
func diskError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &guichet.Error{
			Kind: guichet.KindFull, Message: "the disk is full while the file is unpacked; nothing was kept",
			Hint: "free some space beside the home and take the file in again", Err: err,
		}
	}
	return fmt.Errorf("write the unpacked file: %w", err)
}

// member reads one member.
func (n *normaliser) member(f *original, name string, r io.Reader) error {
	h, done := n.digest.member(name)
	raw := bufio.NewReaderSize(io.TeeReader(r, h), 64<<10)
	if f.container != containerNone {
		head, err := raw.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if c := signed(head, archives()); c != "" {
			return packedTwice(f.name, c)
		}
	}
	captures, reads, err := n.reads(f, name)
	if err != nil {
		return err
	}
	if reads {
		if err := n.text(raw, captures); err != nil {
			return n.within(name, err)
		}
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return err
	}
	done()
	return nil
}

// within names the member in which a fault stands.
func (n *normaliser) within(member string, err error) error {
	var known *guichet.Error
	if member == "" || !errors.As(err, &known) || known.Kind == guichet.KindFull {
		return err
	}
	e := *known
	e.Message = "member " + shorten(member) + ": " + e.Message
	var faulty faultyText
	if errors.As(err, &faulty) {
		return faultyText{&e}
	}
	return &e
}

// reads says whether the profile reads a member, and what its name says.
func (n *normaliser) reads(f *original, name string) (captures map[string]string, reads bool, err error) {
	if n.members == nil {
		if name != "" && n.p.ignores(name) {
			return nil, false, nil
		}
		if n.read++; n.read > 1 {
			return nil, false, guichet.Errorf(guichet.KindInvalid, "%s holds several files, and the profile %s reads one: %s is one too many", f.name, n.p.Name, shorten(name)).
				WithHint("the profile may name the members that it reads (format.members) and ignores (format.ignore)")
		}
		return nil, true, nil
	}
	m := n.members.FindStringSubmatch(name)
	if m == nil {
		if n.p.ignores(name) {
			return nil, false, nil
		}
		return nil, false, guichet.Errorf(guichet.KindInvalid, "%s holds a member that the profile %s neither reads nor ignores: %s", f.name, n.p.Name, shorten(name))
	}
	n.read++
	n.prefix = name + ":"
	n.quoted = strings.ContainsAny(name, ",\"")
	captures = map[string]string{}
	for i, c := range n.members.SubexpNames() {
		if c != "" {
			captures[c] = m[i]
		}
	}
	return captures, true, nil
}

// text reads the lines of one member.
func (n *normaliser) text(r io.Reader, captures map[string]string) error {
	limit := n.limits.Line
	if n.p.Format.Kind == kindArrays {
		limit = 0 // a line may be the whole member; the rows are bounded
	}
	t := newTextReader(r, n.encoding, limit)
	at := len(n.p.Columns)
	for _, c := range n.p.captures() {
		n.row[at] = []byte(captures[c])
		at++
	}
	for _, g := range n.p.Given {
		n.row[at] = []byte(n.given[g.Name])
		at++
	}
	switch n.p.Format.Kind {
	case kindArrays:
		return n.arrays(t, captures)
	case kindRecords:
		return n.records(t, captures)
	}
	return n.csv(t, captures)
}

// begin is called once what names the member's period is known, and makes the
// conditions ready that may speak of it.
func (n *normaliser) begin(said map[string]string) error {
	if fp := n.p.FilePeriod; fp != nil {
		p, err := parsePeriod(fill(fp.Text, said), fp.Format)
		if err != nil {
			return guichet.Errorf(guichet.KindInvalid, "the file names %q as its period, which is none", shorten(fill(fp.Text, said)))
		}
		if n.period != "" && n.period != p.String() {
			n.several = true
		}
		n.period = p.String()
	}
	if n.derive == nil {
		values := periodValues(n.period)
		n.derive = n.p.derivers(n.cols, values)
		n.ledger = n.p.ledger(n.cols, values)
	}
	return nil
}

// periodValues are the names in braces that a condition or a parameter may use.
func periodValues(period string) map[string]string {
	month := period
	if p, err := guichet.ParsePeriod(period); err == nil {
		month = p.Start.Format("200601")
	}
	return map[string]string{"file_period": period, "file_period:200601": month}
}

func (n *normaliser) csv(t *textReader, captures map[string]string) error {
	if err := n.begin(captures); err != nil {
		return err
	}
	f := n.p.Format
	c := newCSVReader(t, f.delimiter(), f.quote(), max(n.limits.Line, headBytes))
	order := make([]int, len(n.p.Columns))
	for i := range order {
		order[i] = i
	}
	if f.header() {
		line, err := c.next()
		if err != nil && err != io.EOF {
			return err
		}
		header := make([]string, 0, len(line))
		for _, x := range line {
			header = append(header, string(x))
		}
		if f.Trailing && len(header) > 1 && header[len(header)-1] == "" {
			header = header[:len(header)-1]
		}
		m := n.p.match(header)
		if why := m.why(); why != "" {
			return guichet.Errorf(guichet.KindInvalid, "%s", why)
		}
		order = m.order
	}
	for {
		line, err := c.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if f.Trailing && len(line) == len(order)+1 && len(line[len(line)-1]) == 0 {
			line = line[:len(line)-1]
		}
		if c.ragged || len(line) != len(order) {
			if err := n.ragged(c.line, bytes.TrimRight(c.raw, "\r\n")); err != nil {
				return err
			}
			continue
		}
		for i, j := range order {
			v := line[i]
			if n.p.Columns[j].Trim {
				v = bytes.TrimSpace(v)
			}
			n.row[j] = v
		}
		if err := n.line(c.line); err != nil {
			return err
		}
	}
}

func (n *normaliser) arrays(t *textReader, captures map[string]string) error {
	if err := n.begin(captures); err != nil {
		return err
	}
	a := newArrayReader(t, n.limits.Line)
	for {
		row, err := a.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(row) != len(n.p.Columns) || n.p.mistyped(a.kinds) >= 0 {
			if err := n.ragged(a.row, bytes.Join(row, []byte(","))); err != nil {
				return err
			}
			continue
		}
		copy(n.row, row)
		if err := n.line(a.row); err != nil {
			return err
		}
	}
}

func (n *normaliser) records(t *textReader, captures map[string]string) error {
	c := newRecordReader(t, n.p, max(n.limits.Line, headBytes))
	if err := c.begin(); err != nil {
		return err
	}
	said := map[string]string{}
	for _, m := range []map[string]string{captures, c.head} {
		for k, v := range m {
			said[k] = v
		}
	}
	if err := n.begin(said); err != nil {
		return err
	}
	for {
		row, err := c.next()
		if err == io.EOF {
			n.tail = c.tail
			return nil
		}
		if err != nil {
			return err
		}
		if c.ragged {
			if err := n.ragged(c.line, row[0]); err != nil {
				return err
			}
			continue
		}
		copy(n.row, row)
		if err := n.line(c.line); err != nil {
			return err
		}
	}
}

// line derives, adds up and writes one line.
func (n *normaliser) line(at int64) error {
	n.lines++
	first := len(n.cols) - len(n.derive)
	for i := range n.derive {
		n.row[first+i] = n.derive[i].value(n.row)
	}
	n.ledger.add(n.row)
	if n.codeAt >= 0 && len(n.codes) < maxCodes && !n.codes[string(n.row[n.codeAt])] {
		n.codes[string(n.row[n.codeAt])] = true
	}
	if n.out == nil {
		return nil
	}
	b := n.place(n.scratch[:0], at)
	for _, v := range n.row {
		b = append(b, ',')
		b = appendField(b, v)
	}
	n.scratch = append(b, '\n')
	if _, err := n.out.Write(n.scratch); err != nil {
		return diskError(err)
	}
	return nil
}

// ragged hands on a line that could not be cut into its columns as its place
// and its text: two fields, where a line has at least three (or one more, so
// that it never has the right number).
func (n *normaliser) ragged(at int64, text []byte) error {
	n.lines++
	if n.out == nil {
		return nil
	}
	b := append(n.place(n.scratch[:0], at), ',')
	b = appendField(b, text)
	if len(n.cols) == 1 {
		b = append(b, ',')
	}
	n.scratch = append(b, '\n')
	if _, err := n.out.Write(n.scratch); err != nil {
		return diskError(err)
	}
	return nil
}

// place writes where a line stands.
func (n *normaliser) place(b []byte, at int64) []byte {
	if n.quoted {
		n.spot = strconv.AppendInt(append(n.spot[:0], n.prefix...), at, 10)
		return appendField(b, n.spot)
	}
	return strconv.AppendInt(append(b, n.prefix...), at, 10)
}

func (n *normaliser) writeHeader() {
	b := []byte(lineColumn)
	for _, c := range n.cols {
		b = append(b, ',')
		b = appendField(b, []byte(c))
	}
	_, _ = n.out.Write(append(b, '\n')) // a bufio.Writer keeps its error for Flush
}

// appendField writes one field of delimited text (RFC 4180), quoted where it
// must be.
func appendField(b, v []byte) []byte {
	for _, c := range v {
		if c == ',' || c == '"' || c == '\n' || c == '\r' {
			b = append(b, '"')
			for _, c := range v {
				if c == '"' {
					b = append(b, '"')
				}
				b = append(b, c)
			}
			return append(b, '"')
		}
	}
	return append(b, v...)
}
