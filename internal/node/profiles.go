package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"guichet"
	"guichet/internal/ingest"
	"guichet/internal/store"
)

// ProfileInfo describes a profile.
type ProfileInfo struct {
	Name    string       `json:"name"`
	Version string       `json:"version"`
	Title   guichet.Text `json:"title"`
	Country string       `json:"country"`
	Office  string       `json:"office"`
	Dataset string       `json:"dataset"`
	Source  string       `json:"source"`
	Licence string       `json:"licence"`
}

// FieldUse says what fills one field.
type FieldUse struct {
	Field    string `json:"field"`
	From     string `json:"from"` // "column x", "constant y", "judged from ...", "absent"
	Required bool   `json:"required"`
}

// ProfileReport says what a sample would become; nothing is kept of it.
type ProfileReport struct {
	Profile    ProfileInfo        `json:"profile"`
	Fields     []FieldUse         `json:"fields"`
	Sample     guichet.Submission `json:"sample"`
	Conformity float64            `json:"conformity"` // required fields filled, per cent
}

// Profiles returns the embedded profiles, by name.
func Profiles() ([]ProfileInfo, error) {
	all, err := ingest.Profiles()
	if err != nil {
		return nil, err
	}
	out := make([]ProfileInfo, len(all))
	for i, p := range all {
		out[i] = infoOf(p)
	}
	return out, nil
}

func infoOf(p *ingest.Profile) ProfileInfo {
	return ProfileInfo{
		Name: p.Name, Version: p.Version(), Title: p.Title, Country: p.Reporter, Office: p.Office,
		Dataset: p.Dataset, Source: p.Source, Licence: p.Licence,
	}
}

// CheckProfile checks a profile by name or file, and stages a sample by it in a
// folder that is removed again: what came in, what was put aside and why, which
// fields are filled.
func CheckProfile(ctx context.Context, cfg Config, profile, sample string, p guichet.Progress) (ProfileReport, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return ProfileReport{}, err
	}
	if p == nil {
		p = func(string, int64, int64) {}
	}
	yaml, err := profileFile(profile)
	if err != nil {
		return ProfileReport{}, err
	}
	found, err := candidates(profile, yaml)
	if err != nil {
		return ProfileReport{}, err
	}
	rep := ProfileReport{Profile: infoOf(found[0])}
	rep.Fields, rep.Conformity = conformity(found[0])
	if sample == "" {
		return rep, nil
	}
	if err := plainFile(sample); err != nil {
		return ProfileReport{}, err
	}
	dir, err := os.MkdirTemp("", "guichet-check-")
	if err != nil {
		return ProfileReport{}, fmt.Errorf("folder for the sample: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	n := &Node{cfg: cfg}
	in := &intake{n: n, req: IngestRequest{File: sample, Name: filepath.Base(sample), Profile: profile}, dir: dir, copied: sample}
	if in.copied, err = filepath.Abs(sample); err != nil {
		return ProfileReport{}, fmt.Errorf("sample: %w", err)
	}
	o := order{File: in.copied, Name: in.req.Name, Dir: filepath.Join(dir, "work"), Profile: profile, YAML: yaml, Now: cfg.Clock(), Threads: cfg.Threads, MemoryMiB: cfg.StageMiB}
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		return ProfileReport{}, fmt.Errorf("folder for the sample: %w", err)
	}
	prep, staged, err := n.spawn(ctx, o, func(*prepared) (bool, error) { return true, nil }, p)
	if err != nil {
		return ProfileReport{}, in.inWords(err)
	}
	if staged == nil {
		staged = &store.Staged{}
	}
	rep.Sample = *in.submission(prep, staged)
	return rep, nil
}

// conformity counts the required fields that a profile fills, after RECORD:
// filled required fields over required fields.
func conformity(p *ingest.Profile) ([]FieldUse, float64) {
	var out []FieldUse
	required, filled := 0, 0
	for _, u := range p.Conformity(Dataset()) {
		from := u.How
		if u.From != "" {
			from = u.How + " " + u.From
		}
		out = append(out, FieldUse{Field: u.Field, From: strings.TrimSpace(from), Required: u.Required})
		if !u.Required {
			continue
		}
		required++
		if u.How != "absent" {
			filled++
		}
	}
	if required == 0 {
		return out, 100
	}
	return out, 100 * float64(filled) / float64(required)
}
