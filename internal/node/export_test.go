package node

import (
	"context"
	"time"

	"guichet"
	"guichet/internal/agreement"
)

// Given is the count that quotas are held against.
type Given struct{ g *given }

// NewGiven begins a count.
func NewGiven(us string, now time.Time) Given { return Given{newGiven(us, now)} }

// Begin is the beginning of an exchange.
func (g Given) Begin(ctx context.Context) (context.Context, func()) { return g.g.begin(ctx) }

// Take takes a place.
func (g Given) Take(ctx context.Context, agreement, member string, most int, now time.Time) bool {
	return g.g.take(ctx, quota{agreement, member}, most, now)
}

// Add counts a leaf.
func (g Given) Add(ctx context.Context, l guichet.Leaf) { g.g.add(ctx, l) }

// Of is the count.
func (g Given) Of(agreement, member string, now time.Time) int { return g.g.of(agreement, member, now) }

// ParseLaw reads a law.
func ParseLaw(text []byte) (agreement.Law, error) { return parseLaw(text) }

// Proves says whether a receipt is of what our leaf tells.
func Proves(r Receipt, ours guichet.Leaf) bool { return proves(r, ours) }
