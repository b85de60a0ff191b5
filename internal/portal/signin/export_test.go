package signin

import (
	"log/slog"
	"time"
)

// What the tests reach besides the names for all.
var (
	LocalAddress = localAddress
	FieldsOf     = fieldsOf
	RolesAt      = rolesAt
	NameOf       = nameOf
	FormToken    = formToken
)

const (
	KeptFor  = keptFor
	FlowFor  = flowFor
	SealFor  = sealFor
	OpenFor  = openFor
	MaxEnded = maxEnded
)

type (
	Keyring = keyring
	Ended   = ended
	Session = session
)

func OpenKeyring(path string, now time.Time) (*Keyring, error) {
	return openKeyring(path, now, slog.New(slog.DiscardHandler))
}

func (k *keyring) Seal(purpose string, plain []byte, now time.Time) string {
	return k.seal(purpose, plain, now)
}
func (k *keyring) Open(purpose, sealed string) ([]byte, bool) { return k.open(purpose, sealed) }
func (k *keyring) PseudonymOf(issuer, subject string) string  { return k.pseudonym(issuer, subject) }
func (k *keyring) Count() int                                 { return len(k.seals) }
func OpenEnded(path string, now time.Time) (*Ended, error) {
	return openEnded(path, now, defaultLongest)
}
func (e *ended) Add(now time.Time, keys ...string) error { return e.add(now, keys...) }
func (e *ended) Has(s *Session) bool                     { return e.has(s) }
func (e *ended) Close() error                            { return e.close() }
func (d *Door) SidDigest(sid string) string              { return d.sidDigest(sid) }
func (d *Door) CookieName(use string) string             { return d.cookieName(use) }
func (e *ended) Len() int                                { return len(e.until) }
