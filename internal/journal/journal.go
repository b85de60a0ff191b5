package journal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"guichet"
)

// Names under Config.Dir.
const (
	fileLock     = "lock"
	fileHead     = "head"
	fileCosigned = "checkpoint.cosigned"
	fileIndex    = "leaves.index"
	fileAhead    = "ahead" // ahead.0 and ahead.1: leaves that are durable before they are in the tree
	dirLog       = "log"
)

// Config says where a journal is and who signs it. Dir, Origin, Log and Clock
// must be given; the zero value of the others is what is written beside them.
type Config struct {
	Dir    string        // a folder of its own on a local disk; made if it is not there
	Origin string        // OriginOf(circle, member, number)
	Log    crypto.Signer // the member's log key, Ed25519
	// Former are the log keys of this member before: checkpoints that others signed
	// under then are still ours.
	Former []ed25519.PublicKey
	// Clock is for what people read; order and durability do not rest on it.
	Clock guichet.Clock
	// BatchSize is how many leaves are written at once, at most: 256.
	BatchSize int
	// BatchAge is how long the first leaf of a batch waits for others where several
	// came together before: 1 ms.
	BatchAge time.Duration
	// Checkpoint is how often the tree is signed while it grows: 500 ms, at least
	// 100 ms. A receipt can be had from then on.
	Checkpoint time.Duration
	// Patience is how long a disk may take to write a batch: 10 s. Then the journal
	// is closed.
	Patience time.Duration
	// Quorum is how many other members must have signed under a checkpoint before
	// it takes the place of the last cosigned one: 1.
	Quorum int
	// Ended: another log has taken the place of this one. It is read, and nothing is
	// appended or signed.
	Ended bool
}

func (c Config) withDefaults() Config {
	if c.BatchSize <= 0 {
		c.BatchSize = 256
	}
	if c.BatchAge <= 0 {
		c.BatchAge = time.Millisecond
	}
	if c.Checkpoint <= 0 {
		c.Checkpoint = 500 * time.Millisecond
	}
	if c.Patience <= 0 {
		c.Patience = 10 * time.Second
	}
	c.Quorum = max(c.Quorum, 1)
	return c
}

// Journal is an open log. All its methods may be called from several goroutines.
type Journal struct {
	cfg            Config
	circle, member string
	own            Keys // the log key of today and those before

	lock     *os.File
	signer   *edSigner
	reader   tessera.LogReader
	add      tessera.AddFn
	shutdown func(context.Context) error
	stop     context.CancelFunc
	index    *index

	ahead    *ahead        // belongs to the writer
	durable  atomic.Uint64 // leaves that are durable
	size     atomic.Uint64 // leaves that are in the tree too
	pinned   sync.RWMutex  // read-locked while leaves are made durable and while the tree grows, locked while the log is pinned
	incoming chan *pending
	waiting  *waiting
	hurry    chan struct{} // taken by the tree where somebody waits for it
	done     chan struct{} // closed when the writer has ended, and the tree grows no more

	mu     sync.Mutex // guards what follows
	closed bool
	ended  bool  // as Config.Ended
	failed error // why nothing is taken any more
	held   error // why nothing is taken for now

	signing sync.Mutex // guards what follows; held over the write of the head, so that heads are remembered in their order
	sealed  bool       // nothing is signed: not before the log was held against its head, nor after Close
	head    head       // the largest tree ever signed here

	cosign   sync.Mutex        // one round of cosigning at a time; held over I/O, by its own loop alone
	seenBy   map[string]uint64 // by member: the size that its witness has signed last; guarded by cosign
	appender sync.WaitGroup    // calls of Append under way
}

// head is the file of that name.
type head struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

// quiet keeps the log library's own messages out of the process's error stream:
// what matters of them comes back as errors, or is found by Ready and Check.
var quiet = sync.OnceFunc(func() { klog.SetSlogLogger(slog.New(slog.DiscardHandler)) }) //nolint:gochecknoglobals // the library has one logger for the process

