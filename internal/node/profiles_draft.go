package node

import (
	"context"
	"errors"
	"fmt"
	"os"

	"guichet"
	"guichet/internal/ingest"
)

// ProfileAnswers are what whoever drafts a profile says beforehand; "" for what
// is not said.
type ProfileAnswers struct {
	Name, Reporter, Office, Source, Licence string
	Currency, Flow, Valuation               string
	Redistribute                            string // "true" or "false"
}

// ProfileDoubt is a guess of a draft, or what only a person can decide.
type ProfileDoubt struct {
	Line  int          `json:"line"` // of the draft
	About string       `json:"about"`
	Text  guichet.Text `json:"text"`
	Open  bool         `json:"open"`  // a check refuses the draft until it is decided
	Minor bool         `json:"minor"` // why a column is ignored that holds nothing new
}

// ProfileColumn says what a column was taken for.
type ProfileColumn struct {
	Column string  `json:"column"`
	Role   string  `json:"role"`  // the field that it fills, "ignored", "control" or "undecided"
	Share  float64 `json:"share"` // of its distinct values that speak for it, 0 where not counted
}

// ProfileDraft is a proposed profile.
type ProfileDraft struct {
	YAML    string
	Rows    int // looked at
	Columns []ProfileColumn
	Doubts  []ProfileDoubt // in the order of their lines
}

// DraftProfile looks at a file that no profile knows and proposes one, with
// comments in the language lang. It needs no home and keeps nothing.
//
// Errors are *guichet.Error, as ingest.Draft returns them.
func DraftProfile(ctx context.Context, cfg Config, file string, a ProfileAnswers, lang string) (ProfileDraft, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return ProfileDraft{}, err
	}
	d, err := ingest.Draft(ctx, file, ingest.Options{Now: cfg.Clock()}, ingest.Answers(a), lang)
	if err != nil {
		return ProfileDraft{}, err
	}
	out := ProfileDraft{YAML: d.YAML, Rows: d.Rows}
	for _, c := range d.Columns {
		out.Columns = append(out.Columns, ProfileColumn(c))
	}
	for _, x := range d.Doubts {
		out.Doubts = append(out.Doubts, ProfileDoubt(x))
	}
	return out, nil
}

// ProfileText returns the text of an embedded profile. The error is
// KindNotFound when there is none of that name.
func ProfileText(name string) ([]byte, error) {
	text, err := ingest.ProfileText(name)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no profile %q", name).WithHint("list them: guichet profile list")
	}
	return text, nil
}

// SaveProfile writes a profile to a new file, whole or not at all. It never
// writes over a file: somebody may have worked on it.
func SaveProfile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the operator names it; a profile is no secret
	if errors.Is(err, os.ErrExist) {
		return guichet.Errorf(guichet.KindInvalid, "there is a file %s already", path).WithHint("name another with --out, or move that one away")
	}
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "the profile cannot be written: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("write the profile: %w", err)
	}
	return nil
}
