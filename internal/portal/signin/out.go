package signin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	maxLogoutToken = 16 << 10
	// A provider tries again for a while when we did not answer.
	logoutTokenFor = 10 * time.Minute
)

// hint is what signs somebody out at the provider without a question: the ID token. It
// has a cookie of its own, which only the way out is sent.
type hint struct {
	Raw string `json:"r"`
}

func (d *Door) hintName() string {
	if d.secure {
		return "__Secure-" + d.cookies + "-hint" // __Host- allows no path
	}
	return d.cookies + "-hint"
}

func (d *Door) keepHint(w http.ResponseWriter, raw string) {
	plain, err := json.Marshal(hint{Raw: raw})
	if err != nil {
		return
	}
	sealed := d.keys.seal("hint "+d.law, plain, d.clock())
	if len(sealed) > maxCookie {
		return // then the provider asks whether to sign out
	}
	c := d.cookie(d.hintName(), sealed, 0) //nolint:gosec // secure but on the loopback
	c.Path = SignOutPath
	http.SetCookie(w, c)
}

// askSignOut shows a button: a link must not sign anybody out.
func (d *Door) askSignOut(w http.ResponseWriter, r *http.Request) {
	d.render(w, r, http.StatusOK, "signin.sign_out", Args{Next: SignOutPath, To: localAddress(r.FormValue("to"))})
}

// signOut ends the session here, then at the provider. With everywhere=yes it ends
// all sessions of the person here, in whatever browser.
func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	var keys []string
	if s := d.readSession(r); s != nil {
		keys = append(keys, "s"+s.ID)
		if r.PostFormValue("everywhere") == "yes" {
			keys = append(keys, "u"+s.Pseudonym)
		}
	}
	var h hint
	d.readCookie(r, d.hintName(), "hint "+d.law, &h)
	d.endCookie(w, d.cookieName("session"))
	gone := d.cookie(d.hintName(), "", -1) //nolint:gosec // secure but on the loopback
	gone.Path = SignOutPath
	http.SetCookie(w, gone)
	if len(keys) > 0 && !d.end(r.Context(), keys...) {
		d.render(w, r, http.StatusInternalServerError, "signin.not_ended", Args{})
		return
	}
	to := localAddress(r.PostFormValue("to"))
	if d.provider == nil {
		http.Redirect(w, r, SignedOutPath+"?"+url.Values{"state": {to}}.Encode(), http.StatusSeeOther)
		return
	}
	known, err := d.provider.find(r.Context())
	if err != nil || known.endSession == "" {
		d.log.LogAttrs(r.Context(), slog.LevelWarn, "signed out here only", slog.Any("cause", err))
		d.render(w, r, http.StatusOK, "signin.signed_out_here", Args{Next: to, To: to, Values: map[string]string{"issuer": d.config.Issuer}})
		return
	}
	http.Redirect(w, r, d.endSessionAddress(known.endSession, h.Raw, to), http.StatusSeeOther)
}

// endSessionAddress is where the provider signs the person out and sends them back,
// with the page of ours to go on to, whose address tells the language.
func (d *Door) endSessionAddress(endpoint, idToken, to string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return SignedOutPath
	}
	q := u.Query()
	q.Set("client_id", d.config.ClientID)
	q.Set("post_logout_redirect_uri", d.config.Address+SignedOutPath)
	q.Set("state", to)
	if lang := languageOf(to); lang != "" {
		q.Set("ui_locales", lang) // where it asks whether to
	}
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func (d *Door) signedOut(w http.ResponseWriter, r *http.Request) {
	if p, ok := From(r.Context()); ok {
		// Somebody followed the address, or signed in again meanwhile: nothing was ended.
		d.arrive(w, r, p, "/", "")
		return
	}
	to := localAddress(r.FormValue("state"))
	d.render(w, r, http.StatusOK, "signin.signed_out", Args{Next: to, To: to})
}

// end ends sessions; false when a restart would forget it.
func (d *Door) end(ctx context.Context, keys ...string) bool {
	if err := d.ended.add(d.clock(), keys...); err != nil {
		d.log.ErrorContext(ctx, "a session that ended could not be kept; a restart would let it in again", slog.String("cause", err.Error()))
		return false
	}
	return true
}

// sidDigest is our name for the provider's session.
func (d *Door) sidDigest(sid string) string {
	if sid == "" {
		return ""
	}
	return d.keys.mac("session of the provider", d.config.Issuer+"\x00"+sid)
}

// backChannel hears from the provider itself that sessions are over (OpenID Connect
// Back-Channel Logout 1.0). A token that names a session ends that one, in every
// browser that has it; one that names only a person ends all of theirs.
func (d *Door) backChannel(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	if d.provider == nil || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if _, ok := d.backLimits.allow(r.RemoteAddr, d.clock()); !ok {
		w.Header().Set("Retry-After", "5")
		d.answerProvider(w, r, http.StatusTooManyRequests, errors.New("too many at once"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutToken)
	if err := r.ParseForm(); err != nil {
		d.answerProvider(w, r, http.StatusBadRequest, errors.New("no form with a logout_token"))
		return
	}
	keys, status, err := d.logoutKeys(r.Context(), r.PostForm.Get("logout_token"))
	if err != nil {
		d.answerProvider(w, r, status, err)
		return
	}
	if !d.end(r.Context(), keys...) {
		d.answerProvider(w, r, http.StatusInternalServerError, errors.New("it could not be kept"))
		return
	}
	d.log.InfoContext(r.Context(), "the provider ended sessions")
	w.WriteHeader(http.StatusOK)
}

// logoutKeys verifies a logout token and says which sessions it ends.
func (d *Door) logoutKeys(ctx context.Context, raw string) ([]string, int, error) {
	known, err := d.provider.find(ctx)
	if err != nil {
		return nil, http.StatusServiceUnavailable, err
	}
	ctx, cancel := d.provider.context(ctx)
	defer cancel()
	before := d.provider.unheard.Load()
	token, err := known.verifier.VerifyLogout(ctx, raw)
	if err != nil {
		if d.provider.unheard.Load() != before {
			return nil, http.StatusServiceUnavailable, err
		}
		return nil, http.StatusBadRequest, err
	}
	now := d.clock()
	switch {
	case !slices.Contains(token.Audience, d.config.ClientID):
		return nil, http.StatusBadRequest, errors.New("the logout token is for another client")
	case token.Expiry.Before(now.Add(-clockSlip)), token.IssuedAt.After(now.Add(clockSlip)), token.IssuedAt.Before(now.Add(-logoutTokenFor)):
		return nil, http.StatusBadRequest, errors.New("the logout token is not of now; compare the clocks")
	case len(token.TokenID) > 256 || !d.used.use("logout "+token.TokenID, now, token.IssuedAt.Add(logoutTokenFor+clockSlip)):
		return nil, http.StatusBadRequest, errors.New("the logout token was used before")
	}
	if token.SessionID != "" {
		return []string{"p" + d.sidDigest(token.SessionID)}, 0, nil
	}
	return []string{"u" + d.keys.pseudonym(token.Issuer, token.Subject)}, 0, nil
}

// answerProvider says no as the standard wants it, and logs why.
func (d *Door) answerProvider(w http.ResponseWriter, r *http.Request, status int, cause error) {
	d.log.LogAttrs(r.Context(), slog.LevelWarn, "the provider's word that a session is over was not taken", slog.String("cause", clip(cause.Error(), 300)))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"invalid_request"}`+"\n")
}