// Open opens the journal in a folder, or makes it. What was durable when the last
// process ended, however it ended, is there; what was not acknowledged may be.
// A checkpoint that covers all of it is signed before Open returns.
//
// KindBusy when another process holds it, KindFull when the disk is full,
// KindUntrusted when the log is not what was signed here before: it was rolled
// back, cut or exchanged, and nothing is signed until an operator has looked.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	cfg = cfg.withDefaults()
	circle, member, _, ok := splitOrigin(cfg.Origin)
	if !ok || cfg.Dir == "" || cfg.Clock == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "a journal needs a folder, a clock and an origin like guichet/<circle>/<member>, not %q", cfg.Origin)
	}
	quiet()
	signer, err := newSigner(cfg.Origin, algEd25519, cfg.Log, cfg.Clock)
	if err != nil {
		return nil, err
	}
	if err := mkdirDurably(cfg.Dir); err != nil {
		return nil, fault(cfg.Dir, err)
	}
	lock, err := lockDir(cfg.Dir, cfg.Clock())
	if err != nil {
		return nil, err
	}
	j := &Journal{
		cfg: cfg, circle: circle, member: member, lock: lock, signer: signer,
		incoming: make(chan *pending, cfg.BatchSize), done: make(chan struct{}), seenBy: map[string]uint64{},
		waiting: newWaiting(), hurry: make(chan struct{}),
	}
	for _, public := range append([]ed25519.PublicKey{cfg.Log.Public().(ed25519.PublicKey)}, cfg.Former...) { // newSigner has looked
		j.own.add(trusted{circle, member, guichet.MemberKey{Use: guichet.KeyLog, Public: public}})
	}
	if err := j.start(ctx); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return j, nil
}

