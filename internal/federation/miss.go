package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"guichet"
	"guichet/wording"
)

// miss is why nothing that can be used came from a member: the reason for
// machines, a sentence for people, and the cause for the operator.
type miss struct {
	reason guichet.GapReason
	words  guichet.Text
	kind   guichet.Kind // of a problem that the member told; "" otherwise
	status int          // of HTTP that it came with; 0 otherwise
	retry  time.Duration
	err    error
	quoted error // whose own sentence stands in words, in English; nil: nobody's
}

// Error says in English why.
func (m *miss) Error() string { return m.words.EN }

// Unwrap returns the cause.
func (m *miss) Unwrap() error { return m.err }

// gap is the miss as people see it.
func (m *miss) gap(member, lang string, words func(error) guichet.Text) *guichet.Gap {
	text := m.words
	if m.quoted != nil && words != nil {
		text.FR = strings.Replace(text.FR, told(m.quoted), clip(words(m.quoted).In("fr"), 400), 1)
	}
	return &guichet.Gap{Reporter: member, Member: member, Reason: m.reason, Text: text.In(lang)}
}

// fault is the miss as an error of a fetch.
func (m *miss) fault() error {
	kind := m.kind
	if kind == "" {
		kind = map[guichet.GapReason]guichet.Kind{
			guichet.GapUntrusted: guichet.KindUntrusted, guichet.GapGarbled: guichet.KindInvalid, guichet.GapRefused: guichet.KindRefused,
		}[m.reason]
	}
	if kind == "" {
		kind = guichet.KindBusy
	}
	return &guichet.Error{Kind: kind, Message: m.words.EN, Err: m, Said: wording.Say("%s", m.words)}
}

// say writes a sentence in both languages from the same facts.
func say(en, fr string, args ...any) guichet.Text {
	return guichet.Text{EN: fmt.Sprintf(en, args...), FR: fmt.Sprintf(fr, args...)}
}

// outcome is how a call failed.
type outcome struct {
	err      error
	endpoint string
	reached  bool // there was a connection
}

// unheard says what it means that a call got no response.
func unheard(ctx context.Context, m guichet.Member, o outcome) error {
	out, endpoint := &miss{reason: guichet.GapSilent, err: o.err}, o.endpoint
	alert, isRemote := errors.AsType[*net.OpError](o.err)
	_, isName := errors.AsType[*net.DNSError](o.err)
	switch {
	case isRemote && alert.Op == "remote error": // what crypto/tls calls an alert of the other side
		out.reason = guichet.GapRefused
		out.words = say("%[1]s does not accept our certificate (%[2]s): the circle may not name our key yet, or no more", "%[1]s n’accepte pas notre certificat (%[2]s) : le cercle ne nomme peut-être pas encore notre clé, ou plus", m.Code, alert.Err)
	case guichet.KindOf(o.err) == guichet.KindUntrusted:
		out.reason, out.quoted = guichet.GapUntrusted, o.err
		out.words = say("who answers at %[2]s does not hold a key of %[1]s: %[3]s", "qui répond à %[2]s ne détient aucune clé de %[1]s : %[3]s", m.Code, endpoint, told(o.err))
	case o.reached && errors.Is(ctx.Err(), context.DeadlineExceeded):
		out.reason = guichet.GapLate
		out.words = say("%[1]s was reached and did not answer within its time", "%[1]s a été joint et n’a pas répondu à temps", m.Code)
	case o.reached && ctx.Err() != nil:
		out.reason = guichet.GapLate
		out.words = say("%[1]s was reached, and we stopped waiting for its answer", "%[1]s a été joint, et nous avons cessé d’attendre sa réponse", m.Code)
	case ctx.Err() != nil:
		out.words = say("%[1]s cannot be reached: no connection to %[2]s came about in time", "%[1]s est injoignable : aucune connexion à %[2]s n’a abouti à temps", m.Code, endpoint)
	case errors.Is(o.err, syscall.ECONNREFUSED):
		out.words = say("%[1]s cannot be reached: nobody listens at %[2]s", "%[1]s est injoignable : personne n’écoute à %[2]s", m.Code, endpoint)
	case isName:
		out.words = say("%[1]s cannot be reached: the name of %[2]s is not known", "%[1]s est injoignable : le nom de %[2]s est inconnu", m.Code, endpoint)
	case o.reached, errors.Is(o.err, syscall.ECONNRESET), errors.Is(o.err, syscall.EPIPE), errors.Is(o.err, io.EOF):
		out.words = say("the connection to %[1]s broke off before it answered", "la connexion avec %[1]s s’est rompue avant sa réponse", m.Code)
	default:
		out.words = say("%[1]s cannot be reached at %[2]s: %[3]s", "%[1]s est injoignable à %[2]s : %[3]s", m.Code, endpoint, clip(plainly(o.err).Error(), 200))
	}
	return out
}

