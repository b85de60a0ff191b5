// Package circle keeps what the members of a circle have signed together: who is
// a member, with which keys and offices; which agreements are in force; which
// code lists and product groups they count by. It stands on The Update Framework
// (TUF, go-tuf v2): a root that a threshold of the members' keys must sign, one
// delegation per member for its own paper, one per agreement that all its
// parties must sign.
//
// It promises: a state is given only after go-tuf has verified it from the first
// root that this node trusts; the metadata say nothing beside what the members'
// charter says, so that whoever signs has been shown all of it in words;
// a state is installed whole or not at all, and never an older one; what is wrong
// with one agreement or one member's paper takes that paper away and no other.
//
// It does not: read key files (keys come as crypto.Signer), talk to the network
// (files and a get function are passed in), judge the clauses of an agreement,
// or protect against somebody who can write to this node's disk and puts back an
// older state while the program is stopped.
package circle
