package signin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"guichet"
)

const (
	providerWait = 10 * time.Second // for one answer of the provider
	askAgain     = 2 * time.Second  // after it did not answer; until then it is not asked
	knownFor     = time.Hour        // how long what it says of itself is believed
	maxReply     = 1 << 20          // bytes of one answer
)

// provider speaks with the member's OpenID Connect provider. It is looked up when
// somebody first signs in: the node starts without it.
type provider struct {
	config  Config
	secret  string
	clock   guichet.Clock
	client  *http.Client
	unheard atomic.Int64 // requests that got no answer

	mu      sync.Mutex // guards what follows
	known   *discovered
	failed  time.Time
	failure error
}

// discovered is what the provider says of itself.
type discovered struct {
	at         time.Time
	oidc       *oidc.Provider
	oauth      oauth2.Config
	verifier   *oidc.IDTokenVerifier
	endSession string // where a browser is sent to sign out there; "" when it cannot be
}

func newProvider(c Config, clock guichet.Clock) (*provider, error) {
	secret, err := c.secret()
	if err != nil {
		return nil, err
	}
	p := &provider{config: c, secret: secret, clock: clock}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 10, MaxConnsPerHost: 20,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if c.CAFile != "" {
		text, err := readBounded(c.CAFile, maxReply)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(text) {
			return nil, guichet.Errorf(guichet.KindInvalid, "ca_file: %s holds no certificate (PEM)", c.CAFile)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	p.client = &http.Client{
		Timeout:   providerWait,
		Transport: &bounded{next: transport, unheard: &p.unheard, idle: transport},
		// What is at the address must answer itself: a redirection would send our secret
		// to whoever it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p, nil
}

// bounded reads no more of an answer than it must, and counts those that never came.
type bounded struct {
	next    http.RoundTripper
	idle    interface{ CloseIdleConnections() }
	unheard *atomic.Int64
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		b.unheard.Add(1)
	}
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxReply), res.Body}
	return res, nil
}

func (b *bounded) CloseIdleConnections() { b.idle.CloseIdleConnections() }

// find looks the provider up, or returns what is known of it. The lock is held while
// it is asked: the others who want to sign in would only ask the same.
func (p *provider) find(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if p.known != nil && now.Sub(p.known.at) < knownFor {
		return p.known, nil
	}
	if p.failure != nil && now.Sub(p.failed) < askAgain {
		if p.known != nil {
			return p.known, nil
		}
		return nil, p.failure
	}
	// Somebody who goes away while it is asked must not make it unknown to the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerWait)
	defer cancel()
	known, err := p.discover(ctx, now)
	if err != nil {
		// After the wait, not before it: who waited meanwhile must not ask one by one.
		p.failed, p.failure = p.clock(), err
		if p.known != nil {
			return p.known, nil
		}
		return nil, err
	}
	p.known, p.failure = known, nil
	return known, nil
}

func (p *provider) discover(ctx context.Context, now time.Time) (*discovered, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
		JWKS       string `json:"jwks_uri"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, err
	}
	for _, address := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, more.JWKS} {
		if why := plainFault(address); why != "" {
			return nil, errors.New("the provider's discovery document: " + why)
		}
	}
	if plainFault(more.EndSession) != "" {
		more.EndSession = ""
	}
	return &discovered{
		at: now, oidc: found, endSession: more.EndSession,
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(),
			RedirectURL: p.config.Address + CallbackPath, Scopes: []string{oidc.ScopeOpenID, "profile"},
		},
		// Audience and times are looked at by us, so that each has a sentence of its own.
		verifier: found.Verifier(&oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true}),
	}, nil
}

// plainFault says why an endpoint is none that secrets may be sent to; a query in it
// is allowed.
func plainFault(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an endpoint is no address"
	}
	u.RawQuery = ""
	return addressFault(u.String())
}

// origins are the provider's, as far as they are known.
func (p *provider) origins() []string {
	addresses := []string{p.config.Issuer}
	p.mu.Lock()
	if p.known != nil && p.known.endSession != "" {
		addresses = append(addresses, p.known.endSession)
	}
	p.mu.Unlock()
	var origins []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil {
			continue
		}
		if o := u.Scheme + "://" + u.Host; !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	return origins
}

// context carries the client to the libraries, and ends with the request or after
// the time that an answer may take.
func (p *provider) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, 2*providerWait)
	return oidc.ClientContext(ctx, p.client), cancel
}
