package federation_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"guichet"
	"guichet/internal/federation"

	"guichet/internal/guichettest"
)

// The rooms beside this one are stood in for by the simplest thing that keeps
// their promise: real TLS with pinned keys, real Ed25519 over a plain text
// instead of RFC 9421, rows as JSON instead of Arrow, a journal in memory.

// keys are a member's.
type keys struct {
	tls, seal ed25519.PrivateKey
	cert      tls.Certificate
}

func newKeys(tb testing.TB) keys {
	tb.Helper()
	_, forTLS, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	_, forSeal, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	paper := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"node"}}
	der, err := x509.CreateCertificate(rand.Reader, paper, paper, forTLS.Public(), forTLS)
	if err != nil {
		tb.Fatal(err)
	}
	return keys{forTLS, forSeal, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: forTLS}}
}

func keyID(k ed25519.PublicKey) string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// node is one member of a circle of this test.
type node struct {
	t       testing.TB
	code    string
	keys    keys
	circle  *circle
	journal *journal
	desk    desk
	letters federation.Letters // nil: a node of before there were any
	seal    seal
	limits  federation.Limits
	log     *bytes.Buffer
	front   func(http.Handler) http.Handler // stands before the server; nil: nothing
	calls   atomic.Int64                    // requests that the gate was shown
	skew    time.Duration                   // of its clock
	clock   guichet.Clock                   // nil: that of the machine
	gone    atomic.Bool                     // its agreement with everybody was withdrawn
	http2   bool
}

// circle is what the nodes of a test share.
type circle struct {
	mu    sync.Mutex // guards paper
	paper guichet.Circle
}

func (c *circle) now() guichet.Circle {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paper
}

func (c *circle) member(code string) guichet.Member {
	m, _ := c.now().Member(code)
	return m
}

func (c *circle) change(code string, f func(*guichet.Member)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	members := append([]guichet.Member{}, c.paper.Members...)
	for i := range members {
		if members[i].Code == code {
			f(&members[i])
		}
	}
	c.paper.Members = members
}

// found makes a circle of members that do not run yet.
func found(tb testing.TB, codes ...string) (*circle, map[string]*node) {
	tb.Helper()
	c := &circle{paper: guichet.Circle{Name: "border-five", Version: 7}}
	nodes := map[string]*node{}
	for _, code := range codes {
		k := newKeys(tb)
		nodes[code] = &node{t: tb, code: code, keys: k, circle: c, journal: &journal{}, seal: seal{key: k.seal}, log: &bytes.Buffer{}}
		nodes[code].desk = desk{reply: nodes[code].says(40), records: nodes[code].streams(3, 1000)}
		c.paper.Members = append(c.paper.Members, guichet.Member{Code: code, Keys: []guichet.MemberKey{
			{ID: keyID(public(k.tls)), Use: guichet.KeyTLS, Public: public(k.tls)}, {ID: keyID(public(k.seal)), Use: guichet.KeySeal, Public: public(k.seal)},
		}})
	}
	return c, nodes
}

func (n *node) now() time.Time {
	if n.clock != nil {
		return n.clock()
	}
	return time.Now().Add(n.skew)
}

// Peer is a stand-in for the room gate.
func (n *node) Peer(r *http.Request) (guichet.Member, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return guichet.Member{}, guichet.Errorf(guichet.KindUntrusted, "no certificate")
	}
	held, _ := r.TLS.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	for _, m := range n.circle.now().Members {
		if m.Keys[0].Public.Equal(held) {
			return m, nil
		}
	}
	return guichet.Member{}, guichet.Errorf(guichet.KindRefused, "no member of this circle")
}

// Admit is a stand-in for the room gate.
func (n *node) Admit(r *http.Request, body []byte) (federation.Visitor, error) {
	n.calls.Add(1)
	m, err := n.Peer(r)
	if err != nil {
		return federation.Visitor{}, err
	}
	if body != nil && r.Header.Get("Content-Digest") != digest(body) {
		return federation.Visitor{}, guichet.Errorf(guichet.KindUntrusted, "the body is not what its digest says")
	}
	if err := verify(m, r.Header, requestBase(r)); err != nil {
		return federation.Visitor{}, err
	}
	return federation.Visitor{Member: m, Key: m.Keys[1]}, nil
}

