package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"guichet"
)

// A letter is an exchange that is no question for figures: a request for copies,
// a report of what became of them, a subscription, a request for notices. All go
// one way: JSON, signed; a reply sealed whole, that names letter and exchange; one
// leaf on each side.

// MediaLetter is the media type of the reply to a letter.
const MediaLetter = "application/vnd.guichet.letter"

// Bounds of letters.
const (
	MaxLetter = 1 << 20 // bytes of a letter; of its reply: MaxReply
	// MaxReport is of a report of copies, which names every copy that is kept and every
	// one that was removed: 20,000 of each, at a hundred bytes, and room.
	MaxReport = 8 << 20
	CopyPiece = 1 << 20 // bytes of a file of copies that one request gives
)

// The letters, by their paths.
const (
	LetterCopies    = "copies"
	LetterKept      = "copies/kept"
	LetterSubscribe = "subscriptions"
	LetterNotices   = "notices"
)

func letterNames() []string {
	return []string{LetterCopies, LetterKept, LetterSubscribe, LetterNotices}
}

// mostOf is how many bytes a letter may have.
func mostOf(name string) int {
	if name == LetterKept {
		return MaxReport
	}
	return MaxLetter
}

// Letters answers letters.
type Letters interface {
	// Letter replies to one; its leaf is durable when it returns. Errors as Desk's.
	Letter(ctx context.Context, name string, l Letter) (Said, error)
	// CopyPiece returns a piece of a file that was listed to a member, from a byte on:
	// empty at its end. KindNotFound for a file that was not listed to it, and
	// KindRefused where what permitted it holds no more: the two are told apart only
	// to whom it was listed.
	CopyPiece(ctx context.Context, to Visitor, file string, from int64) ([]byte, error)
}

// Letter is a letter as it came.
type Letter struct {
	Head   guichet.LetterHead
	Body   []byte
	Member guichet.Member
	Key    guichet.MemberKey
}

// letter serves the letters of one name.
func (s *Server) letter(name string) func(context.Context, *visit) error {
	return func(ctx context.Context, v *visit) error {
		l := Letter{Body: v.body, Member: v.visitor.Member, Key: v.visitor.Key}
		if err := readJSON(v.body, &l.Head, false); err != nil {
			return guichet.Errorf(guichet.KindInvalid, "the letter: %w", err)
		}
		if err := s.addressed(l); err != nil {
			return err
		}
		if err := s.refused.room(l.Member.Code, s.cfg.Clock()); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
		defer cancel()
		said, err := s.cfg.Letters.Letter(ctx, name, l)
		if err != nil {
			return fmt.Errorf("letter: %w", err)
		}
		if said.Refused {
			s.refused.add(l.Member.Code, s.cfg.Clock())
		}
		v.atLeaf(said.Leaf)
		return v.send(http.StatusOK, MediaLetter, said.Body)
	}
}

// addressed holds a letter's head against who sent it, and its shapes.
func (s *Server) addressed(l Letter) error {
	h := l.Head
	switch {
	case !shapes().exchange.MatchString(h.Exchange), !shapes().name.MatchString(h.From.Office), h.Officer != "" && !shapes().officer.MatchString(h.Officer), h.Purpose != "" && !shapes().name.MatchString(h.Purpose), len(h.Salt) != saltBytes, h.Put.IsZero():
		return guichet.Errorf(guichet.KindInvalid, "the letter's exchange, office, officer, purpose, salt or time is not as it must be")
	case h.From.Member != l.Member.Code:
		return guichet.Errorf(guichet.KindRefused, "the letter is from %s, and %s sent it", clip(h.From.Member, 10), l.Member.Code)
	case h.To != s.cfg.Us:
		return guichet.Errorf(guichet.KindInvalid, "the letter is to %s, and this is %s", clip(h.To, 10), s.cfg.Us)
	case h.From.Circle != s.cfg.Circle().Name:
		return guichet.Errorf(guichet.KindInvalid, "the letter is of the circle %s, and this is the circle %s", clip(h.From.Circle, 64), s.cfg.Circle().Name)
	}
	return nil
}

