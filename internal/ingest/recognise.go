package ingest

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"

	"guichet"
	"guichet/wording"
)

// Attempt says how near a profile came to a file, and where it failed.
type Attempt struct {
	Profile string `json:"profile"`
	Score   int    `json:"score"` // 0 nothing fits, 100 it is the profile's
	Why     string `json:"why"`   // "" when it fits

	// remedy says what to do about it, "" nothing better than looking on; nil
	// none. It reads the beginning again, so only who is told it asks.
	remedy func() wording.Sentence
	said   wording.Sentence // Why
}

func (a *Attempt) because(why wording.Sentence) { a.Why, a.said = why.String(), why }

func (a Attempt) advice() wording.Sentence {
	if a.remedy == nil {
		return wording.Sentence{}
	}
	return a.remedy()
}

// UnrecognisedError is behind the error of a file that no profile fits.
type UnrecognisedError struct {
	Attempts []Attempt // the nearest first
}

// Error names the nearest.
func (u *UnrecognisedError) Error() string {
	if len(u.Attempts) == 0 {
		return "no profile was looked at"
	}
	return u.Attempts[0].Profile + ": " + u.Attempts[0].Why
}

// How much of a file is looked at to recognise it.
const (
	headBytes     = 64 << 10
	sampleMembers = 8
	sampleBytes   = 8 << 20 // unpacked, over all members
)

// sampled is one member and how it begins.
type sampled struct {
	name   string
	head   []byte
	all    bool    // the head is the whole member
	packed string  // the format of archive that the member is itself; "" none
	says   *tabled // what it says of its own columns; nil where its format says nothing
}

// sample is what recognising looks at.
type sample struct {
	container string
	members   []sampled
	size      int64
}

// sample reads the beginnings of the first members.
func (f *original) sample(ctx context.Context) (sample, error) {
	s := sample{container: f.container, size: f.size}
	read := 0
	err := f.walk(ctx, func(member string, r io.Reader) error {
		head, err := readUpTo(r, headBytes)
		if err != nil {
			return f.readError(member, err)
		}
		m := sampled{name: member, head: head, all: len(head) < headBytes}
		if f.container != containerNone {
			m.packed = signed(head, archives())
		}
		s.members = append(s.members, m)
		if f.container == containerNone || f.container == containerGzip || len(s.members) == sampleMembers {
			return errStop
		}
		rest, err := io.Copy(io.Discard, io.LimitReader(r, sampleBytes))
		if err != nil {
			return f.readError(member, err)
		}
		if read += len(head) + int(rest); read >= sampleBytes {
			return errStop
		}
		return nil
	})
	if err == nil && len(s.members) == 0 {
		err = guichet.Errorf(guichet.KindInvalid, "%s holds no file", f.name)
	}
	if err == nil && len(s.members) == 1 && len(s.members[0].head) == 0 {
		err = guichet.Errorf(guichet.KindInvalid, "%s is empty once it is unpacked", f.name)
	}
	return s, err
}

// recognise finds the one profile that fits a sample.
func (f *original) recognise(s sample, candidates []*Profile) (*Profile, error) {
	var fit []*Profile
	attempts := make([]Attempt, 0, len(candidates))
	for _, p := range candidates {
		form, a := p.attemptForms(s)
		attempts = append(attempts, a)
		if a.Score == 100 {
			fit = append(fit, form)
		}
	}
	slices.SortStableFunc(attempts, func(a, b Attempt) int { return b.Score - a.Score })
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		if packed := s.packedFor(attempts, candidates); packed != "" {
			return nil, packedTwice(f.name, packed)
		}
		return nil, f.unrecognised(s, attempts)
	}
	var all []string
	for _, p := range fit {
		all = append(all, p.Name)
	}
	return nil, guichet.Errorf(guichet.KindInvalid, "%s fits %d profiles: %s", f.name, len(fit), strings.Join(all, ", ")).
		WithHint("say which with --profile")
}

// packedFor returns the format of a member that is an archive itself, "" where
// there is none, or where the nearest profile passes over it: a note in .docx,
// which is a zip, may stand beside what is read.
func (s sample) packedFor(attempts []Attempt, candidates []*Profile) string {
	var nearest *Profile
	for _, p := range candidates {
		if len(attempts) > 0 && attempts[0].Score > 0 && p.Name == attempts[0].Profile {
			nearest = p
		}
	}
	for _, m := range s.members {
		if m.packed != "" && (nearest == nil || !nearest.ignores(m.name)) {
			return m.packed
		}
	}
	return ""
}

