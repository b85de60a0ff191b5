package journal_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/journal"
)

// A leaf that is written straight is, to the last byte, what the general way
// writes, whatever stands in it.
func TestLeafTextIsCanonical(t *testing.T) {
	words := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9<>&@./-]{1,20}`), rapid.String())
	numbers := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<40), rapid.Int64())
	rapid.Check(t, func(t *rapid.T) {
		word := func(label string) string { return words.Draw(t, label) }
		number := func(label string) int64 { return numbers.Draw(t, label) }
		at := time.Unix(rapid.Int64Range(-70_000_000_000, 260_000_000_000).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 0, 1, 500_000_000}).Draw(t, "nanoseconds"))
		if rapid.Bool().Draw(t, "utc") {
			at = at.UTC()
		}
		leaf := guichet.Leaf{
			Format: int(number("format")), Kind: guichet.LeafKind(word("kind")), Exchange: word("exchange"),
			From: guichet.Party{Circle: word("circle"), Member: word("member"), Office: word("office")}, To: word("to"),
			Officer: word("officer"), Purpose: word("purpose"), Agreement: word("agreement"), Version: int(number("version")), Clause: word("clause"),
			Reason: guichet.GapReason(word("reason")), Request: word("request"), Reply: word("reply"), Rows: number("rows"), Hidden: number("hidden"),
			Snapshot: word("snapshot"), Peer: number("peer"), Time: at,
		}
		want, wantErr := guichet.Canonical(leaf)
		got, err := journal.LeafText(leaf)
		if (err != nil) != (wantErr != nil) || !bytes.Equal(got, want) {
			t.Fatalf("got  %s, %v\nwant %s, %v", got, err, want, wantErr)
		}
	})
}

func BenchmarkLeafText(b *testing.B) {
	leaf := guichet.Leaf{
		Format: 1, Kind: guichet.LeafAnswered, Exchange: "00112233445566778899aabbccddeeff", From: guichet.Party{Circle: "border-five", Member: "CA", Office: "statistics"},
		To: "US", Officer: "0011223344556677", Purpose: "supply-monitoring", Agreement: "critical-goods", Version: 3,
		Request: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", Reply: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		Rows: 85, Snapshot: "trade@12", Time: time.Unix(1_700_000_000, 0).UTC(),
	}
	for b.Loop() {
		if _, err := journal.LeafText(leaf); err != nil {
			b.Fatal(err)
		}
	}
}