// start brings the log up, holds it against what was signed before, and only then
// lets it sign.
func (j *Journal) start(ctx context.Context) error {
	if err := j.readHead(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(j.cfg.Dir, dirLog)); errors.Is(err, fs.ErrNotExist) && j.head.Size > 0 {
		return j.rolledBack(0)
	}
	j.signer.before, j.sealed, j.ended = j.remember, true, j.cfg.Ended
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	j.stop = stop
	driver, err := posix.New(life, posix.Config{Path: filepath.Join(j.cfg.Dir, dirLog)})
	if err != nil {
		stop()
		return fault(j.cfg.Dir, err)
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(j.signer).
		WithBatching(integrateMost, flushAge).
		WithCheckpointInterval(max(j.cfg.Checkpoint, 100*time.Millisecond)).
		WithCheckpointRepublishInterval(0). // an unchanged tree is not signed anew
		WithGarbageCollectionInterval(collectEvery)
	appender, shutdown, reader, err := tessera.NewAppender(life, driver, options)
	if err != nil {
		stop()
		return fault(j.cfg.Dir, err)
	}
	j.add, j.shutdown, j.reader = appender.Add, shutdown, reader
	if err := j.settle(ctx); err != nil {
		j.rest()
		return err
	}
	go j.write()
	go j.integrate(life)
	return nil
}

const (
	// flushAge is how long Tessera holds a batch that was handed over whole (grow); it has no other way of being told that nothing more comes.
	flushAge = 20 * time.Millisecond
	// collectEvery is how often tiles that were replaced by fuller ones are removed,
	// a hundred bundles a time: with the library's own minute they would pile up
	// from 430 leaves a second on.
	collectEvery = 5 * time.Second
)

// settle holds the tree on the disk against the head that was signed last, and
// publishes a checkpoint of all of it. The tree grows only: the head must be a
// tree within it.
func (j *Journal) settle(ctx context.Context) error {
	size, err := j.reader.IntegratedSize(ctx)
	if err != nil {
		return &guichet.Error{Kind: guichet.KindUntrusted, Message: "the state of the log in " + j.cfg.Dir + " cannot be read", Hint: "restore the whole folder of the journal; do not make a new one beside the old receipts", Err: err}
	}
	if size < j.head.Size {
		return j.rolledBack(size)
	}
	root, err := rootAt(ctx, size, j.reader.ReadTile)
	if err != nil {
		return &guichet.Error{Kind: guichet.KindUntrusted, Message: fmt.Sprintf("the hash tiles of the log in %s do not make a tree of %d leaves", j.cfg.Dir, size), Hint: "restore the folder of the journal", Err: err}
	}
	if err := j.extends(ctx, size, root); err != nil {
		return err
	}
	j.size.Store(size)
	j.signing.Lock()
	j.sealed = false
	j.signing.Unlock()
	if err := j.catchUp(ctx); err != nil {
		return err
	}
	if grown := j.size.Load(); grown != size {
		size = grown
		if root, err = rootAt(ctx, size, j.reader.ReadTile); err != nil {
			return fault(j.cfg.Dir, err)
		}
	}
	if err := j.publish(ctx, size, root); err != nil {
		return err
	}
	j.index, err = openIndex(filepath.Join(j.cfg.Dir, fileIndex))
	if err != nil {
		return fault(j.cfg.Dir, err)
	}
	if err := j.fillIndex(ctx); err != nil {
		return fault(j.cfg.Dir, err)
	}
	return nil
}

// catchUp opens what is ahead of the tree and puts it in.
func (j *Journal) catchUp(ctx context.Context) error {
	files, found, strays, err := openAhead(j.cfg.Dir)
	if err != nil && guichet.KindOf(err) != guichet.KindUntrusted {
		err = fault(j.cfg.Dir, err)
	}
	if err != nil {
		return err
	}
	if err := j.replay(ctx, found, strays); err != nil {
		files.close()
		return err
	}
	j.ahead = files // all of it is in the tree: both are free
	return nil
}

// extends checks that the tree contains the one that was signed last.
func (j *Journal) extends(ctx context.Context, size uint64, root []byte) error {
	if j.head.Size == 0 {
		return nil
	}
	within, err := consistent(ctx, j.head, head{size, root}, j.reader.ReadTile)
	if err != nil || !within {
		return &guichet.Error{Kind: guichet.KindUntrusted, Message: fmt.Sprintf("the log in %s is not the one that was signed at %d leaves: a leaf before that was changed", j.cfg.Dir, j.head.Size), Hint: "restore the folder of the journal; guichet journal verify names the leaf", Err: err}
	}
	return nil
}

func (j *Journal) rolledBack(size uint64) error {
	return guichet.Errorf(guichet.KindUntrusted, "the log in %s has %d leaves; %d were signed: it was rolled back or cut", j.cfg.Dir, size, j.head.Size).
		WithHint("restore the newest copy of the whole folder of the journal; receipts for the missing leaves are out in the world")
}

func (j *Journal) readHead() error {
	raw, err := readSmall(filepath.Join(j.cfg.Dir, fileHead), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("head of the journal: %w", err)
	}
	if err := json.Unmarshal(raw, &j.head); err != nil || len(j.head.Root) != rfc6962.DefaultHasher.Size() {
		return guichet.Errorf(guichet.KindUntrusted, "%s is damaged", filepath.Join(j.cfg.Dir, fileHead)).WithHint("restore the folder of the journal")
	}
	return nil
}

// remember is asked before any tree head is signed. It refuses one that is
// smaller than the last or another of the same size, and makes the new one durable
// before the signature exists: so this journal never contradicts itself, even
// after a crash.
func (j *Journal) remember(text []byte) error {
	next, err := parseHead(text)
	if err != nil {
		return err
	}
	j.signing.Lock()
	defer j.signing.Unlock()
	last := j.head
	if j.sealed && next.Size+last.Size > 0 { // a log that is just being made signs that it is empty
		return guichet.Errorf(guichet.KindBusy, "the journal is closed")
	}
	same := next.Size == last.Size && bytes.Equal(next.Hash, last.Root)
	if same {
		return nil
	}
	if j.Ended() {
		return guichet.Errorf(guichet.KindUntrusted, "a tree of %d leaves is not signed: %s has ended", next.Size, j.cfg.Origin)
	}
	if next.Size < last.Size || next.Size == last.Size && len(last.Root) > 0 {
		return guichet.Errorf(guichet.KindUntrusted, "a tree of %d leaves is not signed: one of %d leaves was signed before", next.Size, last.Size)
	}
	h := head{next.Size, next.Hash}
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("head of the journal: %w", err)
	}
	if err := writeDurably(filepath.Join(j.cfg.Dir, fileHead), raw); err != nil {
		return err
	}
	j.head = h
	return nil
}

