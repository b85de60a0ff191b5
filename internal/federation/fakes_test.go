package federation_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"guichet"
	"guichet/internal/federation"
)

// seal is a stand-in for the room seal.
type seal struct {
	key     ed25519.PrivateKey
	unbound bool // signs responses without the request's signature, as a liar would replay one
}

func base(parts ...string) []byte { return []byte(strings.Join(parts, "\n")) }

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func (s seal) put(h http.Header, text []byte) {
	h.Set("Signature-Input", keyID(public(s.key)))
	h.Set("Signature", base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, text)))
}

func requestBase(r *http.Request) []byte {
	return base("request", r.Method, r.Host, r.URL.RequestURI(), r.Header.Get("Content-Digest"), r.Header.Get("Nonce"))
}

func responseBase(to *http.Request, status int, h http.Header) []byte {
	return base("response", fmt.Sprint(status), h.Get("Content-Digest"), h.Get("Content-Type"), h.Get(federation.HeaderLeaf), h.Get(federation.HeaderReceipt), to.Header.Get("Signature"))
}

func (s seal) Request(r *http.Request, body []byte) error {
	if body != nil {
		r.Header.Set("Content-Digest", digest(body))
	}
	r.Header.Set("Nonce", rand.Text())
	s.put(r.Header, requestBase(r))
	return nil
}

func (s seal) Response(h http.Header, status int, to *http.Request, body []byte) error {
	h.Set("Content-Digest", digest(body))
	return s.Stream(h, status, to)
}

func (s seal) Stream(h http.Header, status int, to *http.Request) error {
	if s.unbound {
		to = &http.Request{Header: http.Header{}}
	}
	s.put(h, responseBase(to, status, h))
	return nil
}

const endContext = "guichet records end v1\x00"

func (s seal) SignEnd(message []byte) (string, []byte, error) {
	return keyID(public(s.key)), ed25519.Sign(s.key, append([]byte(endContext), message...)), nil
}

func sealKey(m guichet.Member, id string) (ed25519.PublicKey, error) {
	for _, k := range m.Keys {
		if k.Use == guichet.KeySeal && k.ID == id {
			return k.Public, nil
		}
	}
	return nil, guichet.Errorf(guichet.KindUntrusted, "%s is no seal key of %s", id, m.Code)
}

func verify(m guichet.Member, h http.Header, text []byte) error {
	key, err := sealKey(m, h.Get("Signature-Input"))
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(h.Get("Signature"))
	if err != nil || !ed25519.Verify(key, text, signature) {
		return guichet.Errorf(guichet.KindUntrusted, "the signature does not hold")
	}
	return nil
}

func (s seal) VerifyResponse(resp *http.Response, body []byte, m guichet.Member) error {
	if resp.Header.Get("Content-Digest") != digest(body) {
		return guichet.Errorf(guichet.KindUntrusted, "the body is not what its digest says")
	}
	return s.VerifyStream(resp, m)
}

func (s seal) VerifyStream(resp *http.Response, m guichet.Member) error {
	return verify(m, resp.Header, responseBase(resp.Request, resp.StatusCode, resp.Header))
}

func (s seal) VerifyEnd(m guichet.Member, id string, message, signature []byte) error {
	key, err := sealKey(m, id)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, append([]byte(endContext), message...), signature) {
		return guichet.Errorf(guichet.KindUntrusted, "the end's signature does not hold")
	}
	return nil
}

// journal is a stand-in for the room journal.
type journal struct {
	mu     sync.Mutex // guards all below
	leaves []guichet.Leaf
	full   bool
	wait   int // receipts that are not covered yet
}

func (j *journal) Append(_ context.Context, l guichet.Leaf) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.full {
		return 0, guichet.Errorf(guichet.KindFull, "the disk is full")
	}
	j.leaves = append(j.leaves, l)
	return uint64(len(j.leaves) - 1), nil
}

func (j *journal) all() []guichet.Leaf {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]guichet.Leaf{}, j.leaves...)
}

func (j *journal) Receipt(_ context.Context, index uint64, member string) ([]byte, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if index >= uint64(len(j.leaves)) || j.leaves[index].From.Member != member && j.leaves[index].To != member {
		return nil, false, guichet.Errorf(guichet.KindNotFound, "there is no leaf %d of an exchange with %s", index, member)
	}
	if j.wait > 0 {
		j.wait--
		return nil, false, nil
	}
	return []byte(fmt.Sprintf("receipt of leaf %d", index)), true, nil
}

func (j *journal) Exchanges(_ context.Context, member string, from uint64, limit int) ([]federation.Entry, uint64, error) {
	var out []federation.Entry
	for i, l := range j.all() {
		if uint64(i) < from || l.From.Member != member && l.To != member {
			continue
		}
		if len(out) == limit {
			return out, uint64(i), nil
		}
		text, err := guichet.Canonical(l)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, federation.Entry{Index: uint64(i), Leaf: text})
	}
	return out, 0, nil
}

func (j *journal) File(_ context.Context, path string) ([]byte, error) {
	return []byte("log file " + path), nil
}

func (j *journal) AddCheckpoint(_ context.Context, member string, body []byte) (federation.Witnessed, error) {
	if strings.HasPrefix(string(body), "old") {
		return federation.Witnessed{Status: http.StatusConflict, Type: "text/x.tlog.size", Body: []byte("7\n")}, nil
	}
	return federation.Witnessed{Status: http.StatusOK, Body: []byte("cosigned for " + member)}, nil
}

// desk is a stand-in for the room desk.
type desk struct {
	reply   func(context.Context, federation.Asked) (federation.Said, error)
	records func(context.Context, federation.Asked, *federation.RecordsWriter) error
}

func (d desk) Reply(ctx context.Context, a federation.Asked) (federation.Said, error) {
	return d.reply(ctx, a)
}

func (d desk) Records(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
	return d.records(ctx, a, w)
}
