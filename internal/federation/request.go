package federation

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"guichet"
)

// ParseRequest reads the body of a question. A field that is not known here
// refuses it with KindVersion: a condition that we pass over would answer more
// than was asked. KindInvalid for anything else that is not as it must be.
func ParseRequest(body []byte) (guichet.Request, error) {
	var req guichet.Request
	if err := readJSON(body, &req, true); err != nil {
		// encoding/json has no type for it; the prefix is part of its contract
		// with DisallowUnknownFields and is held by a test.
		if _, field, unknown := strings.Cut(err.Error(), "json: unknown field "); unknown {
			return guichet.Request{}, guichet.Errorf(guichet.KindVersion, "the question has a field that is not known here: %s", field).
				WithHint("ask without it, or ask the member to install a newer version")
		}
		return guichet.Request{}, guichet.Errorf(guichet.KindInvalid, "the question: %w", err)
	}
	return req, checkRequest(req)
}

// checkRequest holds the shapes of a request's fields, which leaves repeat; not
// whether it may be put.
func checkRequest(req guichet.Request) error {
	for _, f := range []struct {
		name, value string
		is          *regexp.Regexp
		must        string
	}{
		{"exchange", req.Exchange, shapes().exchange, "32 hexadecimal digits, small letters"},
		{"officer", req.Officer, shapes().officer, "16 hexadecimal digits, small letters"},
		{"from.circle", req.From.Circle, shapes().name, "small letters, digits and hyphens"},
		{"from.member", req.From.Member, shapes().member, "two capital letters"},
		{"from.office", req.From.Office, shapes().name, "small letters, digits and hyphens"},
		{"to", req.To, shapes().member, "two capital letters"},
		{"purpose", req.Purpose, shapes().name, "small letters, digits and hyphens"},
		{"question.dataset", req.Question.Dataset, shapes().dataset, "small letters, digits, hyphens and points"},
	} {
		if !f.is.MatchString(f.value) {
			return guichet.Errorf(guichet.KindInvalid, "the question's %s is %q, and must be %s", f.name, clip(f.value, 80), f.must)
		}
	}
	if req.Agreement != "" && !shapes().name.MatchString(req.Agreement) {
		return guichet.Errorf(guichet.KindInvalid, "the question's agreement is %q, and must be small letters, digits and hyphens", clip(req.Agreement, 80))
	}
	for name := range req.Question.Where {
		if !shapes().field.MatchString(name) {
			return guichet.Errorf(guichet.KindInvalid, "the question's where names %q, and names of fields must be small letters, digits and _", clip(name, 80))
		}
	}
	if req.Have != "" && !shapes().exchange.MatchString(req.Have) {
		return guichet.Errorf(guichet.KindInvalid, "the question's have is %q, and must be %s", clip(req.Have, 80), "32 hexadecimal digits, small letters")
	}
	if len(req.Salt) != saltBytes {
		return guichet.Errorf(guichet.KindInvalid, "the question's salt has %d bytes, and must have %d", len(req.Salt), saltBytes)
	}
	if req.Put.IsZero() || !req.Put.Equal(req.Put.Truncate(time.Second)) {
		return guichet.Errorf(guichet.KindInvalid, "the question's put is no time in whole seconds")
	}
	return nil
}

// shapeSet are the forms of names that cross the wire.
type shapeSet struct{ exchange, officer, digest, member, name, field, dataset *regexp.Regexp }

//nolint:gochecknoglobals // compiled once, never changed
var shapes = sync.OnceValue(func() shapeSet {
	return shapeSet{
		exchange: regexp.MustCompile(`^[0-9a-f]{32}$`),
		officer:  regexp.MustCompile(`^[0-9a-f]{16}$`),
		digest:   regexp.MustCompile(`^[0-9a-f]{64}$`),
		member:   regexp.MustCompile(`^[A-Z]{2}$`),
		field:    regexp.MustCompile(`^[a-z0-9_]{1,64}$`),
		dataset:  regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`), // of a subject and what it holds
		name:     regexp.MustCompile(`^[a-z0-9](?:[a-z0-9_-]{0,63})$`),
	}
})

// clip shortens a text from outside for a message, and takes out what could
// break a line or reorder it.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
