// Package desk is the one place that answers: every window asks it, and
// nothing reaches a table past it.
//
// It promises that an answer is never empty without a reason, that figures of
// different flows, trade systems, valuations, partner roles, grains and
// currencies are never summed unsaid, that each reporter is answered from one
// cube, that a total is never added to its parts, that product codes are read
// in a stated edition and others enter by exact family or as a gap, and that
// every figure names the submissions that it came from.
//
// A Counter answers the members of a circle: nothing is found that was not
// permitted, no cell is folded that the rules hide, and nothing leaves that is
// not durable in the ledger and in the journal (docs/design/life-of-a-question.md).
//
// It is general over datasets. It does not judge who may ask nor which cell is
// unsafe, and signs nothing: rules and keys are passed in or stand elsewhere. It
// does not see what several answers tell together.
package desk
