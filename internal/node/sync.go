package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/federation"
)

// This file keeps copies of what other members hold. What the source lists is
// fetched piece by piece, each file held against the digest of the signed list
// before any of it counts; only what is new is fetched, and what was cut goes on
// from where it was. What is not listed any more is removed, and reported.

// SyncRequest asks for a copy of a member's submissions in a dataset.
type SyncRequest struct {
	From      string        `json:"from"`
	Dataset   string        `json:"dataset,omitempty"` // "" trade
	Purpose   string        `json:"purpose"`
	Office    string        `json:"office,omitempty"`
	Officer   string        `json:"officer,omitempty"`
	Agreement string        `json:"agreement,omitempty"`
	Every     time.Duration `json:"every,omitempty"`  // how often a serving node does it again; 0 as before, else 6 h; below 0 never
	Afresh    bool          `json:"afresh,omitempty"` // begin anew after the source denied the copy
	Lang      string        `json:"lang,omitempty"`
}

// SyncResult says what became of it.
type SyncResult struct {
	From    string             `json:"from"`
	Copy    CopyInfo           `json:"copy"`
	New     []string           `json:"new"`     // submissions that came in, or are given otherwise than before
	Removed []string           `json:"removed"` // submissions that are withdrawn, or replaced
	Back    []guichet.KeptBack `json:"kept_back"`
	Fetched int64              `json:"fetched_bytes"`
	Leaf    int64              `json:"leaf"`             // of the list, in our journal
	Peer    int64              `json:"peer,omitempty"`   // 1 + in theirs
	Receipt string             `json:"report,omitempty"` // the exchange by which we reported what we keep
}

// CopyInfo is a copy as it stands.
type CopyInfo struct {
	Of          string    `json:"of"`
	Circle      string    `json:"circle"`
	Dataset     string    `json:"dataset"`
	Agreement   string    `json:"agreement"`
	Version     int       `json:"version"`
	Submissions int       `json:"submissions"`
	Records     int64     `json:"records"`
	Bytes       int64     `json:"bytes"`
	Confirmed   time.Time `json:"confirmed,omitzero"` // when the source last said what it is
	Ended       string    `json:"ended,omitempty"`    // why it does not answer
}

// copyPaper is what we keep of one member in one dataset.
type copyPaper struct {
	Of         string              `json:"of"`
	Circle     string              `json:"circle"`
	Ask        SyncRequest         `json:"ask"` // how it is asked for again
	List       string              `json:"list,omitempty"`
	Agreement  string              `json:"agreement,omitempty"`
	Version    int                 `json:"version,omitempty"`
	Confirmed  time.Time           `json:"confirmed,omitzero"`
	Tried      time.Time           `json:"tried,omitzero"`
	Failed     bool                `json:"failed,omitempty"` // the last sync did: the next comes sooner
	Items      []guichet.CopyItem  `json:"items"`
	Generation string              `json:"generation,omitempty"` // folder of the tables
	Ended      *guichet.Text       `json:"ended,omitempty"`
	Denied     bool                `json:"denied,omitempty"` // only a sync afresh begins again
	Report     *guichet.CopyReport `json:"report,omitempty"` // not yet heard by the source
}

func (p *copyPaper) info() CopyInfo {
	out := CopyInfo{Of: p.Of, Circle: p.Circle, Dataset: p.dataset(), Agreement: p.Agreement, Version: p.Version, Submissions: len(p.Items), Confirmed: p.Confirmed}
	for _, item := range p.Items {
		out.Records += item.Rows
		out.Bytes += item.Bytes
	}
	if p.Ended != nil {
		out.Ended = p.Ended.EN
	}
	return out
}

const (
	copyPaperName = "copy.json"
	syncAgain     = 6 * time.Hour
	syncSoon      = 10 * time.Minute // after one that failed
	mostCopy      = 64 << 30         // bytes of one file
	mostCopied    = 20_000           // submissions of one list: federation.MaxReport has room for a report of as many
)

// copyDir is the folder of a copy. That of trade is the member's own folder, as it was
// when there were copies of trade alone; those of other datasets lie in it, each under
// its dataset's name.
func copyDir(home, circle, of, dataset string) string {
	dir := filepath.Join(home, dirCopies, circle, "of", of)
	if dataset == Dataset().Name {
		return dir
	}
	return filepath.Join(dir, dataset)
}

// dataset is what the copy is of; papers of before there were several do not say it.
func (p *copyPaper) dataset() string { return cmp.Or(p.Ask.Dataset, Dataset().Name) }

// dir is the folder of the copy.
func (p *copyPaper) dir(home string) string { return copyDir(home, p.Circle, p.Of, p.dataset()) }

