package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"guichet"
	"guichet/internal/ingest/draft"
)

// How much of a file is looked at to draft from it. A plain file of any size
// costs at most 5 MiB of reading; a packed one must be inflated from its
// beginning, and is left after 64 MiB.
const (
	glimpseHead    = 1 << 20   // from the beginning, of a member 256 KiB
	glimpseMember  = 256 << 10 //
	glimpsePieces  = 32        // places spread over the rest
	glimpsePiece   = 128 << 10
	glimpseInflate = 64 << 20
	glimpseMembers = 64
)

// piece is a stretch of whole lines.
type piece struct {
	member string
	text   []byte
	head   bool // it begins the file or the member
	whole  bool // it is all of it
}

// glimpse is a sample of a file.
type glimpse struct {
	pieces []piece
	names  []string // of all members that were met
	whole  bool     // nothing was left out
}

// glimpse reads the sample.
func (f *original) glimpse(ctx context.Context) (glimpse, error) {
	var g glimpse
	var err error
	if f.container == containerNone {
		g, err = f.glimpsePlain()
	} else {
		g, err = f.glimpsePacked(ctx)
	}
	if err != nil {
		return glimpse{}, err
	}
	if len(g.pieces) == 0 {
		return glimpse{}, guichet.Errorf(guichet.KindInvalid, "%s holds no file", f.name)
	}
	for _, p := range g.pieces {
		if is := signed(p.text, append(others(), archives()...)); p.head && is != "" {
			return glimpse{}, notDraftable(f.name, is, "save the table as CSV in UTF-8, or write the profile by hand (docs/design/profiles.md)")
		}
	}
	if slices.Contains(g.names, "xl/workbook.xml") {
		return glimpse{}, notDraftable(f.name, "an Excel workbook", "save the sheet as CSV in UTF-8 and draft from that")
	}
	return g, nil
}

// glimpsePlain reads the beginning of a plain file and places spread over it.
func (f *original) glimpsePlain() (glimpse, error) {
	h, err := f.open()
	if err != nil {
		return glimpse{}, err
	}
	defer func() { _ = h.Close() }()
	head, err := readUpTo(h, glimpseHead)
	if err != nil {
		return glimpse{}, f.readError("", err)
	}
	whole := int64(len(head)) == f.size
	g := glimpse{whole: whole, pieces: []piece{{text: cutLines(head, true, whole), head: true, whole: whole}}}
	rest := f.size - glimpseHead
	if rest < glimpsePieces*glimpsePiece { // too little to jump about in: read it all
		if rest > 0 {
			tail, err := f.readAt(h, glimpseHead, rest)
			g.pieces = append(g.pieces, piece{text: cutLines(tail, false, true)})
			return g, err
		}
		return g, nil
	}
	for i := range int64(glimpsePieces) {
		at := glimpseHead + i*(rest-glimpsePiece)/(glimpsePieces-1)
		b, err := f.readAt(h, at, glimpsePiece)
		if err != nil {
			return glimpse{}, err
		}
		g.pieces = append(g.pieces, piece{text: cutLines(b, false, i == glimpsePieces-1)})
	}
	return g, nil
}

func (f *original) readAt(h *os.File, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := h.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, f.readError("", err)
	}
	return b[:got], nil
}

// glimpsePacked reads the beginnings of members and, of a single one, places
// that are passed while it is inflated.
func (f *original) glimpsePacked(ctx context.Context) (glimpse, error) {
	g := glimpse{whole: true}
	inflated := 0
	err := f.walk(ctx, func(member string, r io.Reader) error {
		g.names = append(g.names, member)
		first := glimpseMember
		if f.container == containerGzip {
			first = glimpseHead
		}
		head, err := readUpTo(r, first)
		if err != nil {
			return f.readError(member, err)
		}
		if c := signed(head, archives()); c != "" {
			return packedTwice(f.name, c)
		}
		whole := len(head) < first
		inflated += len(head)
		g.whole = g.whole && whole
		g.pieces = append(g.pieces, piece{member: member, text: cutLines(head, true, whole), head: true, whole: whole})
		const step = 2 << 20
		for !whole && inflated < glimpseInflate {
			n, err := io.Copy(io.Discard, io.LimitReader(r, step))
			inflated += int(n)
			if err != nil {
				return f.readError(member, err)
			}
			if n < step {
				break
			}
			b, err := readUpTo(r, glimpsePiece)
			if err != nil {
				return f.readError(member, err)
			}
			inflated += len(b)
			g.pieces = append(g.pieces, piece{member: member, text: cutLines(b, false, len(b) < glimpsePiece)})
		}
		if inflated >= glimpseInflate || len(g.names) == glimpseMembers {
			g.whole = false
			return errStop
		}
		return nil
	})
	return g, err
}

// cutLines leaves whole lines: without the rest of a line in front, unless the
// stretch begins a text, and without the beginning of one at its end, unless it
// ends it.
func cutLines(b []byte, begins, ends bool) []byte {
	if !begins {
		_, b, _ = bytes.Cut(b, []byte{'\n'})
	}
	if !ends {
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return b[:i+1]
		}
		return wholeRunes(b) // JSON in one line
	}
	return b
}

// wholeRunes takes a character that is cut off the end: it is no sign of another
// encoding.
func wholeRunes(b []byte) []byte {
	for back := 1; back <= min(utf8.UTFMax-1, len(b)); back++ {
		if last := b[len(b)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return b[:len(b)-back]
			}
			break
		}
	}
	return b
}

// like keeps the pieces of those members of an archive that are tables like
// one another, and says in the shape which names they have. An archive of two
// different tables is refused: a profile reads one.
func (g glimpse) like(file string, s *draft.Shape) ([]piece, error) {
	if len(g.names) <= 1 {
		return g.pieces, nil
	}
	first := map[string][]string{} // first line -> members
	for _, p := range g.pieces {
		if p.head {
			line, _, _ := bytes.Cut(p.text, []byte{'\n'})
			key := strings.ToLower(path.Ext(p.member)) + "\n" + strings.TrimSpace(string(line))
			if json := bytes.TrimLeft(line, " \t\r\n\ufeff"); len(json) > 0 && (json[0] == '[' || json[0] == '{') {
				key = strings.ToLower(path.Ext(p.member)) + "\n" + string(json[0])
			}
			first[key] = append(first[key], p.member)
		}
	}
	var best string
	for key, members := range first {
		table := strings.ContainsAny(key, ",;\t|[{")
		if table && (best == "" || len(members) > len(first[best]) || len(members) == len(first[best]) && key < best) {
			best = key
		}
	}
	ext, _, _ := strings.Cut(best, "\n")
	for key, members := range first {
		if other, _, _ := strings.Cut(key, "\n"); key != best && (best == "" || other == ext) {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s holds tables that differ: %s and %s", file, shorten(members[0]), shorten(append(first[best], "...")[0])).
				WithHint("unpack it and draft a profile from each")
		}
	}
	s.Members = `.*` + regexp.QuoteMeta(ext)
	var ignored []string
	for key := range first {
		if other, _, _ := strings.Cut(key, "\n"); key != best && !slices.Contains(ignored, `.*`+regexp.QuoteMeta(other)) {
			ignored = append(ignored, `.*`+regexp.QuoteMeta(other))
		}
	}
	slices.Sort(ignored)
	s.Ignore = strings.Join(ignored, "|")
	return slices.DeleteFunc(slices.Clone(g.pieces), func(p piece) bool { return !slices.Contains(first[best], p.member) }), nil
}
