package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
)

// digester makes the digest of a file's unpacked content.
//
// Of a plain or gzip file it is the sha256 of its unpacked bytes. Of an archive
// it is the sha256 of a text with one line per regular member, sorted by name
// as bytes: the sha256 of the member's bytes in hex, two spaces, its name
// without "./", a line feed. So anyone can make it again, in the folder into
// which the archive was unpacked:
//
//	find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
//
// Order, compression, dates, owners and folders of the archive are no part of it.
type digester struct {
	archive bool
	members map[string]string
	plain   hash.Hash
}

func newDigester(container string) *digester {
	return &digester{
		archive: container != containerNone && container != containerGzip,
		members: map[string]string{},
	}
}

// member returns where the bytes of a member go, and what to call after the
// last of them.
func (d *digester) member(name string) (h hash.Hash, done func()) {
	h = sha256.New()
	return h, func() {
		d.plain = h
		d.members[name] = hex.EncodeToString(h.Sum(nil))
	}
}

// sum returns the digest in hex, "" before any member is done.
func (d *digester) sum() string {
	if !d.archive {
		if d.plain == nil {
			return ""
		}
		return hex.EncodeToString(d.plain.Sum(nil))
	}
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(d.members)) {
		_, _ = all.Write([]byte(d.members[name] + "  " + name + "\n"))
	}
	return hex.EncodeToString(all.Sum(nil))
}
