package ingest

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"guichet"
	"guichet/internal/ingest/draft"
	"guichet/wording"
)

// Drafted is a proposed profile with its doubts.
type Drafted = draft.Draft

// Doubt is a guess of a draft, or what only a person can decide.
type Doubt = draft.Doubt

// Answers are what whoever drafts a profile says beforehand.
type Answers = draft.Answers

// Draft looks at a file that no profile knows and proposes one. Comments stand
// in the language lang, "en" or "fr".
//
// It reads a sample: the beginning and places spread over the file, of an
// archive the beginnings of its first members, bounded in bytes, so that a
// large file takes no longer than a small one. What an unread part holds it
// cannot know.
//
// Errors are *guichet.Error: KindNotFound; KindUnrecognised for a file that
// cannot be drafted from, such as a workbook or lines of fixed length, whose
// columns only the office's layout tells apart; KindInvalid and KindHostile for
// one at fault.
func Draft(ctx context.Context, file string, o Options, a Answers, lang string) (Drafted, error) {
	f, err := openOriginal(file, o)
	if err != nil {
		return Drafted{}, err
	}
	if err := checkAnswers(a); err != nil {
		return Drafted{}, err
	}
	g, err := f.glimpse(ctx)
	if err != nil {
		return Drafted{}, err
	}
	t := draft.Table{File: filepath.Base(f.name), Whole: g.whole}
	pieces, err := g.like(f.name, &t.Shape)
	if err != nil {
		return Drafted{}, err
	}
	texts, err := decodePieces(f.name, pieces, &t.Shape)
	if err != nil {
		return Drafted{}, err
	}
	if err := tableOf(f.name, texts, &t); err != nil {
		return Drafted{}, err
	}
	if len(t.Rows) == 0 {
		return Drafted{}, guichet.Errorf(guichet.KindInvalid, "%s has no line of data to draft from", f.name).WithHint("draft from a file of a month with trade in it")
	}
	return draft.Propose(t, a, lang), f.unchanged()
}

// checkAnswers refuses answers that the profile could not hold.
func checkAnswers(a Answers) error {
	c := &checker{faulter: faulter{p: &Profile{}}, d: &guichet.Dataset{}}
	if a.Reporter != "" {
		c.listed("reporter", "CL_AREA", a.Reporter)
	}
	if a.Currency != "" {
		c.listed("currency", "ISO4217", a.Currency)
	}
	c.listed("flow", "CL_FLOW", a.Flow)
	c.listed("valuation", "CL_VALUATION", a.Valuation)
	if a.Redistribute != "" {
		c.oneOf("redistribute", a.Redistribute, "true", "false")
	}
	if a.Name != "" && !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(a.Name) {
		c.at("name", "%q must be lower-case letters and digits, joined by hyphens", a.Name)
	}
	for name, v := range map[string]string{"office": a.Office, "source": a.Source, "licence": a.Licence} {
		if v == draft.FillMe || strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r == utf8.RuneError }) {
			c.at(name, "%q is no text that a profile can hold", shorten(v))
		}
	}
	if len(c.faults) == 0 {
		return nil
	}
	all := make([]wording.Sentence, len(c.faults))
	for i, x := range c.faults {
		all[i] = x.text
	}
	slices.SortFunc(all, func(a, b wording.Sentence) int { return strings.Compare(a.String(), b.String()) })
	return guichet.Errorf(guichet.KindInvalid, "what was said of the profile cannot stand in it: %s", wording.Several(all, "; ")).
		WithHint("leave it out: the draft then says %q where it belongs", draft.FillMe)
}

// decodePieces turns the pieces into text, and says in which encoding.
func decodePieces(name string, pieces []piece, s *draft.Shape) ([]piece, error) {
	valid := true
	for i := range pieces {
		b := pieces[i].text
		if bytes.IndexByte(b, 0) >= 0 {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s holds NUL bytes: it is no text", name).
				WithHint("the file may be damaged, or be UTF-16 or a binary format; ask the office for UTF-8 text")
		}
		valid = valid && utf8.Valid(b)
	}
	if valid {
		for i := range pieces {
			pieces[i].text = bytes.TrimPrefix(pieces[i].text, []byte(byteOrderMark))
		}
		return pieces, nil
	}
	// Windows-1252 has all the signs of Latin-1, and offices' spreadsheets write it.
	s.Encoding = []string{utf8Name, windows1252Name}
	chars := table(windows1252Name)
	for i := range pieces {
		out := make([]byte, 0, len(pieces[i].text)+64)
		for _, c := range pieces[i].text {
			out = utf8.AppendRune(out, chars[c])
		}
		pieces[i].text = out
	}
	return pieces, nil
}

// notDraftable refuses what is no text, in words.
func notDraftable(name, what, hint string) error {
	return guichet.Errorf(guichet.KindUnrecognised, "%s cannot be drafted from: it is %s", name, what).WithHint("%s", hint)
}
