package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"guichet"
)

// Book is a member's journal in a circle: one log, or, where it was renewed, several
// of which only the last is written. Its leaves are told by their positions. All its
// methods may be called from several goroutines.
type Book struct {
	cfg            Config
	circle, member string
	step           func(string) // told of every step of a renewal that has ended; nil but in tests

	mu      sync.RWMutex // guards what follows; locked over I/O while another log takes the place of the last
	logs    []volume     // in their order; of those before the last, the ones of which something is there
	renewal *SignedRenewal
}

// volume is one log.
type volume struct {
	*Journal
	number int
	first  int64 // position of its first leaf
}

// fileRenewal is our own newest renewal, in the folder of the journal. With it the
// log that it names begins.
const fileRenewal = "renewal.json"

// dirOf is the folder of a log of a journal.
func dirOf(dir string, number int) string {
	if number <= 1 {
		return dir
	}
	return filepath.Join(dir, strconv.Itoa(number))
}

// OpenBook opens the journal in a folder, with all its logs. Config.Origin is that
// of the first. It returns what Open returns.
func OpenBook(ctx context.Context, cfg Config) (*Book, error) {
	circle, member, number, ok := splitOrigin(cfg.Origin)
	if !ok || number != 1 {
		return nil, guichet.Errorf(guichet.KindInvalid, "a journal needs an origin like guichet/<circle>/<member>, not %q", cfg.Origin)
	}
	b := &Book{cfg: cfg, circle: circle, member: member}
	var err error
	if b.renewal, err = readRenewal(cfg.Dir); err != nil {
		return nil, err
	}
	last, first := 1, int64(0)
	if b.renewal != nil {
		last, first = b.renewal.Renewal.Number, b.renewal.Renewal.First
		for _, e := range b.renewal.Renewal.Before {
			if err := b.openEnded(ctx, e); err != nil {
				return nil, errors.Join(err, b.Close())
			}
		}
	}
	if err := b.openLast(ctx, last, first); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// readRenewal reads our own renewal; nil where there is none.
func readRenewal(dir string) (*SignedRenewal, error) {
	raw, err := readSmall(filepath.Join(dir, fileRenewal), MaxRenewal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // none is an answer here
	}
	if err != nil {
		return nil, err
	}
	s, err := ParseRenewal(raw)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindUntrusted, "%s is damaged: %w", filepath.Join(dir, fileRenewal), err).WithHint("restore the folder of the journal")
	}
	return &s, nil
}

func (b *Book) config(number int) Config {
	cfg := b.cfg
	cfg.Dir, cfg.Origin = dirOf(b.cfg.Dir, number), OriginOf(b.circle, b.member, number)
	return cfg
}

func (b *Book) openEnded(ctx context.Context, e Ended) error {
	cfg := b.config(e.Number)
	cfg.Ended = true
	if _, err := os.Stat(filepath.Join(cfg.Dir, dirLog)); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing of it is left
	}
	j, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	b.logs = append(b.logs, volume{j, e.Number, e.First})
	return nil
}

// openLast opens the log that is written. Its first leaf is the renewal's, also
// where the process ended between the two.
func (b *Book) openLast(ctx context.Context, number int, first int64) error {
	j, err := Open(ctx, b.config(number))
	if err != nil {
		return err
	}
	b.logs = append(b.logs, volume{j, number, first})
	if b.renewal != nil && j.Size() == 0 {
		b.stepped("log made")
		if _, err := j.Append(ctx, b.renewal.Renewal.Leaf()); err != nil {
			return err
		}
		b.stepped("first leaf")
	}
	return nil
}

func (b *Book) stepped(what string) {
	if b.step != nil {
		b.step(what)
	}
}

// Close ends all logs, and says what was wrong with any.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, v := range b.logs {
		errs = append(errs, v.Close())
	}
	return errors.Join(errs...)
}

// last is the log that is written.
func (b *Book) last() volume {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.logs[len(b.logs)-1]
}

func (b *Book) volumes() []volume {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.logs)
}

// Renewal is our newest renewal; nil when the journal was never renewed.
func (b *Book) Renewal() *SignedRenewal {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.renewal
}

// Append writes a leaf, as Journal.Append, and returns its position.
func (b *Book) Append(ctx context.Context, leaf guichet.Leaf) (int64, error) {
	v := b.last()
	i, err := v.Append(ctx, leaf)
	return v.first + i, err
}

// Size is one more than the position of the last leaf.
func (b *Book) Size() int64 {
	v := b.last()
	return v.first + v.Size()
}

// Leaves is the number of leaves that are there.
func (b *Book) Leaves() int64 {
	n := int64(0)
	for _, v := range b.volumes() {
		n += v.Size()
	}
	return n
}

// Ready returns nil when the journal takes leaves, else what Append would say.
func (b *Book) Ready() error { return b.last().Ready() }

// Hold is Journal.Hold of the log that is written.
func (b *Book) Hold(why error) { b.last().Hold(why) }

// Free ends what Hold began.
func (b *Book) Free() { b.last().Free() }

// Cosign is Journal.Cosign of the log that is written.
func (b *Book) Cosign(ctx context.Context, peers []Peer) ([]Cosigned, error) {
	return b.last().Cosign(ctx, peers)
}

// Pin is Journal.Pin of all logs.
func (b *Book) Pin(ctx context.Context, to string) error {
	b.mu.RLock() // held over I/O: no other log may begin meanwhile
	defer b.mu.RUnlock()
	for _, v := range b.logs {
		if err := v.Pin(ctx, dirOf(to, v.number)); err != nil {
			return err
		}
	}
	return nil
}

