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
// It is general over datasets. It does not decide who may ask (the operator is
// the owner), hide cells or seal: those steps join here with their own rooms.
package desk
