package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/federation"
)

// This file is the side of a copy's source: what is listed to whom, and the files
// of it. They are written once, at the first list that names them, since a list
// must name their digests; those that no late list names are removed.

const dirCopies = "copies"

// listsKept is how many lists of a dataset to one member are remembered, and longestExtract
// bounds one file of them.
const (
	listsKept      = 400
	listsServed    = 2 // of a dataset, of which files are given: the last, and the one before
	longestExtract = 15 * time.Minute
)

// copyOut is what one member was listed.
type copyOut struct {
	Lists []copyListed `json:"lists"` // the latest last, of every dataset
	Kept  []copyKept   `json:"kept"`  // what it says it keeps
}

// copyKept is a submission that a member says it keeps.
type copyKept struct {
	guichet.CopyMark
	Dataset string `json:"dataset,omitempty"` // "" trade, in papers of before there were several
}

// copyListed is one list.
type copyListed struct {
	Exchange string          `json:"exchange"`
	Request  guichet.Request `json:"request"` // without its salt: what permitted it
	Time     time.Time       `json:"time"`
	Files    []string        `json:"files,omitempty"` // of the lists that are served
}

// copyFile is the extract of one submission for one member.
type copyFile struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
}

// outbox is what members are given beside answers: copies and notices.
type outbox struct {
	mu   sync.Mutex             // guards busy
	busy map[string]*sync.Mutex // by member and what: one at a time
}

// hold takes what is one member's, or says that it is taken.
func (o *outbox) hold(name string) (func(), error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy == nil {
		o.busy = map[string]*sync.Mutex{}
	}
	m := o.busy[name]
	if m == nil {
		m = &sync.Mutex{}
		o.busy[name] = m
	}
	if !m.TryLock() {
		return nil, guichet.Errorf(guichet.KindBusy, "this is being made ready already").WithHint("ask again in a few seconds")
	}
	return m.Unlock, nil
}

// heldAtMost is how long one waits for what is made ready by another.
const heldAtMost = 10 * time.Second

