// Package gate stands at the window: it says which member is asking, and that
// nobody else is.
//
// It promises:
//   - TLS 1.3 on both sides, by certificates that each node makes itself of its tls
//     key; what counts is the key, pinned to the member's paper in the circle, at
//     each handshake and again at each request, so that a revoked key does not live
//     on in an open connection; no session is ever resumed;
//   - a request is admitted once: the member of the connection is the member of the
//     signature, both keys are in force, the clocks agree, the nonce is new, the
//     member is within its rate;
//   - a refusal is one sentence that says what, why and what to do.
//
// It does not judge what may be asked (room agreement), nor whether the circle's
// papers have expired: members must be able to fetch newer ones. It reads no
// signature itself; Verify is handed in.
package gate
