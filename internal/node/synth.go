package node

import (
	"context"

	"guichet"
	"guichet/internal/synth"
)

// SynthRequest says what trade to make up.
type SynthRequest = synth.Options

// SynthManifest says what was made.
type SynthManifest = synth.Manifest

// SynthMembers returns the members whose declarations can be made.
func SynthMembers() []string { return synth.Members() }

// Synth makes both sides of trade whose truth is known, as files in a folder.
// It needs no home.
func Synth(ctx context.Context, req SynthRequest, tell guichet.Progress) (SynthManifest, error) {
	return synth.Make(ctx, req, tell)
}
