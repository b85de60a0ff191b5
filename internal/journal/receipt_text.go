package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	tlog "github.com/transparency-dev/formats/proof"
)

const receiptHeader = "c2sp.org/tlog-proof@v1"

// unmarshalReceipt reads C2SP tlog-proof. The library's own reader takes lines of
// at most 64 KiB, and a leaf of 64 KiB is longer than that in base64.
func unmarshalReceipt(p *tlog.TLogProof, text []byte) error {
	top, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok {
		return errors.New("no empty line before a checkpoint")
	}
	lines := bytes.Split(top, []byte("\n"))
	if string(lines[0]) != receiptHeader {
		return fmt.Errorf("the first line is not %s", receiptHeader)
	}
	lines = lines[1:]
	if extra, ok := bytes.CutPrefix(first(lines), []byte("extra ")); ok {
		raw, err := base64.StdEncoding.Strict().DecodeString(string(extra))
		if err != nil {
			return fmt.Errorf("the extra line: %w", err)
		}
		p.ExtraData, lines = raw, lines[1:]
	}
	index, ok := bytes.CutPrefix(first(lines), []byte("index "))
	if !ok {
		return errors.New("the index line is missing")
	}
	var err error
	if p.Index, err = strconv.ParseUint(string(index), 10, 64); err != nil {
		return fmt.Errorf("the index line: %w", err)
	}
	if p.Hashes, err = readHashes(lines[1:]); err != nil {
		return err
	}
	p.Checkpoint = checkpoint
	return nil
}

func first(lines [][]byte) []byte {
	if len(lines) == 0 {
		return nil
	}
	return lines[0]
}

// readHashes reads lines of base64, a SHA-256 each; at most 63, as many as a tree
// can ask for.
func readHashes(lines [][]byte) ([][sha256.Size]byte, error) {
	const most = 63
	if len(lines) > most {
		return nil, fmt.Errorf("a proof of more than %d hashes", most)
	}
	var out [][sha256.Size]byte
	for i, line := range lines {
		raw, err := base64.StdEncoding.Strict().DecodeString(string(line))
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("line %d of the proof is no hash", i+1)
		}
		out = append(out, [sha256.Size]byte(raw))
	}
	return out, nil
}
