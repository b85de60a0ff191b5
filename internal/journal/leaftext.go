package journal

import (
	"encoding/hex"
	"strconv"
	"time"

	"guichet"
)

// leafText is the canonical JSON of a leaf, as guichet.Canonical writes it. Every
// exchange writes a leaf on both sides, so the usual one, of plain ASCII without
// quotes and of whole seconds in UTC, is written straight, its names in order;
// anything else goes the general way.
func leafText(leaf guichet.Leaf) ([]byte, error) {
	if !usual(leaf) {
		return guichet.Canonical(leaf)
	}
	w := leafWriter(make([]byte, 0, 768))
	w.text(`{"agreement":`, leaf.Agreement)
	w.text(`,"clause":`, leaf.Clause)
	w.always(`,"exchange":`, leaf.Exchange)
	w.number(`,"format":`, int64(leaf.Format))
	w.always(`,"from":{"circle":`, leaf.From.Circle)
	w.always(`,"member":`, leaf.From.Member)
	w.always(`,"office":`, leaf.From.Office)
	w = append(w, '}')
	if leaf.Hidden != 0 {
		w.number(`,"hidden":`, leaf.Hidden)
	}
	w.always(`,"kind":`, string(leaf.Kind))
	w.text(`,"officer":`, leaf.Officer)
	if leaf.Peer != 0 {
		w.number(`,"peer":`, leaf.Peer)
	}
	w.text(`,"purpose":`, leaf.Purpose)
	w.text(`,"reason":`, string(leaf.Reason))
	w.text(`,"reply":`, leaf.Reply)
	w.always(`,"request":`, leaf.Request)
	w.number(`,"rows":`, leaf.Rows)
	w.text(`,"snapshot":`, leaf.Snapshot)
	w.always(`,"time":`, leaf.Time.Format(time.RFC3339))
	w.always(`,"to":`, leaf.To)
	if leaf.Version != 0 {
		w.number(`,"version":`, int64(leaf.Version))
	}
	w = append(w, '}')
	if w[0] == ',' { // no agreement: the first name is another
		w[0] = '{'
	}
	return w, nil
}

// leafWriter is a leaf in the writing. A name comes with what stands before it.
type leafWriter []byte

// text writes a member of a leaf that is left out when it is empty.
func (w *leafWriter) text(name, value string) {
	if value != "" {
		w.always(name, value)
	}
}

func (w *leafWriter) always(name, value string) {
	*w = append(append(append(append(*w, name...), '"'), value...), '"')
}

func (w *leafWriter) number(name string, n int64) {
	*w = strconv.AppendInt(append(*w, name...), n, 10)
}

// usual says whether a leaf has nothing in it that is written otherwise than as
// it stands.
func usual(leaf guichet.Leaf) bool {
	for _, s := range []string{
		leaf.Exchange, string(leaf.Kind), leaf.From.Circle, leaf.From.Member, leaf.From.Office, leaf.To, leaf.Officer, leaf.Purpose,
		leaf.Agreement, leaf.Clause, string(leaf.Reason), leaf.Request, leaf.Reply, leaf.Snapshot,
	} {
		if !plain(s) {
			return false
		}
	}
	const exact = 1 << 53 // of guichet.Canonical
	for _, n := range []int64{int64(leaf.Format), int64(leaf.Version), leaf.Rows, leaf.Hidden, leaf.Peer} {
		if n < -exact || n > exact {
			return false
		}
	}
	year := leaf.Time.Year()
	return leaf.Time.Location() == time.UTC && leaf.Time.Nanosecond() == 0 && year > 0 && year <= 9999
}

// plain says whether JSON writes a text as it stands.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// HashOf is the Merkle hash of a leaf, hex.
func HashOf(leaf guichet.Leaf) (string, error) {
	text, err := leafText(leaf)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(leafHash(text)), nil
}
