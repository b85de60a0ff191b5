package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/ingest"
	"guichet/internal/store"
	"guichet/trade"
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
	// Given is what whoever takes in a file of it must say.
	Given []ProfileGiven `json:"given,omitempty"`
}

// ProfileGiven is a thing that a file does not say.
type ProfileGiven struct {
	Name string       `json:"name"`
	Why  guichet.Text `json:"why"`
}

// FieldUse says what fills one field.
type FieldUse struct {
	Field    string `json:"field"`
	From     string `json:"from"` // "column x", "constant y", "judged from ...", "absent"
	How      string `json:"how"`  // column, constant, judged, house, absent; of several records joined by commas
	Required bool   `json:"required"`
	// Filled is the share of a sample's records that hold something in the
	// field, nil without a sample.
	Filled *float64 `json:"filled,omitempty"`
	// WCO are the data elements of the WCO Data Model that say the same.
	WCO []trade.WCOElement `json:"wco"`
}

// ProfileReport says what a profile fills and what a sample would become;
// nothing is kept of it.
type ProfileReport struct {
	Profile    ProfileInfo         `json:"profile"`
	Fields     []FieldUse          `json:"fields"`
	Sample     *guichet.Submission `json:"sample"`     // nil without one
	Conformity float64             `json:"conformity"` // required fields filled, per cent
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
	out := ProfileInfo{
		Name: p.Name, Version: p.Version(), Title: p.Title, Country: p.Reporter, Office: p.Office,
		Dataset: p.Dataset, Source: p.Source, Licence: p.Licence,
	}
	for _, g := range p.Given {
		out.Given = append(out.Given, ProfileGiven{g.Name, g.Why})
	}
	return out
}

// CheckProfile checks a profile by name or file, and says field by field what
// it fills. A sample, unless it is "", is staged by it in a folder that is
// removed again: what came in, what was put aside and why, and in how many of
// the records each field is filled.
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
	rep.Sample = in.submission(prep, staged)
	countFilled(datasetOf(found[0]), rep.Sample, rep.Fields)
	return rep, nil
}

// countFilled puts to each field of a row the share of the sample's records in
// which it is filled.
func countFilled(ds *guichet.Dataset, sample *guichet.Submission, fields []FieldUse) {
	if sample.Records == 0 {
		return
	}
	for i := range fields {
		at := slices.IndexFunc(sample.FieldCounts, func(c guichet.FieldCount) bool { return c.Field == fields[i].Field })
		share := 0.0
		if at >= 0 {
			share = float64(sample.FieldCounts[at].Filled) / float64(sample.Records)
		}
		if f, ok := ds.Field(fields[i].Field); ok && f.Place == guichet.InSubmission {
			share = map[bool]float64{false: 1}[fields[i].How == absent]
		}
		fields[i].Filled = &share
	}
}

// absent is how a field is filled that nothing fills.
const absent = "absent"

// datasetOf is what a profile fills; a checked profile names one that is held.
func datasetOf(p *ingest.Profile) *guichet.Dataset {
	ds, err := DatasetBy(p.Dataset)
	if err != nil {
		return Dataset()
	}
	return ds
}

// conformity counts the required fields that a profile fills, after RECORD:
// filled required fields over required fields.
func conformity(p *ingest.Profile) ([]FieldUse, float64) {
	var out []FieldUse
	required, filled := 0, 0
	ds := datasetOf(p)
	for _, u := range p.Conformity(ds) {
		from := u.How
		if u.From != "" {
			from = u.How + " " + u.From
		}
		use := FieldUse{Field: u.Field, From: strings.TrimSpace(from), How: u.How, Required: u.Required}
		if f, _ := ds.Field(u.Field); ds.Name == Dataset().Name { // the WCO's data model is of goods
			use.WCO = trade.WCO(f.ID)
		}
		out = append(out, use)
		if !u.Required {
			continue
		}
		required++
		if u.How != absent {
			filled++
		}
	}
	if required == 0 {
		return out, 100
	}
	return out, 100 * float64(filled) / float64(required)
}