// wait is hold for what is over soon: a running node asks for notices by itself too,
// and its operator is not to be told that it is busy with that.
func (o *outbox) wait(ctx context.Context, name string) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, heldAtMost)
	defer cancel()
	for {
		free, err := o.hold(name)
		if err == nil {
			return free, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Seat) copyOutDir(member string) string {
	return filepath.Join(s.n.Home().Path, dirCopies, s.name, "out", member)
}

const outPaper = "lists.json"

// copying judges a request for copies; the quota is counted where it is given.
func (d deciding) copying(ctx context.Context, req guichet.Request, key guichet.MemberKey, counted bool) agreement.CopyGrant {
	f, no := d.facts(desk.Asked{Request: req, Key: key})
	if no != nil {
		return agreement.CopyGrant{Decision: *no}
	}
	if !counted {
		f.Given = func(string, string) int { return 0 }
		return agreement.Copying(f, req)
	}
	g := agreement.Copying(f, req)
	if g.Decision.Permitted && !d.s.given.take(ctx, quota{g.Decision.Agreement, req.From.Member}, g.Decision.Conditions.Quota, f.Now) {
		f.Given = func(string, string) int { return 1 << 30 }
		return agreement.Copying(f, req)
	}
	return g
}

// writing answers the letters of members.
type writing struct {
	s       *Seat
	counter *desk.Counter
}

// Letter replies to a letter; its leaf is durable when it returns.
func (d writing) Letter(ctx context.Context, name string, l federation.Letter) (federation.Said, error) {
	d.s.salts.keep(l.Head.Exchange, l.Head.Salt)
	ctx, done := d.s.given.begin(ctx)
	defer done()
	paper := "copies" // one letter at a time of those that write the same paper
	if name == federation.LetterSubscribe || name == federation.LetterNotices {
		paper = "notices"
	}
	free, err := d.s.outbox.hold(paper + " " + l.Member.Code)
	if err != nil {
		return federation.Said{}, err
	}
	defer free()
	var reply any
	var head guichet.LetterReply
	switch name {
	case federation.LetterCopies:
		reply, head, err = d.listCopies(ctx, l)
	case federation.LetterKept:
		reply, head, err = d.hearKept(l)
	case federation.LetterSubscribe:
		reply, head, err = d.subscribe(ctx, l)
	case federation.LetterNotices:
		reply, head, err = d.notices(ctx, l)
	default:
		err = guichet.Errorf(guichet.KindNotFound, "there are no letters %q here", name)
	}
	if err != nil {
		return federation.Said{}, err
	}
	body, leaf, err := l.Sealed(reply, head, d.s.clock())
	if err != nil {
		return federation.Said{}, err
	}
	i, err := answering{d.s}.Append(context.WithoutCancel(ctx), leaf)
	if err != nil {
		return federation.Said{}, guichet.Errorf(guichet.KindBusy, "the journal cannot be written, so that nothing leaves: %w", err)
	}
	return federation.Said{Body: body, Leaf: uint64(max(i, 0)), Refused: !head.Decision.Permitted}, nil
}

// listCopies tells a member of what it may keep copies.
func (d writing) listCopies(ctx context.Context, l federation.Letter) (any, guichet.LetterReply, error) {
	none := guichet.LetterReply{}
	req, err := readCopiesLetter(l.Body)
	if err != nil {
		return nil, none, err
	}
	dir := d.s.copyOutDir(l.Member.Code)
	var out copyOut
	if _, err := readPaper(filepath.Join(dir, outPaper), &out); err != nil {
		return nil, none, err
	}
	list := guichet.CopyList{Known: req.Have == "" || out.datasetOf(req.Have) == req.Question.Dataset, Taken: d.s.clock().Truncate(time.Second), Items: []guichet.CopyItem{}}
	g := deciding{d.s}.copying(ctx, req, l.Key, true)
	if list.LetterReply = l.Reply(d.s.us(), g.Decision, 0); !g.Decision.Permitted {
		return list, list.LetterReply, nil
	}
	give, back, state, err := d.counter.Copies(ctx, g.Question, g.Decision.Conditions)
	if err != nil {
		return nil, none, err
	}
	list.Back, list.State = back, state
	for i, c := range give {
		item, err := d.extract(ctx, dir, c)
		if err == nil && ctx.Err() != nil && i+1 < len(give) {
			err = guichet.Errorf(guichet.KindBusy, "%d of %d files of copies are ready", i+1, len(give)).WithHint("ask again: it goes on from there")
		}
		if err != nil {
			return nil, none, err
		}
		list.Items = append(list.Items, item)
	}
	list.LetterReply = l.Reply(d.s.us(), g.Decision, len(list.Items))
	// Rules that look at all that a party was given need to know of copies too.
	err = d.s.n.store.Give(ctx, guichet.GivenSet{
		Party: req.From, Agreement: g.Decision.Agreement, Version: g.Decision.Version, Question: g.Question, Records: true,
		Cells: []guichet.GivenCell{}, Snapshot: "copies/" + state, Exchange: req.Exchange, First: list.Taken, Last: list.Taken,
	})
	if err != nil {
		return nil, none, err
	}
	return list, list.LetterReply, d.listed(dir, &out, req, list)
}

// listed remembers a list, durably, and lets go of files that no late one names.
func (d writing) listed(dir string, out *copyOut, req guichet.Request, list guichet.CopyList) error {
	req.Salt = nil
	now := copyListed{Exchange: req.Exchange, Request: req, Time: list.Taken}
	for _, item := range list.Items {
		now.Files = append(now.Files, item.SHA256, item.Key)
	}
	out.add(now)
	if err := writePaper(filepath.Join(dir, outPaper), out); err != nil {
		return err
	}
	served := []string{"lists"}
	for _, x := range out.Lists {
		served = append(served, x.Files...)
	}
	return sweepBut(dir, served)
}

// datasetOf is the dataset of a list, "" of one that was never given.
func (o *copyOut) datasetOf(list string) string {
	i := slices.IndexFunc(o.Lists, func(l copyListed) bool { return l.Exchange == list })
	if i < 0 {
		return ""
	}
	return o.Lists[i].Request.Question.Dataset
}

// add adds a list. Each dataset has its own bounds: a member that syncs one of them often
// is not denied another.
func (o *copyOut) add(now copyListed) {
	o.Lists = append(o.Lists, now)
	lists := o.Lists
	o.Lists = nil
	later := map[string]int{}
	for _, l := range slices.Backward(lists) {
		n := later[l.Request.Question.Dataset]
		later[l.Request.Question.Dataset]++
		if n >= listsServed {
			l.Files = nil
		}
		if n < listsKept {
			o.Lists = append(o.Lists, l)
		}
	}
	slices.Reverse(o.Lists)
}

// hear takes down what a report says. One of a list that is not known here says of what
// it removed alone: what is kept by that list is denied when the next is asked for.
func (o *copyOut) hear(r guichet.CopyReport) {
	dataset := o.datasetOf(r.List)
	removed := map[guichet.CopyMark]bool{}
	for _, m := range r.Removed {
		removed[m] = true
	}
	o.Kept = slices.DeleteFunc(o.Kept, func(k copyKept) bool {
		return removed[k.CopyMark] || cmp.Or(k.Dataset, Dataset().Name) == dataset
	})
	if dataset != "" {
		for _, m := range r.Kept {
			o.Kept = append(o.Kept, copyKept{m, dataset})
		}
	}
}

// sweepBut removes the files of a folder whose names begin with none of these
// words and a point.
func sweepBut(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ".")
		if !slices.Contains(names, name) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// extract makes the file of one submission, if it is not there.
func (d writing) extract(ctx context.Context, dir string, c desk.Copyable) (guichet.CopyItem, error) {
	named := c.Plan
	named.Moment = guichet.Moment{} // the submission says which of its units are given
	key, err := guichet.DigestOf(struct {
		Submission guichet.Submission
		Plan       guichet.Plan
		InForce    []string
	}{c.Submission, named, c.InForce})
	if err != nil {
		return guichet.CopyItem{}, err
	}
	item := guichet.CopyItem{Key: key, Submission: c.Submission}
	var f copyFile
	there, err := readPaper(filepath.Join(dir, key+".json"), &f)
	if err != nil {
		return item, err
	}
	if there {
		_, err := os.Stat(filepath.Join(dir, f.SHA256+".arrow"))
		there = err == nil
	}
	if !there {
		if err := ctx.Err(); err != nil {
			return item, guichet.Errorf(guichet.KindBusy, "the files of copies are being made ready").WithHint("ask again: it goes on from there")
		}
		if f, err = d.write(ctx, dir, c.Plan); err != nil {
			return item, err
		}
		if err := writePaper(filepath.Join(dir, key+".json"), f); err != nil {
			return item, err
		}
	}
	item.SHA256, item.Bytes, item.Rows = f.SHA256, f.Bytes, f.Rows
	return item, nil
}

// write writes the records of a plan. Who asked may have given up: the file is
// made all the same, and is there when it asks again.
func (d writing) write(ctx context.Context, dir string, p guichet.Plan) (copyFile, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestExtract)
	defer cancel()
	var f copyFile
	sum := sha256.New()
	tmp := filepath.Join(dir, "extract.tmp")
	err := durably(tmp, func(out *os.File) error {
		counted := &countingWriter{w: io.MultiWriter(out, sum)}
		rows, err := d.s.n.store.Stream(ctx, p, counted)
		f.Rows, f.Bytes = rows, counted.n
		return err
	})
	if err != nil {
		return f, err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := os.Rename(tmp, filepath.Join(dir, f.SHA256+".arrow")); err != nil {
		return f, fmt.Errorf("file of a copy: %w", err)
	}
	return f, syncDir(dir)
}

type countingWriter struct {
	w io.Writer
	n int64
}

// Write counts what it passes on.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// CopyPiece gives a piece of a file that was listed, while what permitted it holds.
func (d writing) CopyPiece(ctx context.Context, to federation.Visitor, file string, from int64) ([]byte, error) {
	dir := d.s.copyOutDir(to.Member.Code)
	var out copyOut
	if _, err := readPaper(filepath.Join(dir, outPaper), &out); err != nil {
		return nil, err
	}
	i := len(out.Lists) - 1
	for i >= 0 && !slices.Contains(out.Lists[i].Files, file) {
		i--
	}
	if i < 0 {
		return nil, guichet.Errorf(guichet.KindNotFound, "no file %s was listed to %s", file, to.Member.Code).WithHint("ask for the list again")
	}
	if g := (deciding{d.s}).copying(ctx, out.Lists[i].Request, to.Key, false); !g.Decision.Permitted {
		return nil, guichet.Errorf(guichet.KindRefused, "%s (%s)", g.Decision.Text, g.Decision.Clause).WithHint("%s", g.Decision.Hint)
	}
	f, err := os.Open(filepath.Join(dir, file+".arrow")) //nolint:gosec // a digest in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, guichet.Errorf(guichet.KindNotFound, "the file %s is not held any more", file).WithHint("ask for the list again")
	}
	if err != nil {
		return nil, fmt.Errorf("file of a copy: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	size := federation.CopyPiece
	if most := d.s.n.cfg.CopyPiece; most > 0 && most < size {
		size = most
	}
	piece := make([]byte, size)
	n, err := f.ReadAt(piece, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("file of a copy: %w", err)
	}
	return piece[:n], nil
}

// hearKept takes note of what became of a list: the leaf of the letter is the
// receipt.
func (d writing) hearKept(l federation.Letter) (any, guichet.LetterReply, error) {
	r, err := readReport(l.Body)
	if err != nil {
		return nil, guichet.LetterReply{}, err
	}
	path := filepath.Join(d.s.copyOutDir(l.Member.Code), outPaper)
	var out copyOut
	if _, err := readPaper(path, &out); err != nil {
		return nil, guichet.LetterReply{}, err
	}
	out.hear(r)
	if err := writePaper(path, out); err != nil {
		return nil, guichet.LetterReply{}, err
	}
	reply := l.Reply(d.s.us(), guichet.Decision{Permitted: true}, len(r.Kept)+len(r.Removed))
	return reply, reply, nil
}
