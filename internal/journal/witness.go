package journal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"guichet"
)

// WitnessConfig says who witnesses, and whose logs.
type WitnessConfig struct {
	Dir    string // what was cosigned last, one file a log; made if it is not there
	Circle string
	Member string
	Key    crypto.Signer // the member's witness key, Ed25519
	Clock  guichet.Clock
	Keys   func() Keys // of the circle as it is now; called at each request
	// Renewals are those that were accepted of other members' journals; nil none.
	Renewals *Renewals
}

// Witness signs under other members' checkpoints, C2SP tlog-witness: each
// cosignature says that the log it has seen before is the beginning of the one it
// signs. It may be called from several goroutines.
type Witness struct {
	cfg    WitnessConfig
	signer *edSigner
	mu     sync.Mutex // guards the files in Dir; held over the write, since looking at the last size and replacing it must be one step
}

// OpenWitness makes a witness over a folder.
func OpenWitness(cfg WitnessConfig) (*Witness, error) {
	if cfg.Dir == "" || cfg.Clock == nil || cfg.Keys == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "a witness needs a folder, a clock and the circle's keys")
	}
	signer, err := newSigner(WitnessName(cfg.Circle, cfg.Member), algCosignature, cfg.Key, cfg.Clock)
	if err != nil {
		return nil, err
	}
	if err := mkdirDurably(cfg.Dir); err != nil {
		return nil, fault(cfg.Dir, err)
	}
	return &Witness{cfg: cfg, signer: signer}, nil
}

// Types of a witness's answers.
const (
	typeSize = "text/x.tlog.size"
	typeText = "text/plain; charset=utf-8"
)

// verdict is an answer of the witness.
type verdict struct {
	status int
	kind   string
	body   []byte
}

func refused(status int, format string, args ...any) verdict {
	return verdict{status, typeText, fmt.Appendf(nil, format+"\n", args...)}
}

// AddCheckpoint answers a request of C2SP tlog-witness, with a status of HTTP:
//
//	200 the cosignature, as a note signature line; what was cosigned is durable
//	400 the body is no request, or its old size is above the checkpoint's
//	403 the checkpoint is not signed by the log's key
//	404 the log is not one of the circle
//	410 the log has ended, by a renewal of its owner's that was accepted
//	409 the old size is not the one cosigned last, which the body says; or another
//	    tree of the same size was cosigned: then both are kept, as evidence of a fork
//	422 the consistency proof does not hold
//	500 the state cannot be kept: nothing was signed
func (w *Witness) AddCheckpoint(ctx context.Context, body []byte) (status int, contentType string, answer []byte) {
	v := w.answer(ctx, body)
	return v.status, v.kind, v.body
}

func (w *Witness) answer(ctx context.Context, body []byte) verdict {
	if err := ctx.Err(); err != nil {
		return refused(http.StatusServiceUnavailable, "the request was given up")
	}
	request, err := parseAdd(body)
	if err != nil {
		return refused(http.StatusBadRequest, "%s", err)
	}
	circle, member, number, ok := splitOrigin(request.origin)
	keys := w.cfg.Keys()
	if !ok || circle != w.cfg.Circle || len(keys.logs(circle, member)) == 0 {
		return refused(http.StatusNotFound, "this witness does not know the log %.200q", request.origin)
	}
	switch renewed, current, err := w.cfg.Renewals.current(member); {
	case err != nil:
		return refused(http.StatusInternalServerError, "what this witness knows of renewals cannot be read; nothing is signed until it can")
	case number > current:
		return refused(http.StatusNotFound, "this witness does not know the log %.200q: no renewal of that journal was accepted", request.origin)
	case number < current:
		w.cfg.Renewals.late(request.checkpoint, renewed, keys)
		return refused(http.StatusGone, "the log %.200q has ended: its owner has announced log %d", request.origin, current)
	}
	cp, err := openCheckpoint(request.checkpoint, keys)
	if err != nil || !cp.key.InForce(w.cfg.Clock()) {
		return refused(http.StatusForbidden, "the checkpoint is not signed by a log key of %s in force", member)
	}
	if request.old > cp.size {
		return refused(http.StatusBadRequest, "the old size is above the size of the checkpoint")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cosign(cp, request)
}

// cosign holds a checkpoint against the last one and signs it; mu is held.
func (w *Witness) cosign(cp checkpoint, request addRequest) verdict {
	last, err := w.last(cp.origin)
	if err != nil {
		return refused(http.StatusInternalServerError, "the state of this witness cannot be read; nothing is signed until it can")
	}
	if request.old != last.Size {
		return verdict{http.StatusConflict, typeSize, fmt.Appendf(nil, "%d\n", last.Size)}
	}
	if cp.size == last.Size && last.Size > 0 && !bytes.Equal(cp.root, last.Root) {
		w.keep(cp)
		return verdict{http.StatusConflict, typeSize, fmt.Appendf(nil, "%d\n", last.Size)}
	}
	if !proven(last, head{cp.size, cp.root}, request.proof) {
		return refused(http.StatusUnprocessableEntity, "the consistency proof from %d to %d does not hold", last.Size, cp.size)
	}
	if err := writeDurably(w.file(cp.origin), cp.raw); err != nil {
		return refused(http.StatusInternalServerError, "the state of this witness cannot be written; nothing was signed")
	}
	line, err := w.line(cp)
	if err != nil {
		return refused(http.StatusInternalServerError, "this witness cannot sign")
	}
	return verdict{http.StatusOK, typeText, line}
}

// proven checks a consistency proof; from an empty log it must be empty.
func proven(old, now head, nodes [][]byte) bool {
	if old.Size == 0 || old.Size == now.Size {
		return len(nodes) == 0
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, old.Size, now.Size, nodes, old.Root, now.Root) == nil
}

// line signs a checkpoint and returns the signature line alone.
func (w *Witness) line(cp checkpoint) ([]byte, error) {
	text, _ := noteText(cp.raw)
	whole, err := note.Sign(&note.Note{Text: string(text)}, w.signer)
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	return whole[len(text)+1:], nil
}

func (w *Witness) file(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(w.cfg.Dir, hex.EncodeToString(sum[:]))
}

// last is the tree that was cosigned last; empty when none was.
func (w *Witness) last(origin string) (head, error) {
	raw, err := readSmall(w.file(origin), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return head{}, nil
	}
	if err != nil {
		return head{}, err
	}
	c, err := parseHead(raw)
	if err != nil || c.Origin != origin {
		return head{}, guichet.Errorf(guichet.KindUntrusted, "the state of the witness for %s is damaged", origin)
	}
	return head{c.Size, c.Hash}, nil
}

// keep puts a checkpoint that contradicts the last one beside it: the two, signed
// by one key, prove that the log was forked. One is enough.
func (w *Witness) keep(cp checkpoint) {
	name := w.file(cp.origin) + ".fork"
	if _, err := readSmall(name, maxCheckpoint); errors.Is(err, fs.ErrNotExist) {
		_ = writeDurably(name, cp.raw) // the answer is the same without it
	}
}

// ServeHTTP answers POST add-checkpoint.
func (w *Witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxAdd))
	v := refused(http.StatusBadRequest, "the body cannot be read, or has more than %d bytes", maxAdd)
	switch {
	case r.Method != http.MethodPost:
		v = refused(http.StatusMethodNotAllowed, "only POST")
	case err == nil:
		v = w.answer(r.Context(), body)
	}
	out.Header().Set("Content-Type", v.kind)
	out.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
	out.WriteHeader(v.status)
	_, _ = out.Write(v.body)
}
