// Package journal keeps a member's log of what was asked and answered, so that
// nobody, its owner included, can change or remove a line of it unseen.
//
// It promises: what Append has returned is on the disk and in the tree, after a
// kill -9 and after a power cut; a leaf is there whole or not at all; a journal
// that could not write takes nothing more until it is opened again; nothing is
// signed that contradicts what this journal has signed before; a receipt can be
// checked by anyone, offline, with the circle's keys; Check, CheckPeer and
// Compare name the leaf that was changed, removed, forked or told by one side
// alone.
//
// The log is Tessera's (C2SP tlog-tiles) on a local disk: entries are the
// canonical JSON of guichet.Leaf, checkpoints are C2SP tlog-checkpoint signed by
// the member's log key, receipts are C2SP tlog-proof, cosignatures of the other
// members are C2SP tlog-cosignature, asked for by C2SP tlog-witness. The formats
// are told in docs/protocol/journal.md.
//
// It does not judge who may read a leaf (the window does, by the two parties of
// the exchange), does not hold rows, does not make keys, does not talk to the
// network (a fetch function and Cosigners are passed in), and is not for network
// file systems: it needs locks and fsync that mean what they say.
//
// What is on the disk, under Config.Dir:
//
//	lock                  who holds the journal
//	head                  the largest tree that was ever signed here: size and root
//	checkpoint.cosigned   the newest checkpoint under which others have signed
//	leaves.index          where the leaves of an exchange are; made anew when it is lost
//	log/                  Tessera's: checkpoint, tile/..., tile/entries/..., .state/
package journal
