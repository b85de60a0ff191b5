package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/store"
	"guichet/wording"
)

// mostAside is the share of lines that may be put aside without the operator's
// word: beyond it the file is more likely misread than faulty.
const mostAside = 0.05

// IngestRequest asks to take a file in.
type IngestRequest struct {
	File         string
	Profile      string            // name, or path of a YAML file; "" recognise
	AcceptTotals string            // the reason for taking a file whose control totals do not reconcile
	Released     string            // ISO day on which the office published it; "" unknown
	AcceptAside  bool              // take it although more than 5 % of its lines would be put aside
	Generated    bool              // made data, never an observation; also so when Name holds "-generated", or the profile says it
	By           string            // who accepts those totals and lines; "" unknown
	Given        map[string]string // what the profile asks of the operator
	Name         string            // what the file is called; "" the last part of File
	Progress     guichet.Progress
	ProfileText  []byte // the profile itself, when Profile is only its name
	NoCompact    bool   // leave small files as they are, however many
	// Look, where it is set, is shown what taking the file in would do, when all of it
	// has been read and before anything is changed. Its error ends it there.
	Look func(IngestPlan) error
}

// IngestResult says what came in.
type IngestResult struct {
	Submission guichet.Submission `json:"submission"`
	Already    bool               `json:"already"`  // the same file was there: nothing changed
	Replaced   []string           `json:"replaced"` // submissions of which something was superseded
	Seconds    float64            `json:"seconds"`
	Notes      []guichet.Remark   `json:"notes"`
}

// intake is one file on its way in.
type intake struct {
	n        *Node
	req      IngestRequest
	dir      string
	copied   string // the kept copy, inside dir
	original string // its sha256
	bytes    int64
	yaml     []byte // the profile, when it is no embedded one
	existing *guichet.Submission
}

// Ingest takes a file in: wholly, or not at all. A file that is here already
// changes nothing. Errors are *guichet.Error with the file's fault in words.
func (n *Node) Ingest(ctx context.Context, req IngestRequest) (IngestResult, error) {
	start := n.cfg.Clock()
	if req.Progress == nil {
		req.Progress = func(string, int64, int64) {}
	}
	if req.Name == "" {
		req.Name = filepath.Base(req.File)
	}
	yaml, err := req.ProfileText, error(nil)
	if len(yaml) == 0 {
		yaml, err = profileFile(req.Profile)
	}
	if err != nil {
		return IngestResult{}, err
	}
	if err := plainFile(req.File); err != nil {
		return IngestResult{}, err
	}
	w, err := n.store.Write(ctx)
	if err != nil {
		return IngestResult{}, err
	}
	defer w.Close()
	in := &intake{n: n, req: req, yaml: yaml}
	if in.dir, err = n.store.StagingDir(); err != nil {
		return IngestResult{}, in.inWords(err)
	}
	defer func() { _ = os.RemoveAll(in.dir) }()
	res, err := in.run(ctx, w)
	if err != nil {
		return IngestResult{}, in.inWords(err)
	}
	if !res.Already && !req.NoCompact {
		n.compactAfter(ctx, w, &res, req.Progress)
	}
	res.Seconds = n.cfg.Clock().Sub(start).Seconds()
	return res, nil
}