// plainly is an error of a call without its method and address, which its sentence has.
func plainly(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// brokeOff says what it means that a response did not come whole.
func (c *Client) brokeOff(ctx context.Context, m guichet.Member, err error) error {
	out := &miss{reason: guichet.GapSilent, err: err}
	switch {
	case errors.Is(context.Cause(ctx), errIdle):
		out.reason = guichet.GapLate
		out.words = say("the answer of %[1]s stood still for too long", "la réponse de %[1]s est restée trop longtemps immobile", m.Code)
	case ctx.Err() != nil:
		out.reason = guichet.GapLate
		out.words = say("the answer of %[1]s was not whole within its time", "la réponse de %[1]s n’était pas complète à temps", m.Code)
	default:
		out.words = say("the connection to %[1]s broke off before its answer was whole", "la connexion avec %[1]s s’est rompue avant la fin de sa réponse", m.Code)
	}
	return out
}

// untrusted says what it means that a response is not signed as it must be. A
// problem may come without a signature, from a node that cannot read ours: it is
// told for what it is, and never opens anything.
func untrusted(m guichet.Member, resp *http.Response, err error) error {
	return &miss{
		reason: guichet.GapUntrusted, err: err, quoted: err, status: resp.StatusCode,
		words: say("what came from %[1]s is not signed as the circle says: %[2]s", "ce qui est venu de %[1]s n’est pas signé comme le dit le cercle : %[2]s", m.Code, told(err)),
	}
}

// garbled says that something signed cannot be read.
func garbled(m guichet.Member, err error) error {
	return &miss{
		reason: guichet.GapGarbled, err: err, quoted: err,
		words: say("what %[1]s sent is signed and cannot be read: %[2]s", "ce que %[1]s a envoyé est signé mais illisible : %[2]s", m.Code, told(err)),
	}
}

// told is the message of an error for people, and only that.
func told(err error) string {
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		return clip(e.Message, 300)
	}
	return clip(err.Error(), 200)
}

// problemFrom reads a response that is no answer.
func (c *Client) problemFrom(ctx context.Context, m guichet.Member, resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem+1))
	if err != nil {
		return c.brokeOff(ctx, m, err)
	}
	signed := resp.Header.Get("Signature") != ""
	if signed {
		if err := c.cfg.Seal.VerifyResponse(resp, text, m); err != nil {
			return untrusted(m, resp, err)
		}
	}
	var p problem
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != MediaProblem || len(text) > maxProblem || readJSON(text, &p, false) != nil {
		out := &miss{
			reason: guichet.GapGarbled, status: resp.StatusCode,
			words: say("%[1]s answered with status %[2]d and nothing that can be read", "%[1]s a répondu par le statut %[2]d, sans rien de lisible", m.Code, resp.StatusCode),
		}
		return out
	}
	return c.problemMiss(m, resp, p)
}

// problemMiss says what a member's problem means for us.
func (c *Client) problemMiss(m guichet.Member, resp *http.Response, p problem) error {
	what := strings.TrimSuffix(clip(p.Message, 300), ".")
	if hint := clip(p.Hint, 200); hint != "" {
		what += " (" + hint + ")"
	}
	out := &miss{reason: guichet.GapRefused, kind: p.Kind, status: resp.StatusCode, retry: retryAfter(resp), quoted: &guichet.Error{Kind: p.Kind, Message: strings.TrimSuffix(clip(p.Message, 300), ".")}}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusTooEarly:
		out.reason, out.kind = guichet.GapLate, guichet.KindBusy
		out.words = say("%[1]s is too busy to answer now: %[2]s", "%[1]s est trop occupé pour répondre : %[2]s", m.Code, what)
	case http.StatusInternalServerError:
		out.reason, out.kind = guichet.GapSilent, guichet.KindBusy
		out.words = say("%[1]s reports a fault of its own node", "%[1]s signale une panne de son propre nœud", m.Code)
	case http.StatusUnauthorized, http.StatusConflict:
		out.kind = guichet.KindRefused // it does not believe us; that is no doubt of ours about it
		fallthrough
	default:
		out.words = say("%[1]s does not admit what we ask: %[2]s", "%[1]s n’admet pas notre demande : %[2]s", m.Code, what)
	}
	if apart := c.clocksApart(p.Time); apart != "" {
		hint := say("; its clock and ours are %[1]s apart: set them, or ask guichet doctor", " ; son horloge et la nôtre ont %[1]s d’écart : réglez-les, ou consultez guichet doctor", apart)
		out.words.EN += hint.EN
		out.words.FR += hint.FR
	}
	return out
}

// clocksApart writes how far a member's clock is from ours where it matters; ""
// where it does not.
func (c *Client) clocksApart(theirs time.Time) string {
	apart := theirs.Sub(c.cfg.Clock()).Abs().Round(time.Second)
	if theirs.IsZero() || apart < 20*time.Second {
		return ""
	}
	return apart.String()
}

// retryAfter reads when a member may be asked again; 0 where it does not say.
func retryAfter(resp *http.Response) time.Duration {
	var seconds int
	if err := json.Unmarshal([]byte(resp.Header.Get("Retry-After")), &seconds); err != nil || seconds < 0 || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
