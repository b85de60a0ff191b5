package journal

import (
	"crypto/ed25519"
	"maps"
	"slices"
	"time"

	"guichet"
)

// Keys says whose checkpoints and cosignatures are believed: the log and witness
// keys of the members of one circle or several, those of earlier states of a
// circle among them, since an old receipt was signed by an old key.
type Keys struct {
	list []trusted
	ends map[string]uint64 // by origin: the size at which a log has ended, of those that have
}

// trusted is a key with whose it is.
type trusted struct {
	circle, member string
	key            guichet.MemberKey
}

// verifier checks what the key has signed under a checkpoint of an origin.
func (t trusted) verifier(origin string) edVerifier {
	if t.key.Use == guichet.KeyWitness {
		return edVerifier{WitnessName(t.circle, t.member), algCosignature, t.key.Public}
	}
	return edVerifier{origin, algEd25519, t.key.Public}
}

// Trusted collects the log and witness keys of circles: the state of today, and
// with it the states of before, as far as they were kept. A key that any of them
// has revoked is revoked. A witness key of a member that has left counts until it
// left. That of a non-state guest counts for nothing: what governments owe each other
// is not made true by somebody who is none.
func Trusted(circles ...guichet.Circle) Keys {
	var keys Keys
	for _, c := range circles {
		for _, m := range c.Members {
			for _, k := range m.Keys {
				if (k.Use == guichet.KeyLog || k.Use == guichet.KeyWitness && MayWitness(m)) && len(k.Public) == ed25519.PublicKeySize {
					k.Revoked = earliest(k.Revoked, m.Left)
					keys.add(trusted{c.Name, m.Code, k})
				}
			}
		}
	}
	return keys
}

// Ending returns keys that believe no checkpoint of a log beyond the end that a
// renewal names of it.
func (k Keys) Ending(r Renewal) Keys {
	ends := maps.Clone(k.ends)
	if ends == nil {
		ends = map[string]uint64{}
	}
	for _, e := range r.Before {
		ends[OriginOf(r.Circle, r.Member, e.Number)] = unsigned(e.EndSize())
	}
	return Keys{k.list, ends}
}

// MayWitness says whether a member's cosignatures count under others' checkpoints:
// those of parties, observers and dialogue partners.
func MayWitness(m guichet.Member) bool { return m.Role != "guest" }

func (k *Keys) add(t trusted) {
	i := slices.IndexFunc(k.list, func(o trusted) bool {
		return o.circle == t.circle && o.member == t.member && o.key.Use == t.key.Use && o.key.Public.Equal(t.key.Public)
	})
	if i < 0 {
		k.list = append(k.list, t)
		return
	}
	k.list[i].key.Revoked = earliest(k.list[i].key.Revoked, t.key.Revoked)
	k.list[i].key.Until = earliest(k.list[i].key.Until, t.key.Until)
}

// earliest is the earlier of two instants, zero meaning never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// logs are the keys that may sign checkpoints of an origin.
func (k Keys) logs(circle, member string) []trusted {
	return k.pick(func(t trusted) bool {
		return t.key.Use == guichet.KeyLog && t.circle == circle && t.member == member
	})
}

// witnesses are the keys whose cosignatures count under a member's checkpoints:
// those of the other members.
func (k Keys) witnesses(circle, member string) []trusted {
	return k.pick(func(t trusted) bool {
		return t.key.Use == guichet.KeyWitness && t.circle == circle && t.member != member
	})
}

func (k Keys) pick(want func(trusted) bool) []trusted {
	var out []trusted
	for _, t := range k.list {
		if want(t) {
			out = append(out, t)
		}
	}
	return out
}
