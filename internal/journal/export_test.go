package journal

import "guichet"

// LeafHash, OpenCheckpoint, ParseAdd and FormatAdd open what tests look at from
// outside.
func LeafHash(entry []byte) []byte { return leafHash(entry) }

// OpenCheckpoint reads a checkpoint; it returns its size.
func OpenCheckpoint(raw []byte, keys Keys) (uint64, error) {
	c, err := openCheckpoint(raw, keys)
	return c.size, err
}

// ParseAdd reads the body of an add-checkpoint and writes it again.
func ParseAdd(body []byte) ([]byte, error) {
	r, err := parseAdd(body)
	if err != nil {
		return nil, err
	}
	return formatAdd(r.old, r.proof, r.checkpoint), nil
}

// FormatAdd writes the body of an add-checkpoint.
func FormatAdd(old uint64, proof [][]byte, checkpoint []byte) []byte {
	return formatAdd(old, proof, checkpoint)
}

// LeafText writes a leaf as the log hashes it.
func LeafText(leaf guichet.Leaf) ([]byte, error) { return leafText(leaf) }

// StepBook lets a test be told of every step of a renewal that has ended.
func StepBook(b *Book, step func(string)) { b.step = step }
