package journal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// maxAdd bounds the body of a request for a cosignature, in bytes: a checkpoint
// and 63 hashes.
const maxAdd = maxCheckpoint + 8<<10

// addRequest is the body of add-checkpoint, read and not yet believed.
type addRequest struct {
	old        uint64
	proof      [][]byte
	checkpoint []byte
	origin     string
}

// A request for a cosignature:
//
//	old 20852014
//	PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//	...
//
//	guichet/border-five/CA          and the checkpoint

func parseAdd(body []byte) (addRequest, error) {
	var r addRequest
	if len(body) > maxAdd {
		return r, fmt.Errorf("the body has more than %d bytes", maxAdd)
	}
	top, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return r, errors.New("no empty line before the checkpoint")
	}
	lines := bytes.Split(top, []byte("\n"))
	old, ok := bytes.CutPrefix(lines[0], []byte("old "))
	if !ok {
		return r, errors.New("the first line is not: old <size>")
	}
	var err error
	if r.old, err = strconv.ParseUint(string(old), 10, 63); err != nil || strconv.FormatUint(r.old, 10) != string(old) {
		return r, errors.New("the old size is no number as it must be written")
	}
	hashes, err := readHashes(lines[1:])
	if err != nil {
		return r, err
	}
	for i := range hashes {
		r.proof = append(r.proof, hashes[i][:])
	}
	text, ok := noteText(checkpoint)
	if !ok {
		return r, errors.New("the checkpoint has no signatures")
	}
	c, err := parseHead(text)
	if err != nil {
		return r, err
	}
	r.checkpoint, r.origin = checkpoint, c.Origin
	return r, nil
}

// formatAdd writes the body of a request.
func formatAdd(old uint64, proof [][]byte, checkpoint []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "old %d\n", old)
	for _, h := range proof {
		out.WriteString(base64.StdEncoding.EncodeToString(h) + "\n")
	}
	out.WriteByte('\n')
	out.Write(checkpoint)
	return out.Bytes()
}