func (in *intake) run(ctx context.Context, w *store.Writer) (IngestResult, error) {
	if err := in.copyFile(); err != nil {
		return IngestResult{}, err
	}
	hashed := make(chan error, 1)
	go func() { hashed <- in.hashCopy() }()
	o := order{
		File: in.copied, Name: in.req.Name, Dir: filepath.Join(in.dir, "work"), Profile: in.req.Profile, YAML: in.yaml,
		Given: in.req.Given, Now: in.n.cfg.Clock(), Threads: in.n.cfg.Threads, MemoryMiB: in.n.cfg.StageMiB,
	}
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		return IngestResult{}, errors.Join(fmt.Errorf("staging folder: %w", err), <-hashed)
	}
	prep, staged, err := in.n.spawn(ctx, o, func(p *prepared) (bool, error) { return in.decide(ctx, p) }, in.req.Progress)
	if hashErr := <-hashed; err == nil {
		err = hashErr
	}
	if err != nil {
		return IngestResult{}, err
	}
	if in.existing != nil {
		return IngestResult{Submission: *in.existing, Already: true}, nil
	}
	if staged == nil {
		return IngestResult{}, errors.New("the staging process ended without a result")
	}
	if err := in.tooManyAside(staged); err != nil {
		return IngestResult{}, err
	}
	sub := in.submission(prep, staged)
	if in.req.Look != nil {
		plan, err := in.plan(ctx, w, sub)
		if err != nil {
			return IngestResult{}, err
		}
		if err := in.req.Look(plan); err != nil {
			return IngestResult{}, err
		}
	}
	in.req.Progress("committing", 0, 1)
	put := store.Intake{Submission: sub, Dir: o.Dir, Data: staged.Data, Rejects: staged.Rejects}
	if _, kept := in.n.store.Original(in.original); !kept {
		if err := os.Rename(in.copied, filepath.Join(o.Dir, "original")); err != nil {
			return IngestResult{}, fmt.Errorf("keep original: %w", err)
		}
		put.Original = "original"
	}
	replaced, err := w.Commit(ctx, put)
	if err != nil {
		return IngestResult{}, err
	}
	in.req.Progress("committing", 1, 1)
	return IngestResult{Submission: *sub, Replaced: replaced, Notes: in.notes(sub)}, nil
}

// plainFile refuses what is no file before anything is made.
func plainFile(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return guichet.Errorf(guichet.KindNotFound, "there is no file %s", path)
	case err != nil:
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", path, err)
	case st.IsDir():
		return guichet.Errorf(guichet.KindInvalid, "%s is a folder", path).WithHint("name its files: guichet ingest %s/*", strings.TrimSuffix(path, "/"))
	case !st.Mode().IsRegular():
		return guichet.Errorf(guichet.KindInvalid, "%s is no regular file", path)
	case st.Size() == 0:
		return guichet.Errorf(guichet.KindInvalid, "%s is empty", path)
	}
	return nil
}

// copyFile takes the copy that is kept and read: the operator's own file may
// change meanwhile. One that does so while it is copied is refused: of a file
// that is still being written the copy holds a part, and seldom shows it.
func (in *intake) copyFile() error {
	in.req.Progress("copying", 0, 1)
	src, err := os.Open(in.req.File)
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", in.req.File, err)
	}
	defer func() { _ = src.Close() }()
	before, err := src.Stat()
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be looked at: %w", in.req.File, err)
	}
	// It keeps its name, so that messages call it as the operator does.
	in.copied = filepath.Join(in.dir, filepath.Base(in.req.Name))
	dst, err := os.OpenFile(in.copied, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	in.bytes, err = io.Copy(dst, src)
	if err := errors.Join(err, dst.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", in.req.File, err)
	}
	in.req.Progress("copying", 1, 1)
	after, err := os.Stat(in.req.File)
	if err != nil || !os.SameFile(before, after) || after.Size() != in.bytes || !after.ModTime().Equal(before.ModTime()) {
		return guichet.Errorf(guichet.KindInvalid, "%s changed while it was copied", in.req.File).WithHint("wait until it is wholly written, then take it in again")
	}
	return nil
}