// copyPiece gives a piece of a file.
func (s *Server) copyPiece(ctx context.Context, v *visit) error {
	file := v.r.PathValue("file")
	if !shapes().digest.MatchString(file) {
		return guichet.Errorf(guichet.KindNotFound, "%q is no file of copies", clip(file, 80))
	}
	from, err := wholeNumber(v.r.URL.Query().Get("from"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	piece, err := s.cfg.Letters.CopyPiece(ctx, v.visitor, file, int64(from)) //nolint:gosec // of 63 bits
	if err != nil {
		return fmt.Errorf("piece of a copy: %w", err)
	}
	return v.send(http.StatusOK, MediaOctets, piece)
}

// Sent is what became of a letter of ours.
type Sent struct {
	Body  []byte // of the reply, verified; nil where there is none
	Reply guichet.LetterReply
	Gap   *guichet.Gap // why there is none, or the refusal
	Leaf  uint64       // of ours
	Peer  uint64       // of theirs
	Busy  bool         // asking again may help
}

// Letter sends a letter, whose head must have been made by NewRequest's like. What
// the member did is in the result; the error is ours. When it returns, a leaf is
// durable.
func (c *Client) Letter(ctx context.Context, m guichet.Member, name string, h guichet.LetterHead, body []byte, lang string) (Sent, error) {
	began := c.cfg.Clock()
	asking, cancel := context.WithTimeout(ctx, c.cfg.Limits.Ask+2*c.cfg.Limits.Fetch)
	defer cancel()
	r, err := c.letter(asking, m, call{method: http.MethodPost, path: name, media: MediaJSON, body: body, exchange: h.Exchange})
	busy := false
	if missed, ok := errors.AsType[*miss](err); ok {
		busy = missed.kind == guichet.KindBusy && missed.retry > 0
		// A path that a node does not know takes no body: it says that ours is too large,
		// which a letter within its bounds never is.
		if missed.status == http.StatusNotFound || missed.status == http.StatusRequestEntityTooLarge && len(body) <= mostOf(name) {
			missed.words = say("the node of %[1]s is of a version that knows no %[2]q: ask it to install a newer one", "le nœud de %[1]s est d’une version qui ne connaît pas %[2]q : demandez-lui d’en installer une plus récente", m.Code, name)
		}
	}
	req := guichet.Request{Exchange: h.Exchange, From: h.From, To: h.To, Officer: h.Officer, Purpose: h.Purpose, Salt: h.Salt, Question: guichet.Question{Lang: lang}}
	res, err := c.conclude(ctx, m, req, began, conclusion{received: r, asked: body, err: err})
	out := Sent{Gap: res.Gap, Leaf: res.Leaf, Peer: res.Peer, Busy: busy}
	if err == nil && res.Reply != nil {
		out.Body = r.said
		out.Reply = guichet.LetterReply{Exchange: h.Exchange, Member: m.Code, Decision: res.Reply.Decision, Rows: r.count}
	}
	return out, err
}

// letter sends it and reads the reply, verified and bound to it.
func (c *Client) letter(ctx context.Context, m guichet.Member, what call) (received, error) {
	resp, err := c.send(ctx, m, what)
	if err != nil {
		return received{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read whole, or given up
	if resp.StatusCode != http.StatusOK {
		return received{}, c.problemFrom(ctx, m, resp)
	}
	body, err := c.readWhole(ctx, m, resp, MaxReply)
	if err != nil {
		return received{}, err
	}
	r := received{said: body}
	if media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || media != MediaLetter {
		return r, garbled(m, guichet.Errorf(guichet.KindInvalid, "it is %q, and the reply to a letter is %s", clip(media, 80), MediaLetter))
	}
	if r.peer, r.receipt, err = leafOf(resp.Header); err != nil {
		return r, garbled(m, err)
	}
	head, err := readLetterReply(body, what.exchange, digestHex(what.body), m.Code)
	if err != nil {
		return r, garbled(m, err)
	}
	r.reply = guichet.Reply{Exchange: head.Exchange, Request: head.Request, Member: head.Member, Decision: head.Decision}
	r.count = head.Rows
	return r, nil
}

// readLetterReply reads what every reply to a letter begins with, and holds it
// against the letter: by its exchange, the digest of its body, and who was asked.
func readLetterReply(body []byte, exchange, request, member string) (guichet.LetterReply, error) {
	var head guichet.LetterReply
	if err := readJSON(body, &head, false); err != nil {
		return head, err
	}
	d := head.Decision
	switch {
	case head.Exchange != exchange, head.Request != request, head.Member != member:
		return head, guichet.Errorf(guichet.KindInvalid, "it is the reply to another letter, or of another member")
	case d.Agreement != "" && !shapes().name.MatchString(d.Agreement), len(d.Clause) > 256, d.Version < 0, head.Rows < 0, !d.Permitted && d.Clause == "":
		return head, guichet.Errorf(guichet.KindInvalid, "its decision is not as decisions are written")
	}
	return head, nil
}

// CopyPiece fetches a piece of a file that a member listed to us.
func (c *Client) CopyPiece(ctx context.Context, m guichet.Member, file string, from int64) ([]byte, error) {
	return c.file(ctx, m, LetterCopies+"/"+file, url.Values{"from": {strconv.FormatInt(from, 10)}})
}

// NewHead makes the head of a letter.
func NewHead(r guichet.Request) guichet.LetterHead {
	return guichet.LetterHead{Exchange: r.Exchange, From: r.From, To: r.To, Officer: r.Officer, Purpose: r.Purpose, Salt: r.Salt, Put: r.Put}
}

// ReadLetter reads a letter or its reply. known: a field that is not known refuses it.
func ReadLetter(body []byte, into any, known bool) error { return readJSON(body, into, known) }

// Sealed writes the reply to a letter and what its leaf says of it.
func (l Letter) Sealed(reply any, r guichet.LetterReply, at time.Time) ([]byte, guichet.Leaf, error) {
	body, err := json.Marshal(reply)
	if err != nil {
		return nil, guichet.Leaf{}, fmt.Errorf("write a reply to a letter: %w", err)
	}
	if len(body) > MaxReply {
		return nil, guichet.Leaf{}, guichet.Errorf(guichet.KindInvalid, "the reply takes %d KiB, more than one may: %d KiB", len(body)>>10, MaxReply>>10)
	}
	leaf := guichet.Leaf{
		Format: 1, Kind: guichet.LeafAnswered, Exchange: l.Head.Exchange, From: l.Head.From, To: l.Head.To, Officer: l.Head.Officer, Purpose: l.Head.Purpose,
		Agreement: r.Decision.Agreement, Version: r.Decision.Version, Clause: r.Decision.Clause,
		Request: SaltedDigest(l.Head.Salt, l.Body), Reply: SaltedDigest(l.Head.Salt, body), Rows: r.Rows, Time: at.UTC().Truncate(time.Second),
	}
	if !r.Decision.Permitted {
		leaf.Kind = guichet.LeafRefused
	}
	return body, leaf, nil
}

// Reply begins the reply to a letter.
func (l Letter) Reply(us string, d guichet.Decision, rows int) guichet.LetterReply {
	return guichet.LetterReply{Exchange: l.Head.Exchange, Request: digestHex(l.Body), Member: us, Decision: d, Rows: int64(rows)}
}
