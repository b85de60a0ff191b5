// Package seal keeps a node's keys and signs what travels.
//
// It promises:
//   - private keys lie on disk encrypted under a passphrase (age), in files that
//     nobody else may read, written whole or not at all; they are handed out as
//     crypto.Signer only, so that a token can stand in for a file;
//   - requests and responses are signed and verified as HTTP Message Signatures
//     (RFC 9421) with Ed25519, and their contents by Content-Digest (RFC 9530),
//     with the components and parameters of docs/protocol/signatures.md;
//   - the algorithm follows from the key, never from the message;
//   - what cannot be verified is an error that says what, and what to do.
//
// It does not know who is a member, which key is in force, or whether a nonce was
// seen before: that is asked of the caller (room gate). It keeps no connection.
package seal
