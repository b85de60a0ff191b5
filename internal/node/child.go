package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/harmonise"
	"guichet/internal/ingest"
	"guichet/internal/store"
)

// order is what the parent asks of the staging child. It names one file and one
// empty folder; the child needs nothing else and holds no key.
type order struct {
	File      string            `json:"file"`
	Name      string            `json:"name"` // as the operator calls it
	Dir       string            `json:"dir"`
	Profile   string            `json:"profile,omitempty"` // of this name only
	YAML      []byte            `json:"yaml,omitempty"`    // a profile that is not embedded
	Given     map[string]string `json:"given,omitempty"`
	Now       time.Time         `json:"now"`
	Threads   int               `json:"threads"`
	MemoryMiB int               `json:"memory_mib"`
	Limits    ingest.Limits     `json:"limits"`
}

// news is one line that the child sends.
type news struct {
	Progress *progress      `json:"progress,omitempty"`
	Prepared *prepared      `json:"prepared,omitempty"`
	Staged   *store.Staged  `json:"staged,omitempty"`
	Error    *guichet.Error `json:"error,omitempty"`
}

type progress struct {
	Stage string `json:"stage"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

// prepared is what is known once the file is recognised, before it is staged;
// the parent then says whether to go on.
type prepared struct {
	Identity   string            `json:"identity"`
	Dataset    string            `json:"dataset"`
	Profile    string            `json:"profile"`
	Version    string            `json:"version"`
	Tables     string            `json:"tables"`
	Digest     string            `json:"digest"`
	Fields     map[string]string `json:"fields"`
	Covers     map[string]string `json:"covers"`
	Action     string            `json:"action"`
	Scope      []string          `json:"scope"`
	FilePeriod string            `json:"file_period"`
	Controls   []guichet.Control `json:"controls"`
	MayShare   bool              `json:"may_share"`
	Generated  bool              `json:"generated"`
	Notes      []string          `json:"notes"` // remark codes of every answer from the file
}

// TablesVersion names the tables of codes by which keys are judged.
func TablesVersion() string { return hs.Version() + "+" + codes.Version() }

// RunChild is the staging child process: it reads one order, unpacks,
// recognises, checks, stages, and tells what it found. It commits nothing: a
// hostile file that takes it over holds one folder and no key.
func RunChild(ctx context.Context, in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	var o order
	if err := dec.Decode(&o); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	if err := confine(o); err != nil {
		return tell(enc, err)
	}
	prep, err := prepare(ctx, o, enc)
	if err != nil {
		return tell(enc, err)
	}
	id := identity(o, prep)
	if err := enc.Encode(news{Prepared: preparedNews(id, prep)}); err != nil {
		return fmt.Errorf("tell: %w", err)
	}
	var on struct {
		On bool `json:"go"`
	}
	if err := dec.Decode(&on); err != nil || !on.On {
		return nil //nolint:nilerr // the parent has gone or has heard enough
	}
	ds, err := DatasetBy(prep.Profile.Dataset)
	if err != nil {
		return tell(enc, err)
	}
	staged, err := store.Stage(ctx, store.StageConfig{
		Dir: o.Dir, Submission: id[:16], Reporter: prep.Reporter,
		Engine:   store.EngineConfig{Threads: o.Threads, MemoryMiB: o.MemoryMiB},
		Progress: func(stage string, done, total int64) { _ = enc.Encode(news{Progress: &progress{stage, done, total}}) },
	}, ds, prep.Layout, judge)
	if err != nil {
		return tell(enc, err)
	}
	if err := enc.Encode(news{Staged: staged}); err != nil {
		return fmt.Errorf("tell: %w", err)
	}
	return nil
}

func prepare(ctx context.Context, o order, enc *json.Encoder) (*ingest.Prepared, error) {
	profiles, err := candidates(o.Profile, o.YAML)
	if err != nil {
		return nil, err
	}
	return ingest.Prepare(ctx, o.File, ingest.Options{
		Profiles: profiles, Dir: o.Dir, Limits: o.Limits, Now: o.Now, Given: o.Given,
		Columnar: store.ParquetReader{},
		Progress: func(stage string, done, total int64) { _ = enc.Encode(news{Progress: &progress{stage, done, total}}) },
	})
}

func preparedNews(id string, p *ingest.Prepared) *prepared {
	return &prepared{
		Identity: id, Dataset: p.Profile.Dataset, Profile: p.Profile.Name, Version: p.Profile.Version(), Tables: TablesVersion(), Digest: p.Digest,
		Fields: p.Fields, Covers: p.Covers, Action: p.Action, Scope: p.Scope, FilePeriod: p.FilePeriod,
		Controls: p.Controls, MayShare: p.MayRedistribute, Generated: p.Generated, Notes: p.Remarks,
	}
}

// tell sends an error to the parent, whose words people read.
func tell(enc *json.Encoder, err error) error {
	e, ok := errors.AsType[*guichet.Error](err)
	if !ok {
		e = &guichet.Error{Kind: guichet.KindInternal, Message: err.Error()}
	}
	if sendErr := enc.Encode(news{Error: &guichet.Error{Kind: e.Kind, Message: e.Message, Hint: e.Hint, Said: e.Said, Next: e.Next}}); sendErr != nil {
		return fmt.Errorf("tell: %w", sendErr)
	}
	return nil
}

// judge gives the verdicts of room harmonise on a group's keys.
func judge(g guichet.KeyGroup, keys [][]string) ([]guichet.Verdict, error) {
	j, err := harmonise.New(g)
	if err != nil {
		return nil, err
	}
	out := make([]guichet.Verdict, len(keys))
	for i, k := range keys {
		out[i] = j.Verdict(k)
	}
	return out, nil
}