// publish signs a tree and puts the checkpoint in its place. It is used while
// nothing is being appended: at the start, and at the end.
func (j *Journal) publish(ctx context.Context, size uint64, root []byte) error {
	if now, err := j.checkpoint(ctx); err == nil && now.size == size && bytes.Equal(now.root, root) {
		return nil
	}
	raw, err := signNote(log.Checkpoint{Origin: j.cfg.Origin, Size: size, Hash: root}.Marshal(), j.signer)
	if err != nil {
		return err
	}
	if err := writeDurably(filepath.Join(j.cfg.Dir, dirLog, layout.CheckpointPath), raw); err != nil {
		return fault(j.cfg.Dir, err)
	}
	return nil
}

// checkpoint is the newest one, its signature checked.
func (j *Journal) checkpoint(ctx context.Context) (checkpoint, error) {
	raw, err := j.reader.ReadCheckpoint(ctx)
	if err != nil {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return openCheckpoint(raw, j.own)
}

// end lets nothing be appended or signed from here on.
func (j *Journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
}

// Ended says whether another log has taken the place of this one.
func (j *Journal) Ended() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}

// Size is the number of leaves that are durable.
func (j *Journal) Size() int64 { return signed(j.durable.Load()) }

// Close takes no more leaves, waits for those under way, publishes a checkpoint of
// all of them and lets the journal go. A second call does nothing. KindBusy when
// the disk does not answer: then the lock falls with the process.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	j.appender.Wait()
	close(j.incoming)
	select {
	case <-j.done:
	case <-time.After(j.cfg.Patience):
		return guichet.Errorf(guichet.KindBusy, "the journal is still writing after %s; it is not let go", j.cfg.Patience).WithHint("look at the disk of %s", j.cfg.Dir)
	}
	broken := j.failure() != nil
	var err error
	if !broken {
		err = j.lastCheckpoint()
	}
	j.rest()
	j.ahead.close()
	if err2 := j.index.close(); err == nil && err2 != nil && !broken {
		err = err2
	}
	_ = j.lock.Close()
	return err
}

// rest ends the log's own goroutines. The library does not say when they have
// ended, and one may be about to put a checkpoint in its place: that must not
// happen once another process has the journal. So nothing is signed from here on,
// and the lock that is held while a checkpoint is written is waited for. It is a
// POSIX record lock of this process; only an open-file-description lock sees it.
func (j *Journal) rest() {
	j.signing.Lock()
	j.sealed = true
	j.signing.Unlock()
	j.stop()
	f, err := os.OpenFile(filepath.Join(j.cfg.Dir, dirLog, ".state", "publish.lock"), os.O_RDWR, fileMode)
	if err != nil {
		return // nothing was ever published
	}
	defer func() { _ = f.Close() }()
	const step = time.Millisecond
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	for waited := time.Duration(0); waited < j.cfg.Patience; waited += step {
		if unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &whole) == nil {
			return
		}
		time.Sleep(step)
	}
}

func (j *Journal) lastCheckpoint() error {
	ctx, cancel := context.WithTimeout(context.Background(), j.cfg.Patience)
	defer cancel()
	size := j.size.Load()
	root, err := rootAt(ctx, size, j.reader.ReadTile)
	if err != nil {
		return fmt.Errorf("last checkpoint: %w", err)
	}
	if err := j.publish(ctx, size, root); err != nil {
		return err
	}
	if err := j.shutdown(ctx); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}

// rootAt makes the root of a tree of a size from its hash tiles.
func rootAt(ctx context.Context, size uint64, tile client.TileFetcherFunc) ([]byte, error) {
	if size == 0 {
		return rfc6962.DefaultHasher.EmptyRoot(), nil
	}
	nodes, err := client.FetchRangeNodes(ctx, size, tile)
	if err != nil {
		return nil, fmt.Errorf("hash tiles: %w", err)
	}
	r, err := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewRange(0, size, nodes)
	if err != nil {
		return nil, fmt.Errorf("hash tiles: %w", err)
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return nil, fmt.Errorf("hash tiles: %w", err)
	}
	return root, nil
}

// signed and unsigned carry indexes between the words, which count in int64, and
// the log, which counts in uint64. A log of 2^63 leaves is not met.
func signed(n uint64) int64 { return int64(min(n, maxSize)) }

func unsigned(n int64) uint64 { return uint64(max(n, 0)) }
