package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"guichet"
	"guichet/wording"
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
	raw     *bufio.Reader
	chars   *textReader
	rows    *arrayReader

	companions companions
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
	if err := n.readCompanions(ctx, f); err != nil {
		return err
	}
	return n.writing(func() error {
		err := f.walk(ctx, func(member string, r io.Reader) error { return n.member(f, member, r) })
		if err == nil && n.read == 0 {
			err = guichet.Errorf(guichet.KindInvalid, "%s holds no member that the profile %s reads", f.name, n.p.Name)
		}
		return err
	})
}

// writing opens the normalised text, if one is to be written, lets read fill
// it, and closes it.
func (n *normaliser) writing(read func() error) (err error) {
	if n.write {
		h, openErr := os.OpenFile(filepath.Join(n.dir, normalFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if openErr != nil {
			return diskError(openErr)
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
	return read()
}

// firstKnown returns the first of joined errors that people may read.
func firstKnown(err error) error {
	if faulty, ok := errors.AsType[encodingError](err); ok {
		return faulty
	}
	if known, ok := errors.AsType[*guichet.Error](err); ok {
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
	if n.raw == nil {
		n.raw = bufio.NewReaderSize(nil, 64<<10)
	}
	raw := n.raw
	raw.Reset(io.TeeReader(r, h))
	packed := ""
	if f.container != containerNone {
		head, err := raw.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		packed = signed(head, archives())
	}
	captures, reads, err := n.reads(f, name)
	if packed != "" && (reads || err != nil) { // one that is ignored is not looked into
		return packedTwice(f.name, packed)
	}
	if err == nil {
		err = n.alone(f, name)
	}
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
	known, ok := errors.AsType[*guichet.Error](err)
	if member == "" || !ok || known.Kind == guichet.KindFull {
		return err
	}
	e := placed(known, "member %s", shorten(member))
	if _, ok := errors.AsType[encodingError](err); ok {
		return encodingError{e}
	}
	return e
}

// placed puts before what an error says where it stands.
func placed(e *guichet.Error, format string, args ...any) *guichet.Error {
	c, at := *e, wording.Say(format, args...)
	c.Message, c.Said = at.String()+": "+e.Message, wording.Say("%s: %s", at, e.Wording())
	return &c
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
	if n.p.Format.Kind == kindArrays || n.p.Format.Kind == kindObjects {
		limit = 0 // a line may be the whole member; the rows are bounded
	}
	if n.chars == nil {
		n.chars = newTextReader(r, n.encoding, limit)
	}
	t := n.chars
	t.reset(r, limit)
	at := len(n.p.Columns)
	for _, c := range n.p.captures() {
		n.row[at] = []byte(captures[c])
		at++
	}
	n.setGiven()
	switch n.p.Format.Kind {
	case kindArrays:
		return n.arrays(t, captures)
	case kindObjects:
		return n.objects(t, captures)
	case kindRecords:
		return n.records(t, captures)
	}
	return n.csv(t, captures)
}

// setGiven fills the columns of what was given with the file.
func (n *normaliser) setGiven() {
	at := len(n.p.Columns) + len(n.p.captures())
	for i, g := range n.p.Given {
		n.row[at+i] = []byte(n.given[g.Name])
	}
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
		n.useCompanions()
	}
	return nil
}

// periodValues are the names in braces that a condition or a parameter may use.
func periodValues(period string) map[string]string {
	month := period
	if p, err := guichet.ParsePeriod(period); err == nil {
		month = p.Start.Format("200601")
	}
	slashed := month // HMRC's month of account, 11/2019
	if len(month) == len("200601") {
		slashed = month[4:] + "/" + month[:4]
	}
	return map[string]string{"file_period": period, "file_period:200601": month, "file_period:01/2006": slashed}
}