// hashCopy names the copy by its content and makes it durable, while the child
// reads it.
func (in *intake) hashCopy() error {
	f, err := os.Open(in.copied)
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	in.original = hex.EncodeToString(h.Sum(nil))
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// decide hears what was recognised: a file that is here already is not staged
// again, and control totals that do not reconcile are refused unless the
// operator has said why they are accepted.
func (in *intake) decide(ctx context.Context, p *prepared) (bool, error) {
	sub, err := in.n.store.ByIdentity(ctx, p.Identity)
	if err != nil {
		return false, err
	}
	switch {
	case sub != nil && sub.Withdrawn != "":
		return false, guichet.Errorf(guichet.KindInvalid, "%s is here as submission %s, and was withdrawn", in.req.File, sub.ID).
			WithHint("see why: guichet submissions show %s; to use it again: guichet submissions reinstate %s --why REASON", sub.ID, sub.ID)
	case sub != nil && len(sub.Purged) > 0:
		return false, guichet.Errorf(guichet.KindInvalid, "%s was here as submission %s, and figures of it were removed when their time had come", in.req.File, sub.ID).
			WithHint("see by which rule: guichet purge show %s", sub.Purged[0])
	case sub != nil:
		in.existing = sub
		return false, nil
	}
	if in.req.AcceptTotals != "" {
		return true, nil
	}
	var wrong []wording.Sentence
	for _, c := range p.Controls {
		if !c.OK() {
			wrong = append(wrong, wording.Say("%s: the file says %s, its lines hold %s", c.Name, c.Stated, c.Found))
		}
	}
	if len(wrong) > 0 {
		return false, guichet.Errorf(guichet.KindTotals, "the control totals of %s do not reconcile: %s", in.req.File, wording.Several(wrong, "; ")).
			WithHint("ask the office; to take it in all the same, say why: --accept-totals \"reason\" (every answer that uses it will say so)")
	}
	return true, nil
}

func (in *intake) tooManyAside(s *store.Staged) error {
	if s.Lines == 0 || s.Kept == 0 && s.Aside == 0 {
		return guichet.Errorf(guichet.KindInvalid, "%s holds no line of figures", in.req.File)
	}
	if in.req.AcceptAside || !manyAside(s.Aside, s.Lines) {
		return nil
	}
	var why []wording.Sentence
	for _, r := range s.Reasons {
		why = append(why, wording.Say("%d %s (%s)", r.Rows, guichet.Text{EN: remarkText(r.Code, "en"), FR: remarkText(r.Code, "fr")}, r.Example))
	}
	return guichet.Errorf(guichet.KindTooMany, "%d of %d lines of %s would be put aside: %s", s.Aside, s.Lines, in.req.File, wording.Several(why, "; ")).
		WithHint("check that the profile fits the file; to take it in all the same: --accept-aside")
}

// manyAside says whether more lines were put aside than is taken in without a word.
func manyAside(aside, lines int64) bool { return float64(aside) > mostAside*float64(lines) }

func (in *intake) submission(p *prepared, s *store.Staged) *guichet.Submission {
	fields := maps.Clone(p.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	for f, v := range s.Filled { // what is constant in the rows is worth saying once
		if v != "" && f != guichet.FieldSubmission && fields[f] == "" {
			fields[f] = v
		}
	}
	scope := []string{}
	ds, err := DatasetBy(p.Dataset)
	if err != nil {
		ds = Dataset() // the child has staged it, so there is one
	}
	for _, f := range p.Scope {
		if x, ok := ds.Field(f); ok && !isUnit(ds, x.Name) {
			scope = append(scope, f)
		}
	}
	return &guichet.Submission{
		ID: p.Identity[:16], Identity: p.Identity, Dataset: ds.Name, Profile: p.Profile, Version: p.Version, Tables: p.Tables,
		Digest: p.Digest, Original: in.original, File: in.req.Name, Bytes: in.bytes, TakenAt: in.n.cfg.Clock().UTC().Truncate(time.Microsecond),
		Released: in.req.Released, FilePer: p.FilePeriod, Fields: fields, Covers: p.Covers, Action: p.Action, Scope: scope,
		Lines: s.Lines, Kept: s.Kept, Aside: s.Aside, Records: s.Records, Totals: s.Totals, Reasons: s.Reasons, Remarks: s.Remarks,
		Controls: p.Controls, Override: in.override(p), OverrideBy: in.overrideBy(p, s), Units: s.Units, Shapes: s.Shapes, Outliers: s.Outliers, FieldCounts: s.Fields,
		Given: in.req.Given, Notes: p.Notes, ProfileText: string(in.yaml),
		// Made data are nobody's: the licence of the office whose layout they have
		// does not bind them, and every answer from them says that they are made.
		MayRedistribute: p.MayShare || in.generated(p), Generated: in.generated(p),
	}
}

// generated says whether the file is made data.
func (in *intake) generated(p *prepared) bool {
	return p.Generated || in.req.Generated || namedGenerated(in.req.Name)
}

// namedGenerated says whether a file calls itself made data, as all do that synth
// writes: what was made must not pass for an observation because somebody forgot
// to say --generated. The opposite is never read from a name.
func namedGenerated(name string) bool {
	return strings.Contains(strings.ToLower(filepath.Base(name)), "-generated")
}

// isUnit says whether a scope field is part of every unit's own identity.
func isUnit(ds *guichet.Dataset, name string) bool {
	return slices.Contains(append([]string{guichet.FieldReporter, guichet.FieldPeriod, guichet.FieldFreq}, ds.UnitFields...), name)
}

// override keeps the operator's reason only where there was one to give.
func (in *intake) override(p *prepared) string {
	for _, c := range p.Controls {
		if !c.OK() {
			return in.req.AcceptTotals
		}
	}
	return ""
}

// overrideBy keeps who accepted what, where there was something to accept.
func (in *intake) overrideBy(p *prepared, s *store.Staged) string {
	if in.override(p) != "" || manyAside(s.Aside, s.Lines) {
		return in.req.By
	}
	return ""
}

// notes are what the operator should know of a file that came in.
func (in *intake) notes(sub *guichet.Submission) []guichet.Remark {
	var out []guichet.Remark
	for _, c := range sub.Remarks {
		v := c.Value
		out = append(out, guichet.Remark{Code: c.Code, Text: remarkText(c.Code, "en"), Rows: c.Rows, Value: &v, Unit: sub.Field("currency")})
	}
	for _, o := range sub.Outliers {
		v := o.Figure
		out = append(out, guichet.Remark{
			Code: "outlier_mass", Rows: 1, Value: &v, Unit: o.Measure,
			Text: fmt.Sprintf("one line carries %.1f %% of all %s: %s %s of %s", 100*o.Share, o.Measure, o.Row["code"], o.Row["partner"], o.Row["period"]),
		})
	}
	if sub.Override != "" {
		out = append(out, guichet.Remark{Code: "totals_accepted", Text: remarkText("totals_accepted", "en") + " (" + sub.Override + ")"})
	}
	return out
}

// inWords calls the file by the operator's name for it.
func (in *intake) inWords(err error) error {
	e, ok := errors.AsType[*guichet.Error](err)
	switch {
	case ok:
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		e = &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was kept", Hint: "free some space beside the home and take the file in again", Err: err}
	default:
		return err
	}
	for _, p := range []string{in.copied, filepath.Join(in.dir, "work", "original")} {
		if p != "" {
			e = renamed(e, p, in.req.File)
		}
	}
	return e
}

// renamed is an error with another name for the file that it speaks of.
func renamed(e *guichet.Error, old, name string) *guichet.Error {
	c := *e
	c.Message, c.Said = strings.ReplaceAll(e.Message, old, name), e.Said.Renamed(old, name)
	c.Hint, c.Next = strings.ReplaceAll(e.Hint, old, name), e.Next.Renamed(old, name)
	return &c
}

// Reharmonise judges a submission's kept original again by the present tables
// and profile; the result supersedes it in one snapshot.
func (n *Node) Reharmonise(ctx context.Context, id string, p guichet.Progress) (IngestResult, error) {
	sub, err := n.Submission(ctx, id)
	if err != nil {
		return IngestResult{}, err
	}
	path, ok := n.store.Original(sub.Original)
	if len(sub.Purged) > 0 {
		return IngestResult{}, guichet.Errorf(guichet.KindNotFound, "the original of %s (%s) was removed when the time of its figures had come", sub.ID, sub.File).
			WithHint("see by which rule: guichet purge show %s", sub.Purged[0])
	}
	if !ok {
		return IngestResult{}, guichet.Errorf(guichet.KindNotFound, "the original of %s (%s) is not kept here", sub.ID, sub.File)
	}
	res, err := n.Ingest(ctx, IngestRequest{
		File: path, Profile: sub.Profile, AcceptTotals: sub.Override, By: sub.OverrideBy, Released: sub.Released, AcceptAside: true, Generated: sub.Generated, Given: sub.Given, Name: sub.File, ProfileText: []byte(sub.ProfileText), Progress: p,
	})
	return res, err
}