// at finds the log of a position, and the place in it.
func (b *Book) at(i int64) (volume, int64, error) {
	logs := b.volumes()
	for k, v := range slices.Backward(logs) {
		if i < v.first {
			continue
		}
		if k == len(logs)-1 || i-v.first < v.Size() {
			return v, i - v.first, nil
		}
		break
	}
	if len(logs) > 0 && i >= 0 && i < b.Size() {
		return volume{}, 0, guichet.Errorf(guichet.KindNotFound, "leaf %d was lost: the journal was renewed since", i).WithHint("guichet journal show --exchange ID tells what the other side holds of an exchange that was lost")
	}
	return volume{}, 0, guichet.Errorf(guichet.KindNotFound, "there is no leaf %d", i)
}

// Leaf returns a leaf by its position. KindNotFound when there is none, or it was
// lost.
func (b *Book) Leaf(ctx context.Context, i int64) (guichet.Leaf, error) {
	v, at, err := b.at(i)
	if err != nil {
		return guichet.Leaf{}, err
	}
	return v.Leaf(ctx, at)
}

// Receipt is Journal.Receipt of a leaf by its position.
func (b *Book) Receipt(ctx context.Context, i int64) ([]byte, error) {
	v, at, err := b.at(i)
	if err != nil {
		return nil, err
	}
	return v.Receipt(ctx, at)
}

func (v volume) placed(leaves []IndexedLeaf) []IndexedLeaf {
	for i := range leaves {
		leaves[i].Index += v.first
	}
	return leaves
}

// Latest returns up to n leaves before a position, newest first; before <= 0 means
// from the end.
func (b *Book) Latest(ctx context.Context, before int64, n int) ([]IndexedLeaf, error) {
	var out []IndexedLeaf
	for _, v := range slices.Backward(b.volumes()) {
		if before > 0 && before <= v.first || len(out) >= n {
			continue
		}
		found, err := v.Latest(ctx, max(0, before-v.first), n-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, v.placed(found)...)
	}
	return out, nil
}

// Exchange returns the leaves of an exchange, oldest first; none when there are
// none.
func (b *Book) Exchange(ctx context.Context, id string) ([]IndexedLeaf, error) {
	var out []IndexedLeaf
	for _, v := range b.volumes() {
		found, err := v.Exchange(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, v.placed(found)...)
	}
	return out, nil
}

// Of returns up to limit leaves, from a position on, in which a member is a party,
// and where the next page begins; -1 when there is nothing more.
func (b *Book) Of(ctx context.Context, member string, from int64, limit int) ([]IndexedLeaf, int64, error) {
	var out []IndexedLeaf
	logs := b.volumes()
	for k, v := range logs {
		if k < len(logs)-1 && from >= v.first+v.Size() {
			continue
		}
		if len(out) >= limit {
			return out, v.first, nil
		}
		found, next, err := v.Of(ctx, member, max(0, from-v.first), limit-len(out))
		if err != nil {
			return nil, 0, err
		}
		out = append(out, v.placed(found)...)
		if next >= 0 {
			return out, v.first + next, nil
		}
	}
	return out, -1, nil
}

// File returns a file that the members may see, as Journal.File: of the log that is
// written, or of another by its number before the name ("1/checkpoint").
func (b *Book) File(ctx context.Context, name string) ([]byte, error) {
	first, rest, ok := strings.Cut(name, "/")
	number, err := strconv.Atoi(first)
	if !ok || err != nil || strconv.Itoa(number) != first {
		return b.last().File(ctx, name)
	}
	for _, v := range b.volumes() {
		if v.number == number {
			return v.File(ctx, rest)
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no log %d here", number)
}

// Check is Journal.Check of all logs. Size counts the leaves that are there; the
// other numbers are positions.
func (b *Book) Check(ctx context.Context, keys Keys) (Report, error) {
	own := b.volumes()[0].own
	for _, t := range own.list {
		keys.add(t)
	}
	return CheckBook(ctx, b.cfg.Dir, b.cfg.Origin, keys)
}

// CheckBook is Check of a journal that is not open, or that OpenBook refuses.
// origin is that of the first log.
func CheckBook(ctx context.Context, dir, origin string, keys Keys) (Report, error) {
	circle, member, _, _ := splitOrigin(origin)
	renewal, err := readRenewal(dir)
	if err != nil {
		return Report{Origin: origin}, err
	}
	if renewal == nil {
		return CheckDir(ctx, dir, origin, keys)
	}
	r := renewal.Renewal
	var all Report
	for _, e := range r.Before {
		if _, err := os.Stat(filepath.Join(dirOf(dir, e.Number), dirLog)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rep, err := CheckDir(ctx, dirOf(dir, e.Number), OriginOf(circle, member, e.Number), keys)
		if err != nil {
			return rep, err
		}
		all.join(rep, e.Number, e.First)
	}
	rep, err := CheckDir(ctx, dirOf(dir, r.Number), OriginOf(circle, member, r.Number), keys)
	if err != nil {
		return rep, err
	}
	all.join(rep, r.Number, r.First)
	all.Origin, all.Seen, all.Cosigned, all.Witnesses = rep.Origin, rep.Seen, r.First+rep.Cosigned, rep.Witnesses
	all.Findings = append(all.Findings, r.findings()...)
	return all, nil
}

// join adds what was found in one log. That nobody has cosigned it is told of the
// last alone.
func (r *Report) join(one Report, number int, first int64) {
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.Code == NotCosigned })
	r.Size += one.Size
	for _, f := range one.Findings {
		if f.Index >= 0 {
			f.Index += first
		}
		if f.Last > 0 {
			f.Last += first
		}
		f.Text.EN, f.Text.FR = fmt.Sprintf("log %d: ", number)+f.Text.EN, fmt.Sprintf("registre %d : ", number)+f.Text.FR
		r.Findings = append(r.Findings, f)
	}
}