// syncing is one sync under way.
type syncing struct {
	s      *Seat
	m      guichet.Member
	ds     *guichet.Dataset
	dir    string
	ask    SyncRequest // completed; the paper has that of the last list that was taken up
	paper  copyPaper
	result SyncResult
}

// Sync takes, or brings up to date, a copy of what another member holds in a dataset.
func (s *Seat) Sync(ctx context.Context, req SyncRequest, tell func(string)) (SyncResult, error) {
	members, _, err := s.asked([]string{req.From})
	if err != nil {
		return SyncResult{}, err
	}
	if len(members) != 1 {
		return SyncResult{}, guichet.Errorf(guichet.KindInvalid, "a copy is taken of another member").WithHint("name one with --from")
	}
	ds, err := DatasetBy(req.Dataset)
	if err != nil {
		return SyncResult{}, err
	}
	req.Dataset = ds.Name
	x := &syncing{s: s, m: members[0], ds: ds, dir: copyDir(s.n.Home().Path, s.name, members[0].Code, ds.Name)}
	if err := os.MkdirAll(filepath.Join(x.dir, "files"), 0o700); err != nil {
		return SyncResult{}, fullDisk(err)
	}
	free, err := onlyOne(filepath.Join(x.dir, "lock"), x.m.Code)
	if err != nil {
		return SyncResult{}, err
	}
	defer free()
	if _, err := readPaper(filepath.Join(x.dir, copyPaperName), &x.paper); err != nil {
		return SyncResult{}, err
	}
	if err := x.begin(req); err != nil {
		return SyncResult{}, err
	}
	if err = x.run(ctx, tell); (err != nil) != x.paper.Failed {
		x.paper.Failed = err != nil
		err = errors.Join(err, x.save())
	}
	x.result.From, x.result.Copy = x.m.Code, x.paper.info()
	x.result.New, x.result.Removed = append([]string{}, x.result.New...), append([]string{}, x.result.Removed...)
	x.result.Back = append([]guichet.KeptBack{}, x.result.Back...)
	return x.result, err
}

// onlyOne lets one process at a time sync one member's copy.
func onlyOne(path, member string) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // inside the home
	if err != nil {
		return nil, fullDisk(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, guichet.Errorf(guichet.KindBusy, "another sync of %s is under way", member).WithHint("wait until it has ended; nothing was changed")
	}
	return func() { _ = f.Close() }, nil
}

// begin completes the request by what was asked before.
func (x *syncing) begin(req SyncRequest) error {
	p, before := &x.paper, x.paper.Ask
	fill := func(now *string, was string) {
		if *now == "" {
			*now = was
		}
	}
	fill(&req.Purpose, before.Purpose)
	fill(&req.Office, before.Office)
	fill(&req.Officer, before.Officer)
	fill(&req.Agreement, before.Agreement)
	if req.Every == 0 {
		req.Every = before.Every
	}
	if req.Every == 0 {
		req.Every = syncAgain
	}
	q, err := x.s.completed(MembersQuestion{Purpose: req.Purpose, Office: req.Office, Officer: req.Officer, Agreement: req.Agreement, Members: []string{x.m.Code}})
	if err != nil {
		return err
	}
	req.Office = q.Office
	if p.Denied && !req.Afresh {
		return guichet.Errorf(guichet.KindRefused, "%s", p.Ended.In(req.Lang)).WithHint("find out why with %s; then begin anew: %s", x.m.Code, x.anew())
	}
	if req.Afresh {
		p.List, p.Denied = "", false
	}
	afresh := req.Afresh
	req.Afresh = false
	x.ask = req
	if len(p.Items) == 0 {
		p.Ask = req
	}
	p.Of, p.Circle, p.Ask.Dataset, p.Ask.Every, p.Tried = x.m.Code, x.s.name, x.ds.Name, req.Every, x.s.clock()
	if afresh {
		return x.drop(nil)
	}
	return x.save()
}

// anew is the command that begins again.
func (x *syncing) anew() string {
	of := ""
	if x.ds.Name != Dataset().Name {
		of = " --dataset " + x.ds.Name
	}
	return "guichet sync --from " + x.m.Code + of + " --afresh"
}

func (x *syncing) save() error { return writePaper(filepath.Join(x.dir, copyPaperName), x.paper) }

func (x *syncing) run(ctx context.Context, tell func(string)) error {
	if x.paper.Report != nil { // of a sync that was cut
		if err := x.report(ctx); err != nil {
			return err
		}
	}
	list, err := x.list(ctx, tell)
	if err != nil {
		return err
	}
	if err := x.check(list); err != nil {
		return err
	}
	x.held(list)
	if err := x.fetchAll(ctx, list, tell); err != nil {
		return err
	}
	if err := x.take(ctx, list); err != nil {
		return err
	}
	return x.report(ctx)
}