// still is what a node says that a test has not told otherwise: the seal key is the
// one of the circle's paper.
func (n *node) still(_ context.Context, a federation.Asked, _ guichet.Decision) error {
	if n.gone.Load() {
		return guichet.Errorf(guichet.KindRefused, "the agreement was withdrawn")
	}
	_, err := sealKey(n.circle.member(a.Member.Code), a.Key.ID)
	return err
}

// start serves the node and writes its address into the circle's paper.
func (n *node) start() *node {
	n.t.Helper()
	s, err := federation.NewServer(federation.ServerConfig{
		Us: n.code, Version: "test", Circle: n.circle.now, Clock: n.now, Gate: n, Seal: n.seal, Desk: n.desk, Still: n.still, Letters: n.letters, Journal: n.journal,
		Papers: func(guichet.Member) fs.FS {
			return fstest.MapFS{"metadata/1.root.json": {Data: []byte("root")}, "targets/big": {Data: bytes.Repeat([]byte("x"), 1<<20)}}
		},
		Size: func() uint64 { return uint64(len(n.journal.all())) }, Log: slog.New(slog.NewTextHandler(&locked{w: n.log}, nil)), Limits: n.limits,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	h := s.Handler()
	if n.front != nil {
		h = n.front(h)
	}
	addr := n.serve(h)
	n.circle.change(n.code, func(m *guichet.Member) { m.Endpoints = append(m.Endpoints, addr) })
	return n
}

// serve serves a handler with the node's certificate and returns its address.
func (n *node) serve(h http.Handler) string {
	n.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: guichettest.Patience, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{n.keys.cert}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13,
		VerifyConnection: func(cs tls.ConnectionState) error {
			for _, m := range n.circle.now().Members {
				if len(cs.PeerCertificates) > 0 && m.Keys[0].Public.Equal(cs.PeerCertificates[0].PublicKey) {
					return nil
				}
			}
			return guichet.Errorf(guichet.KindUntrusted, "nobody of this circle")
		},
	}}
	if n.http2 {
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
		srv.Protocols.SetHTTP2(true)
	} else {
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.ServeTLS(l, "", "")
	}()
	n.t.Cleanup(func() { _ = srv.Close(); <-done })
	return l.Addr().String()
}

// client makes a client of the node.
func (n *node) client(change ...func(*federation.ClientConfig)) *federation.Client {
	n.t.Helper()
	lines := map[string]*http.Client{}
	var mu sync.Mutex
	cfg := federation.ClientConfig{
		Us: n.code, Clock: n.now, Seal: n.seal, Journal: n.journal, Rows: decodeRows,
		Line: func(m guichet.Member) *http.Client {
			mu.Lock()
			defer mu.Unlock()
			if lines[m.Code] == nil {
				lines[m.Code] = n.line(m.Code)
			}
			return lines[m.Code]
		},
		Limits: federation.ClientLimits{Ask: guichettest.Patience, Fetch: guichettest.Patience},
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := federation.NewClient(cfg)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

func (n *node) line(code string) *http.Client {
	tr := &http.Transport{
		ForceAttemptHTTP2: n.http2, MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 16 << 10,
		TLSClientConfig: &tls.Config{
			Certificates: []tls.Certificate{n.keys.cert}, MinVersion: tls.VersionTLS13, InsecureSkipVerify: true,
			VerifyConnection: func(cs tls.ConnectionState) error {
				if m := n.circle.member(code); len(cs.PeerCertificates) == 0 || !m.Keys[0].Public.Equal(cs.PeerCertificates[0].PublicKey) {
					return guichet.Errorf(guichet.KindUntrusted, "the certificate is not that of %s", code)
				}
				return nil
			},
		},
	}
	n.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func columns() []guichet.Column {
	return []guichet.Column{{Name: "reporter"}, {Name: "partner"}, {Name: "value", Measure: true}}
}

func encodeRows(rows []guichet.Row) []byte {
	text, _ := json.Marshal(rows)
	return text
}

func decodeRows(_ []guichet.Column, stream []byte) ([]guichet.Row, error) {
	if bytes.HasPrefix(stream, []byte("panic")) {
		panic("hostile columns")
	}
	var rows []guichet.Row
	if err := json.Unmarshal(stream, &rows); err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "no columns: %w", err)
	}
	return rows, nil
}
