package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/portal"
	"guichet/internal/store"
)

// dirAsked is where a home keeps what people asked by its pages.
const dirAsked = "asked"

// PagesRequest says how a node serves its pages for people.
type PagesRequest struct {
	// Listen is host:port; without a host on this machine alone, "" nowhere.
	Listen string
	// Cert and Key are files of a certificate chain and its key, PEM; "" none. They are
	// read again when they change.
	Cert, Key string
	// BehindProxy: a proxy before us speaks TLS with browsers and adds their addresses to
	// X-Forwarded-For, and nobody else reaches us.
	BehindProxy bool
	// SignIn is the configuration of the provider that knows who somebody is; "" the
	// file portal/signin.json of the home where it is there, else nobody can sign in.
	SignIn string
	// Demonstration lets anybody in as a built-in user of each role. Refused where the
	// pages can be reached from elsewhere, and beside a provider.
	Demonstration bool

	door portal.Door // of a test
}

// pages are the window for people of a running node.
type pages struct {
	ln     net.Listener
	door   *door // nil: nobody can sign in, or a test's stands there
	portal *portal.Portal
	server *http.Server
	tls    bool
}

// pagesAt opens the window for people. Nobody is answered yet.
func (h *house) pagesAt(ctx context.Context, req PagesRequest) (*pages, error) {
	host, port, err := net.SplitHostPort(req.Listen)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no address for pages", req.Listen).WithHint("write HOST:PORT, or :PORT for this machine alone: --pages :8080")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	alone := isLoopback(host)
	if (req.Cert == "") != (req.Key == "") {
		return nil, guichet.Errorf(guichet.KindInvalid, "a certificate needs its key, and a key its certificate").WithHint("name both: --pages-cert FILE --pages-key FILE")
	}
	if !alone && req.Cert == "" && !req.BehindProxy {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s can be reached from other machines, and what people type there would be read on the way", req.Listen).
			WithHint("name a certificate with --pages-cert and --pages-key; or say --pages-behind-proxy where a proxy before it speaks TLS and nobody else reaches it; or listen at 127.0.0.1")
	}
	cfg, err := h.portalConfig(req, alone)
	if err != nil {
		return nil, err
	}
	p := &pages{}
	if p.door, err = h.doorFor(req, net.JoinHostPort(host, port), cfg.Secure); err != nil {
		return nil, err
	}
	if p.door != nil {
		cfg.Door, cfg.FormAction, cfg.Demonstration = p.door, p.door.FormAction, req.Demonstration
	}
	if p.portal, err = portal.New(cfg); err != nil {
		return nil, errors.Join(err, p.door.Close())
	}
	if p.door != nil {
		p.door.portal = p.portal
	}
	p.server = p.portal.Server()
	if p.tls = req.Cert != ""; p.tls {
		certs := &certFiles{cert: req.Cert, key: req.Key, clock: h.n.cfg.Clock}
		if _, err := certs.get(nil); err != nil {
			return nil, errors.Join(err, p.shut())
		}
		p.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certs.get}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, errors.Join(guichet.Errorf(guichet.KindInvalid, "%s cannot be listened at: %w", req.Listen, err).WithHint("name another address with --pages, or stop what listens there"), p.shut())
	}
	p.ln = netutil.LimitListener(ln, mostConnections)
	return p, nil
}

// portalConfig is what the pages need of this house.
func (h *house) portalConfig(req PagesRequest, alone bool) (portal.Config, error) {
	kept := filepath.Join(h.n.Home().Path, dirAsked)
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return portal.Config{}, fmt.Errorf("pages: %w", err)
	}
	if err := os.Chmod(kept, 0o700); err != nil { //nolint:gosec // a folder needs its x
		return portal.Config{}, fmt.Errorf("pages: %w", err)
	}
	cfg := portal.Config{
		Member: h.n.Home().Member, Version: h.n.cfg.Version, Goods: &goods{n: h.n}, Datasets: Datasets(), Kept: kept, Door: req.door,
		Keeper: keeper{h}, Parquet: writeParquet, Clock: h.n.cfg.Clock, Log: h.n.cfg.Log, Secure: req.Cert != "" || req.BehindProxy,
		BehindProxy: req.BehindProxy && !req.Demonstration, // a demonstration goes by the connection itself
	}
	var err error
	if cfg.Steward, err = h.stewardship(); err != nil {
		return portal.Config{}, err
	}
	if alone && !cfg.Secure {
		cfg.Hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	for _, v := range h.services {
		cfg.Seats = append(cfg.Seats, seatForPages{v.seat})
	}
	open, err := h.newPublic()
	if err != nil {
		return portal.Config{}, err
	}
	cfg.Public, cfg.Audit = open, auditForPages{h, open}
	cfg.Newest = (&newestMonths{n: h.n}).of
	// The circle in which most can be asked is the one that is meant where none is named.
	slices.SortStableFunc(cfg.Seats, func(a, b portal.Seat) int { return len(b.Circle().Agreements) - len(a.Circle().Agreements) })
	for _, x := range agreement.Purposes() {
		one := portal.Purpose{Word: x.Word, Use: x.Use, Text: x.Text}
		if x.Automated { // no person asks for a machine that decides about people
			cfg.Automated = append(cfg.Automated, one)
			continue
		}
		cfg.Purposes = append(cfg.Purposes, one)
	}
	if req.Demonstration {
		cfg.Tries, err = readTries(h.n.Home().Path)
	}
	return cfg, err
}