// unrecognised says what was looked at, which profile came nearest and where it
// failed.
func (f *original) unrecognised(s sample, attempts []Attempt) error {
	looked, other := s.look()
	why := &UnrecognisedError{Attempts: attempts}
	var e *guichet.Error
	unfit := func(format string, args ...any) {
		e = guichet.Errorf(guichet.KindUnrecognised, format, args...)
		e.Err = why
	}
	switch {
	case len(attempts) == 1 && other:
		unfit("%s does not fit the profile %s: it is %s", f.name, attempts[0].Profile, looked)
	case len(attempts) == 1:
		unfit("%s does not fit the profile %s: %s; it is %s", f.name, attempts[0].Profile, attempts[0].said, looked)
		e = e.WithHint("`guichet profile list` names the profiles; leave --profile out to let the file be recognised")
	case len(attempts) == 0 || attempts[0].Score == 0:
		unfit("no profile recognises %s: it is %s", f.name, looked)
		e = e.WithHint("`guichet profile list` names the profiles; `guichet profile draft FILE` proposes one, and --profile FILE reads it by one of your own (docs/design/profiles.md)")
	default:
		unfit("no profile recognises %s: it is %s; the nearest is %s, but %s", f.name, looked, attempts[0].Profile, attempts[0].said)
		e = e.WithHint("`guichet profile list` names the profiles; `guichet profile draft FILE` proposes one, and --profile FILE reads it by one of your own (docs/design/profiles.md)")
	}
	if other {
		return e.WithHint("save the table as CSV in UTF-8 and take that in")
	}
	if len(attempts) == 1 {
		if do := attempts[0].advice(); do.Of != "" {
			return e.WithHint("%s", do)
		}
	}
	return e
}

// look says what the sample is, for people, and whether it is a format that
// people send in place of text.
func (s sample) look() (what wording.Sentence, other bool) {
	if s.workbook() {
		return wording.Say("an Excel workbook"), true
	}
	what = wording.Plain(map[string]string{containerNone: "a plain file", containerGzip: "a gzip file", containerZip: "a zip", containerTar: "a tar", containerTarGz: "a tar.gz"}[s.container])
	if len(s.members) == 0 {
		return what, false
	}
	m := s.members[0]
	if m.name != "" {
		what = wording.Say("%s whose first member is %s", what, shorten(m.name))
	}
	if is := signed(m.head, append(others(), archives()...)); is != "" {
		return wording.Say("%s, %s", what, is), is != parquetName && signed(m.head, others()) != ""
	}
	line, _, _ := bytes.Cut(bytes.TrimPrefix(m.head, []byte(byteOrderMark)), []byte("\n"))
	return wording.Say("%s, first line \"%s\"", what, shorten(strings.TrimRight(string(line[:min(len(line), 400)]), "\r"))), false
}

// workbook says whether the members are those of an Excel workbook, a zip of
// XML (ECMA-376, Office Open XML: the part [Content_Types].xml, and the sheets
// under xl/).
func (s sample) workbook() bool {
	types := slices.ContainsFunc(s.members, func(m sampled) bool { return m.name == "[Content_Types].xml" })
	return types && slices.ContainsFunc(s.members, func(m sampled) bool { return strings.HasPrefix(m.name, "xl/") })
}

// attempt looks at whether the profile fits a sample. Each step that holds
// raises the score, the last to 100.
func (p *Profile) attempt(s sample) Attempt {
	a := Attempt{Profile: p.Name}
	if len(p.Format.Container) > 0 && !slices.Contains(p.Format.Container, s.container) {
		a.because(wording.Say("it reads %s, not %s", strings.Join(p.Format.Container, " or "), s.container))
		// A member packed otherwise may still be the right text: look on for the score.
		if s.container == containerZip || s.container == containerTarGz || s.container == containerTar {
			return a
		}
		if score, why := p.fits(s.members[0]); score > 0 {
			a.Score = score / 2
			if why.Of != "" {
				a.because(wording.Say("%s; and %s", a.said, why))
			}
		}
		return a
	}
	m, why := p.pick(s)
	if why.Of != "" {
		a.because(why)
		return a
	}
	score, why := p.fits(m)
	a.Score, a.remedy = score, func() wording.Sentence { return p.remedy(m) }
	a.because(why)
	if p.Format.Members != "" && score < 100 {
		a.Score = min(score+5, 99)
	}
	return a
}

// pick finds the member of the sample that the profile reads.
func (p *Profile) pick(s sample) (sampled, wording.Sentence) {
	if p.Format.Members == "" {
		for _, m := range s.members {
			if !p.ignores(m.name) {
				return m, wording.Sentence{}
			}
		}
		return sampled{}, wording.Say("it ignores every member")
	}
	re := regexp.MustCompile(`^(?:` + p.Format.Members + `)$`)
	for _, m := range s.members {
		if re.MatchString(m.name) {
			return m, wording.Sentence{}
		}
	}
	return sampled{}, wording.Say("no member's name is like %s", p.Format.Members)
}

func (p *Profile) ignores(member string) bool {
	return p.Format.Ignore != "" && regexp.MustCompile(`^(?:`+p.Format.Ignore+`)$`).MatchString(member)
}

// fits compares a member's beginning with the profile: 100 and "", or how near
// it came and where it failed.
func (p *Profile) fits(m sampled) (score int, why wording.Sentence) {
	head := p.decodeHead(m.head)
	switch p.Format.Kind {
	case kindArrays:
		return p.fitsArrays(head)
	case kindParquet:
		return p.fitsParquet(m.says)
	case kindObjects:
		return p.fitsObjects(head)
	case kindRecords:
		return p.fitsRecords(head, m.all)
	}
	return p.fitsCSV(head, m.all)
}

// decodeHead reads a beginning in the first encoding in which it is valid.
func (p *Profile) decodeHead(b []byte) []byte {
	for _, e := range p.Format.encodings() {
		out, err := io.ReadAll(newTextReader(bytes.NewReader(b), e, 0))
		if err == nil || len(out) > 0 && len(b)-len(out) <= len(byteOrderMark)+3 { // a character cut by the end of the sample
			return out
		}
	}
	return bytes.TrimPrefix(b, []byte(byteOrderMark))
}
