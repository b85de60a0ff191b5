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

// SynthFile is one file that was made.
type SynthFile = synth.File

// SynthMembers returns the members whose declarations can be made.
func SynthMembers() []string { return synth.Members() }

// Synth makes both sides of trade whose truth is known, as files in a folder.
// It needs no home.
func Synth(ctx context.Context, req SynthRequest, tell guichet.Progress) (SynthManifest, error) {
	return synth.Make(ctx, req, tell)
}

// CrossingsRequest says what crossings of borders to make up.
type CrossingsRequest = synth.CrossingsOptions

// CrossingsManifest says what was made.
type CrossingsManifest = synth.CrossingsManifest

// SynthCrossings makes files of border crossings for members, and the truth of who
// waited how long. It needs no home.
func SynthCrossings(ctx context.Context, req CrossingsRequest, tell guichet.Progress) (CrossingsManifest, error) {
	return synth.MakeCrossings(ctx, req, tell)
}

// CrossingsMembers returns the members whose crossings can be made.
func CrossingsMembers() []string { return synth.CrossingsMembers() }
