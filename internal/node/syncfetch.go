package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"guichet"
	"guichet/internal/store"
)

// This file fetches the files of a copy, makes tables of them, and keeps copies up to
// date by itself.

// held puts what is here in the place of what is listed under the same key. A source that
// removed its files, since something of them was withdrawn, makes the others anew: the same
// rows in another order, with another digest.
func (x *syncing) held(list guichet.CopyList) {
	for i, item := range list.Items {
		at := slices.IndexFunc(x.paper.Items, func(o guichet.CopyItem) bool { return o.Key == item.Key })
		if at < 0 {
			continue
		}
		if _, err := os.Stat(x.file(x.paper.Items[at])); err == nil {
			list.Items[i] = x.paper.Items[at]
		}
	}
}

// fetchAll fetches the files that are not here.
func (x *syncing) fetchAll(ctx context.Context, list guichet.CopyList, tell func(string)) error {
	var lack int64
	var missing []guichet.CopyItem
	for _, item := range list.Items {
		if _, err := os.Stat(x.file(item)); err != nil && !slices.ContainsFunc(missing, func(o guichet.CopyItem) bool { return o.SHA256 == item.SHA256 }) {
			missing = append(missing, item)
			lack += item.Bytes
		}
	}
	room, err := free(x.dir)
	if err != nil {
		return err
	}
	if lack > 0 && room < 2*uint64(lack) {
		return guichet.Errorf(guichet.KindFull, "the copy needs %d MiB more, with the tables made of it twice as much, and %d MiB are free", lack>>20, room>>20).WithHint("free some space beside the home; nothing was changed")
	}
	for i, item := range missing {
		if tell != nil {
			tell(fmt.Sprintf("%d/%d %s", i+1, len(missing), item.Submission.File))
		}
		if err := x.fetch(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func (x *syncing) file(item guichet.CopyItem) string {
	return filepath.Join(x.dir, "files", item.SHA256+".arrow")
}

// fetch fetches one file, from where it was cut, and holds it against its digest.
func (x *syncing) fetch(ctx context.Context, item guichet.CopyItem) (err error) {
	part := filepath.Join(x.dir, "files", item.SHA256+".part")
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // inside the home
	if err != nil {
		return fullDisk(err)
	}
	defer func() { err = errors.Join(err, ignoreClosed(f.Close())) }()
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	for at < item.Bytes {
		piece, err := x.s.client.CopyPiece(ctx, x.m, item.SHA256, at)
		if err != nil {
			return err
		}
		if len(piece) == 0 || at+int64(len(piece)) > item.Bytes {
			return x.lies(part, item, fmt.Sprintf("%d bytes at %d, of %d", len(piece), at, item.Bytes))
		}
		if _, err := f.Write(piece); err != nil {
			return fullDisk(err)
		}
		at += int64(len(piece))
		x.result.Fetched += int64(len(piece))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != item.SHA256 || at != item.Bytes {
		return x.lies(part, item, "its digest is "+got)
	}
	if err := f.Sync(); err != nil {
		return fullDisk(err)
	}
	return os.Rename(part, x.file(item))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// lies: what came is not what was listed. Nothing of it is kept.
func (x *syncing) lies(part string, item guichet.CopyItem, what string) error {
	err := guichet.Errorf(guichet.KindUntrusted, "the file of %s that %s gave is not the one of its signed list: %s; the list names %s", item.Submission.ID, x.m.Code, what, item.SHA256).
		WithHint("nothing of it is kept, and the copy stays as it was; the list is in both journals: guichet journal")
	return errors.Join(err, os.Remove(part))
}

// tables makes the tables of a copy from its files: those of a home of its own,
// whose member is the source.
func (x *syncing) tables(ctx context.Context, generation string, items []guichet.CopyItem) error {
	dir := filepath.Join(x.dir, generation)
	if _, err := os.Stat(dir); err != nil {
		if _, err := store.InitHome(dir, x.m.Code, x.s.clock()); err != nil {
			return fullDisk(err)
		}
	}
	t, err := store.Open(ctx, store.Config{Home: dir, Datasets: datasets(), Clock: x.s.n.cfg.Clock, MemoryMiB: 512, LockWait: x.s.n.cfg.LockWait})
	if err != nil {
		return err
	}
	err = x.commitAll(ctx, t, items)
	return errors.Join(err, t.Close())
}

func (x *syncing) commitAll(ctx context.Context, t *store.Store, items []guichet.CopyItem) error {
	w, err := t.Write(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	ds, err := t.Dataset(x.ds.Name)
	if err != nil {
		return err
	}
	for _, item := range items {
		if held, err := t.ByIdentity(ctx, item.Submission.Identity); err != nil || held != nil {
			if err != nil {
				return err
			}
			continue
		}
		dir, err := t.StagingDir()
		if err != nil {
			return fullDisk(err)
		}
		sub := item.Submission
		sub.Units = slices.Clone(sub.Units)
		in, err := store.Refile(ctx, ds, &sub, x.file(item), dir)
		if err == nil && sub.Records != item.Rows {
			err = guichet.Errorf(guichet.KindUntrusted, "the file of %s holds %d records, and its list says %d", sub.ID, sub.Records, item.Rows)
		}
		if err == nil {
			_, err = w.Commit(ctx, in)
		}
		if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
			return err
		}
	}
	return nil
}

// syncDue brings the copies up to date whose time has come.
func (s *Seat) syncDue(ctx context.Context) {
	for _, p := range copyPapers(s.n.Home().Path, s.name) {
		pause := p.Ask.Every
		if p.Failed {
			pause = min(pause, syncSoon)
		}
		if pause <= 0 || p.Denied || s.clock().Sub(p.Tried) < pause || ctx.Err() != nil {
			continue
		}
		ask := p.Ask
		ask.From = p.Of
		if _, err := s.Sync(ctx, ask, nil); err != nil && ctx.Err() == nil {
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "copy not brought up to date", slog.String("member", p.Of), slog.String("dataset", p.dataset()), slog.String("error", err.Error()))
		}
	}
}

// copyPapers are the papers of the copies of a circle, dataset by dataset; of every
// circle where none is named. One that cannot be read is none.
func copyPapers(home, circle string) []copyPaper {
	if circle == "" {
		circle = "*"
	}
	var out []copyPaper
	for _, ds := range datasets() {
		found, _ := filepath.Glob(filepath.Join(copyDir(home, circle, "*", ds.Name), copyPaperName))
		for _, path := range found {
			var p copyPaper
			// A paper that stands in another dataset's folder is of neither.
			if ok, err := readPaper(path, &p); err == nil && ok && p.dataset() == ds.Name {
				out = append(out, p)
			}
		}
	}
	return out
}

// Copies are the copies that a home keeps.
func (n *Node) Copies() []CopyInfo {
	out := []CopyInfo{}
	for _, p := range copyPapers(n.Home().Path, n.cfg.Circle) {
		out = append(out, p.info())
	}
	return out
}
