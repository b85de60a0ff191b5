// Package federation asks every member of a circle at once, and serves the
// members that ask us.
//
// It promises that a member that is down, slow, lying or answering garbage costs
// the others nothing: each has a deadline of its own, and what it did is told as
// a gap with its reason. It promises that nothing a member said is handed out
// before its signature, its digest and its place in the exchange were checked
// and our own journal holds the leaf that says so; that a question is put a
// second time only where it surely did not arrive; that a large answer counts
// only when its signed end has come; and that answers of several members are
// laid side by side, never added. The server bounds whatever comes from outside,
// lets nobody in past the gate, and signs what it says.
//
// It does not decide who may ask what, find figures, keep keys or write logs:
// the gate, the seal, the desk, the journal and the decoder of columns are
// interfaces here, and the node passes them in. The wire itself is described for
// implementers in docs/protocol/README.md.
package federation
