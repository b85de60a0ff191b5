package node_test

import (
	"testing"

	"guichet"
	"guichet/internal/node"
)

// TestAReceiptIsOfTheOtherLog: a partner that wrote nothing down hands out, as its
// receipt, the one of our own leaf, or of another leaf of its log.
func TestAReceiptIsOfTheOtherLog(t *testing.T) {
	ours := guichet.Leaf{
		Kind: guichet.LeafReceived, Exchange: "e", From: guichet.Party{Circle: "two", Member: "CA", Office: "statistics"}, To: "US",
		Agreement: "b5", Version: 1, Request: "q", Reply: "r", Rows: 3, Peer: 8,
	}
	theirs := ours
	theirs.Kind, theirs.Peer = guichet.LeafAnswered, 0
	whole := node.Receipt{Member: "US", Index: 7, Leaf: theirs}
	if !node.Proves(whole, ours) {
		t.Error("the very leaf is not believed")
	}
	for name, change := range map[string]func(*node.Receipt){
		"our own leaf, out of our own log": func(r *node.Receipt) { r.Member, r.Leaf = "CA", ours },
		"another leaf of its log":          func(r *node.Receipt) { r.Index = 6 },
		"the beginning, without a digest":  func(r *node.Receipt) { r.Leaf.Kind, r.Leaf.Reply = guichet.LeafStarted, "" },
		"a refusal with our digest":        func(r *node.Receipt) { r.Leaf.Kind, r.Leaf.Clause = guichet.LeafRefused, "none" },
		"a refusal without a clause":       func(r *node.Receipt) { r.Leaf.Kind = guichet.LeafRefused },
		"another answer":                   func(r *node.Receipt) { r.Leaf.Reply = "x" },
		"another question":                 func(r *node.Receipt) { r.Leaf.Request = "x" },
		"another agreement":                func(r *node.Receipt) { r.Leaf.Agreement = "x" },
		"fewer rows":                       func(r *node.Receipt) { r.Leaf.Rows = 2 },
		"another office":                   func(r *node.Receipt) { r.Leaf.From.Office = "customs" },
		"another exchange":                 func(r *node.Receipt) { r.Leaf.Exchange = "x" },
	} {
		r := whole
		change(&r)
		if node.Proves(r, ours) {
			t.Errorf("%s is believed", name)
		}
	}
}
