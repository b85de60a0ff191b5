package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"guichet"
	"guichet/internal/portal"
)

// longestPublicBundle bounds what is kept in memory, once a circle here and once a language
// among the pages, and given to whoever asks.
const longestPublicBundle = 8 << 20

// bundled is a circle's papers as they were written.
type bundled struct {
	bundle portal.PublicBundle
	at     time.Time
}

// Bundle is a circle's papers without its agreements, to verify receipts with. They are
// written once and serve for some minutes.
func (p *public) Bundle(_ context.Context, name string) (portal.PublicBundle, error) {
	pub, err := p.read()
	if err != nil {
		return portal.PublicBundle{}, err
	}
	i := slices.IndexFunc(p.h.services, func(v *service) bool { return v.seat.name == name })
	if i < 0 || !pub.Bundle {
		return portal.PublicBundle{}, guichet.Errorf(guichet.KindNotFound, "no papers of a circle %q are public here", name)
	}
	now := p.h.n.cfg.Clock()
	p.mu.Lock()
	defer p.mu.Unlock() // over reading the papers too: they are in memory, and are written once
	if b, ok := p.bundles[name]; ok && now.Sub(b.at).Abs() < tableFor {
		return b.bundle, nil
	}
	text, err := p.h.services[i].seat.papers.repo.PublicBundle()
	if err != nil {
		return portal.PublicBundle{}, err
	}
	if len(text) > longestPublicBundle {
		return portal.PublicBundle{}, guichet.Errorf(guichet.KindBusy, "the papers of the circle %s have %d bytes, more than %d are not given to everybody", name, len(text), longestPublicBundle).
			WithHint("give them another way: guichet circle bundle")
	}
	sum := sha256.Sum256(text)
	b := bundled{portal.PublicBundle{Name: name + ".bundle", Text: text, SHA256: hex.EncodeToString(sum[:])}, now}
	p.bundles[name] = b
	return b.bundle, nil
}