// isLoopback says whether nobody but this machine reaches a host.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// address is where a browser finds the pages; "" nowhere.
func (p *pages) address() string {
	if p == nil {
		return ""
	}
	scheme := "http"
	if p.tls {
		scheme = "https"
	}
	return scheme + "://" + p.ln.Addr().String() + "/"
}

// run answers browsers until ctx ends.
func (p *pages) run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() {
		if p.tls {
			ended <- serving1(p.server.ServeTLS(p.ln, "", ""))
			return
		}
		ended <- serving1(p.server.Serve(p.ln))
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	err := p.portal.Close() // pages that wait for an answer end with it
	if serr := p.server.Shutdown(end); serr != nil {
		err = errors.Join(err, closed(p.server.Close()))
	}
	return errors.Join(err, <-ended)
}

// close lets go of what run has not closed.
func (p *pages) close() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.shut(), closed(p.ln.Close()))
}

// shut ends what the pages do.
func (p *pages) shut() error { return errors.Join(p.portal.Close(), p.door.Close()) }

// seatForPages says a seat in the words of the pages.
type seatForPages struct{ s *Seat }

// Circle is the circle's papers as they stand.
func (x seatForPages) Circle() guichet.Circle { return x.s.Circle() }

// Ask asks members.
func (x seatForPages) Ask(ctx context.Context, q portal.Asking, each func(portal.MemberResult)) (portal.Answer, error) {
	a, err := x.s.AskMembers(ctx, MembersQuestion{Question: q.Question, Members: q.Members, Purpose: q.Purpose, Office: q.Office, Officer: q.Officer},
		func(r MemberResult) { each(portal.MemberResult(r)) })
	if err != nil {
		return portal.Answer{}, err
	}
	out := portal.Answer{Circle: a.Circle, Answer: a.Answer, Notices: a.Notices}
	for _, m := range a.Members {
		out.Members = append(out.Members, portal.MemberResult(m))
	}
	return out, nil
}

// Receipt fetches a receipt and verifies it.
func (x seatForPages) Receipt(ctx context.Context, exchange string) (portal.Receipt, error) {
	r, err := x.s.Receipt(ctx, exchange)
	return portal.Receipt(r), err
}

// goods says what goods are called. The index of a search is made once and then again
// every few minutes, since labels may be imported meanwhile: to make it takes longer
// than a page may.
type goods struct {
	n *Node

	mu   sync.Mutex // guards what follows; held while the index is made, so that one makes it
	find func(query string, limit int) []SearchHit
	made time.Time
}

// searchFreshFor is how long an index serves.
const searchFreshFor = 5 * time.Minute

// Search finds goods.
func (g *goods) Search(query string, limit int) ([]portal.Found, error) {
	find, err := g.index()
	if err != nil {
		return nil, err
	}
	var out []portal.Found
	for _, h := range find(query, limit) {
		out = append(out, portal.Found(h))
	}
	return out, nil
}

func (g *goods) index() (func(string, int) []SearchHit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.n.cfg.Clock(); g.find == nil || now.Sub(g.made) > searchFreshFor {
		find, err := g.n.searcher()
		if err != nil {
			return nil, err
		}
		g.find, g.made = find, now
	}
	return g.find, nil
}

// Label names a code.
func (g *goods) Label(edition int, code, lang string) string { return g.n.Label(edition, code, lang) }

// writeParquet writes the rows of an answer as a file of Parquet.
func writeParquet(ctx context.Context, columns []guichet.Column, rows []guichet.Row, w io.Writer) error {
	stream, err := store.Columns{}.EncodeRows(columns, rows)
	if err != nil {
		return err
	}
	_, err = store.CopyRecords(ctx, bytes.NewReader(stream), "parquet", w)
	return err
}

// certFiles is a certificate that whoever renews it puts into the same files: what
// they hold is looked at again when they change, so that no node is started anew for it.
type certFiles struct {
	cert, key string
	clock     guichet.Clock

	mu     sync.Mutex // guards what follows
	held   *tls.Certificate
	looked time.Time // when the files were looked at
	dated  time.Time // what they said then
}

// lookAtCert is how often the files are looked at.
const lookAtCert = time.Minute

func (c *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	if c.held != nil && now.Sub(c.looked) < lookAtCert {
		return c.held, nil
	}
	c.looked = now
	st, err := os.Stat(c.cert)
	if err == nil && c.held != nil && st.ModTime().Equal(c.dated) {
		return c.held, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.cert, c.key)
	}
	switch {
	case err == nil:
		c.held, c.dated = &pair, st.ModTime()
	case c.held == nil:
		return nil, guichet.Errorf(guichet.KindInvalid, "the certificate of the pages cannot be used: %w", err).WithHint("name files in PEM with --pages-cert and --pages-key")
	}
	return c.held, nil // half-written files: the old one goes on
}

// tellPages notes where pages are served.
func (h *house) tellPages(ctx context.Context) {
	if h.pages != nil {
		h.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "serving pages", slog.String("address", h.pages.ln.Addr().String()))
	}
}
