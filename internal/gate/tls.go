package gate

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"guichet"
)

// certificate makes the self-signed certificate of a tls key. Nobody reads more
// than the key in it: its name is for people with a packet dump, and its dates are
// those of RFC 5280 (4.1.2.5) for a certificate without end, since a key ends when
// the circle says so and not by a date that somebody forgot (X-Road's members know
// that night).
func certificate(self string, key crypto.Signer) (tls.Certificate, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return tls.Certificate{}, guichet.Errorf(guichet.KindInvalid, "the tls key is a %T, not Ed25519", key.Public()).
			WithHint("every key of a circle is Ed25519")
	}
	serial := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]),
		Subject:      pkix.Name{CommonName: "guichet " + self},
		NotBefore:    time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make our certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make our certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// ServerTLS is the configuration of our side of the window: any member of the
// circle may connect.
func (g *Gate) ServerTLS() *tls.Config {
	c := g.base()
	c.ClientAuth = tls.RequireAnyClientCert // which one counts is said by VerifyConnection
	// A resumed session is not asked for a certificate. Without tickets there is
	// none to resume; a handshake more costs less than one node trusting yesterday.
	c.SessionTicketsDisabled = true
	c.VerifyConnection = func(s tls.ConnectionState) error {
		_, err := g.pinned(s)
		return err
	}
	return c
}

// ClientTLS is the configuration with which we connect to a member: only a node
// with one of that member's tls keys is talked to.
func (g *Gate) ClientTLS(member string) *tls.Config {
	c := g.base()
	// The chain and the name are not verified because there is no authority whose
	// word would count; VerifyConnection compares the key with the paper instead.
	c.InsecureSkipVerify = true
	c.ClientSessionCache = nil // see ServerTLS
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &g.cert, nil }
	c.VerifyConnection = func(s tls.ConnectionState) error {
		m, err := g.pinned(s)
		if err != nil {
			return err
		}
		if m.Code != member {
			return guichet.Errorf(guichet.KindUntrusted, "we called %s and %s answered", member, m.Code).WithHint("compare the address in the paper of %s with where it leads", member)
		}
		return nil
	}
	return c
}

func (g *Gate) base() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{g.cert},
		NextProtos:   []string{"h2", "http/1.1"},
		Time:         g.c.Clock,
	}
}

// pinned runs at each handshake; unlike VerifyPeerCertificate it would run at a
// resumed one too. That the other side has the key, and not only the certificate,
// TLS has proven by then.
func (g *Gate) pinned(s tls.ConnectionState) (guichet.Member, error) {
	public, err := peerKey(s)
	if err != nil {
		return guichet.Member{}, err
	}
	circle, err := g.c.Circle(context.Background()) // a handshake has no context to give
	if err != nil {
		return guichet.Member{}, err
	}
	return g.stranger(circle, public)
}

// peerKey is the key of the other side's certificate: of the first one, to which
// alone the handshake is bound; nobody reads what is sent behind it.
func peerKey(s tls.ConnectionState) (ed25519.PublicKey, error) {
	if s.Version < tls.VersionTLS13 || s.DidResume || len(s.PeerCertificates) == 0 {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the connection is not a whole handshake of TLS 1.3 with a certificate").WithHint("connect anew, with the certificate of your tls key")
	}
	public, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the certificate's key is not Ed25519").WithHint("make the certificate of your tls key, as docs/protocol/signatures.md says")
	}
	return public, nil
}