// list asks for the list, again while its source makes it ready.
func (x *syncing) list(ctx context.Context, tell func(string)) (guichet.CopyList, error) {
	a := x.ask
	for {
		req, err := x.s.request(MembersQuestion{Question: guichet.Question{Dataset: x.ds.Name, Lang: a.Lang}, Purpose: a.Purpose, Office: a.Office, Officer: a.Officer, Agreement: a.Agreement}, x.m.Code, true)
		if err != nil {
			return guichet.CopyList{}, err
		}
		req.Have = x.paper.List
		body, err := json.Marshal(req)
		if err != nil {
			return guichet.CopyList{}, fmt.Errorf("request for copies: %w", err)
		}
		sent, err := x.s.client.Letter(ctx, x.m, federation.LetterCopies, federation.NewHead(req), body, a.Lang)
		if err != nil {
			return guichet.CopyList{}, err
		}
		x.result.Leaf, x.result.Peer = int64(sent.Leaf), int64(sent.Peer)+1 //nolint:gosec // indexes of logs
		switch {
		case sent.Gap == nil:
			return x.read(sent)
		case sent.Body != nil:
			return guichet.CopyList{}, x.refused(ctx, sent)
		case !sent.Busy:
			return guichet.CopyList{}, guichet.Errorf(guichet.KindBusy, "%s", sent.Gap.Text).WithHint("the copy stays as it is, and grows older; try again later")
		}
		if tell != nil {
			tell(sent.Gap.Text)
		}
		select {
		case <-ctx.Done():
			return guichet.CopyList{}, ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

func (x *syncing) read(sent federation.Sent) (guichet.CopyList, error) {
	var list guichet.CopyList
	if err := federation.ReadLetter(sent.Body, &list, false); err != nil {
		return list, guichet.Errorf(guichet.KindUntrusted, "the list of %s cannot be read: %w", x.m.Code, err)
	}
	return list, nil
}

// refused: the source gives no copies any more. What we keep stops to answer, and
// is removed where the agreement says so.
func (x *syncing) refused(ctx context.Context, sent federation.Sent) error {
	d := sent.Reply.Decision
	why := guichet.Text{
		EN: fmt.Sprintf("%s gives no copies (any more): %s (%s)", x.m.Code, d.Text, d.Clause),
		FR: fmt.Sprintf("%s ne donne pas (ou plus) de copies : %s (%s)", x.m.Code, d.Text, d.Clause),
	}
	held := len(x.paper.Items) > 0
	switch {
	case d.Clause == "" || !held || strings.HasSuffix(d.Clause, "quota_per_day"):
		// No more today: what is kept stands, and grows older.
	case x.ask.Purpose != x.paper.Ask.Purpose, x.ask.Office != x.paper.Ask.Office, x.ask.Agreement != x.paper.Ask.Agreement:
		// Asked otherwise than before: that says nothing of what is kept.
	case x.s.afterEnd(x.paper.Agreement) == "keep_archived":
		x.paper.Ended = &why
		if err := x.save(); err != nil {
			return err
		}
	default:
		x.paper.Ended = &why
		if err := x.drop(&guichet.CopyReport{List: x.paper.List, Why: "refused"}); err != nil {
			return err
		}
		if err := x.report(ctx); err != nil {
			return err
		}
	}
	return guichet.Errorf(guichet.KindRefused, "%s", why.In(x.ask.Lang)).WithHint("%s", d.Hint)
}

// afterEnd is what an agreement says becomes of copies when it ends: "delete"
// where it is not known.
func (s *Seat) afterEnd(id string) string {
	for _, a := range s.papers.circle().Agreements {
		if a.ID == id {
			return a.Validity.Copies
		}
	}
	return "delete"
}

// drop removes all that is kept.
func (x *syncing) drop(report *guichet.CopyReport) error {
	p := &x.paper
	if report != nil {
		for _, item := range p.Items {
			report.Removed = append(report.Removed, guichet.CopyMark{Submission: item.Submission.ID, Key: item.Key})
			x.result.Removed = append(x.result.Removed, item.Submission.ID)
		}
		p.Report = report
	}
	p.Items, p.Generation, p.Confirmed = nil, "", time.Time{}
	if err := x.save(); err != nil { // before the files: a copy that is not there must not answer
		return err
	}
	return x.sweep()
}

// sweep removes what the paper does not name.
func (x *syncing) sweep() error {
	var files []string
	for _, item := range x.paper.Items {
		files = append(files, item.SHA256)
	}
	err := sweepBut(filepath.Join(x.dir, "files"), files)
	entries, rerr := os.ReadDir(x.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "tables-") && e.Name() != x.paper.Generation {
			x.s.n.copies.forget(filepath.Join(x.dir, e.Name()))
			err = errors.Join(err, os.RemoveAll(filepath.Join(x.dir, e.Name())))
		}
	}
	return errors.Join(err, rerr)
}

// check holds a list against what a copy may be, before anything is fetched.
func (x *syncing) check(list guichet.CopyList) error {
	if x.paper.List != "" && !list.Known {
		why := guichet.Text{
			EN: fmt.Sprintf("%s says that it never gave the copy that we hold (list of exchange %s)", x.m.Code, x.paper.List),
			FR: fmt.Sprintf("%s dit n'avoir jamais donné la copie que nous détenons (liste de l'échange %s)", x.m.Code, x.paper.List),
		}
		x.paper.Ended, x.paper.Denied = &why, true
		if err := x.drop(&guichet.CopyReport{List: x.paper.List, Why: "denied"}); err != nil {
			return err
		}
		return guichet.Errorf(guichet.KindRefused, "%s", why.In(x.ask.Lang)).
			WithHint("our journal has the receipt: guichet receipt %s; begin anew with: %s", x.paper.List, x.anew())
	}
	if err := checkList(x.m.Code, x.ds.Name, list); err != nil {
		return err
	}
	x.result.Back = list.Back
	return nil
}

// take makes the list what is kept. What only grew is added to; of what changed,
// the tables are made anew, so that nothing of what was withdrawn is left in them.
func (x *syncing) take(ctx context.Context, list guichet.CopyList) error {
	p := &x.paper
	report := &guichet.CopyReport{List: list.Exchange, Kept: []guichet.CopyMark{}, Removed: []guichet.CopyMark{}, Why: "withdrawn"}
	held, kept := map[string]bool{}, map[guichet.CopyMark]bool{} // a list may have thousands
	for _, item := range p.Items {
		held[item.Key] = true
	}
	for _, item := range list.Items {
		mark := guichet.CopyMark{Submission: item.Submission.ID, Key: item.Key}
		report.Kept, kept[mark] = append(report.Kept, mark), true
		if !held[item.Key] {
			x.result.New = append(x.result.New, item.Submission.ID)
		}
	}
	for _, item := range p.Items {
		if mark := (guichet.CopyMark{Submission: item.Submission.ID, Key: item.Key}); !kept[mark] {
			report.Removed = append(report.Removed, mark)
			x.result.Removed = append(x.result.Removed, item.Submission.ID)
		}
	}
	if len(report.Removed) == 0 {
		report.Why = ""
	}
	grown := p.Generation != "" && len(list.Items) >= len(p.Items) && slices.EqualFunc(p.Items, list.Items[:len(p.Items)], func(a, b guichet.CopyItem) bool { return a.Key == b.Key })
	generation := p.Generation
	if !grown {
		random := make([]byte, 6)
		if _, err := rand.Read(random); err != nil {
			return fmt.Errorf("tables of a copy: %w", err)
		}
		generation = "tables-" + hex.EncodeToString(random)
	}
	if err := x.tables(ctx, generation, list.Items); err != nil {
		if !grown {
			err = errors.Join(err, os.RemoveAll(filepath.Join(x.dir, generation)))
		}
		return err
	}
	p.Items, p.Generation, p.List, p.Ended = list.Items, generation, list.Exchange, nil
	p.Agreement, p.Version = list.Decision.Agreement, list.Decision.Version
	p.Ask, p.Confirmed, p.Report = x.ask, x.s.clock().Truncate(time.Second), report
	if err := x.save(); err != nil {
		return err
	}
	return x.sweep()
}

// report tells the source what is kept and what was removed; until it has heard it,
// the report stays with the paper.
func (x *syncing) report(ctx context.Context) error {
	r := x.paper.Report
	if r == nil {
		return nil
	}
	a := x.ask
	req, err := x.s.request(MembersQuestion{Question: guichet.Question{Dataset: x.ds.Name}, Purpose: a.Purpose, Office: a.Office, Officer: a.Officer}, x.m.Code, false)
	if err != nil {
		return err
	}
	r.LetterHead = federation.NewHead(req)
	if r.Kept == nil {
		r.Kept = []guichet.CopyMark{}
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("report of a copy: %w", err)
	}
	sent, err := x.s.client.Letter(ctx, x.m, federation.LetterKept, r.LetterHead, body, a.Lang)
	if err != nil {
		return err
	}
	if sent.Gap != nil {
		return guichet.Errorf(guichet.KindBusy, "the copy stands, and %s has not heard of it: %s", x.m.Code, sent.Gap.Text).WithHint("the next sync reports it")
	}
	x.result.Receipt = req.Exchange
	x.paper.Report = nil
	return x.save()
}
