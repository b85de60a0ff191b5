// Package ingest takes in a national file: it recognises the profile of the
// file, unpacks it under limits, turns it into delimited UTF-8 text, reads its
// control totals and hands over a guichet.Layout.
//
// It promises:
//   - a profile is data: a new country joins by writing one, without code, and
//     every fault of a profile is told at once, each with its line;
//   - nothing in a file is trusted: names, links, sizes, ratios, encodings and
//     line lengths are checked, and what is counted are the bytes that come out,
//     not those that a header announces;
//   - no line is lost: one that cannot be cut into its columns is handed on as
//     a line that the store cannot cut either, so that it is put aside there
//     with its place;
//   - a plain UTF-8 file whose layout fits is read once and never copied;
//   - the digest of a file depends on its unpacked content alone, not on how or
//     in which order it was packed (see Prepared.Digest).
//
// It does not judge codes (room harmonise), does not type figures (room store),
// does not decide whether control totals that differ are accepted (room node),
// and gives no isolation of its own: the house runs it in a child process that
// holds no key.
//
// How profiles are written: docs/design/profiles.md.
package ingest
