package node_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/trade"
)

// backup backs a home up into a file of the test.
func (p *pair) backup(t *testing.T) node.BackupResult {
	t.Helper()
	n := given(node.Open(t.Context(), p.us))(t)
	defer func() { _ = n.Close() }()
	return given(n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(t.TempDir(), "us.tar")}))(t)
}

// restore makes a home out of it, in the place of US's, which is lost.
func (p *pair) restore(t *testing.T, b node.BackupResult) {
	t.Helper()
	if err := os.RemoveAll(p.us.Home); err != nil {
		t.Fatal(err)
	}
	got := given(node.Restore(t.Context(), p.us, node.RestoreRequest{File: b.File, Home: p.us.Home, Digest: b.Digest}))(t)
	if got.Digest != b.Digest || got.Files != b.Files || !got.Keys {
		t.Errorf("restored %+v, want %+v", got, b)
	}
}

// serveCA lets CA serve at its endpoint until the test ends.
func (p *pair) serveCA(t *testing.T, listen string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, p.ca, node.ServeRequest{Listen: map[string]string{"": listen}, Ready: func(at []node.Listening) { ready <- at[0].Address }})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		t.Fatalf("CA does not serve: %v", err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				t.Errorf("CA ended: %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return stop
}

// status is what US says to a question of CA's.
func (p *pair) status(t *testing.T) (int, string) {
	t.Helper()
	p.clock.Move(time.Second)
	return p.send(p.sign())
}

// TestANodeIsLostAndRestored: a node that serves is backed up while it answers, its
// folder is lost, and what is restored has its keys, its papers, its journal. It
// writes nothing until CA was asked what it has seen.
func TestANodeIsLostAndRestored(t *testing.T) {
	t.Parallel() // it waits more than it works
	p := newPairOf(t, true)
	for range 3 {
		if status, said := p.status(t); status != 200 {
			t.Fatalf("%d %s", status, said)
		}
	}
	b := p.backup(t)
	p.stop()
	p.restore(t, b)
	p.serve()
	if status, said := p.status(t); status == 200 || !strings.Contains(said, "restored from a backup") {
		t.Errorf("nobody was asked, and US answers: %d %s", status, said)
	}
	p.serveCA(t, p.caAddr)
	for wait := 0; ; wait++ {
		status, said := p.status(t)
		if status == 200 {
			break
		}
		if wait > 1200 {
			t.Fatalf("CA serves, and US stays closed: %d %s", status, said)
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.stop()
	reports := given(node.VerifyJournal(t.Context(), p.us, nil))(t)
	if err := node.Wrong(reports); err != nil || reports[0].Leaves != 4 {
		t.Errorf("%+v: %v", reports, err)
	}
}

// TestARestoreOlderThanWhatWasWitnessed: CA holds more of US's journal, under US's
// own signature, than the backup has.
func TestARestoreOlderThanWhatWasWitnessed(t *testing.T) {
	t.Parallel() // it waits more than it works
	p := newPairOf(t, true)
	stopCA := p.serveCA(t, p.caAddr)
	ask := func() {
		t.Helper()
		if status, said := p.status(t); status != 200 {
			t.Fatalf("%d %s", status, said)
		}
	}
	ask()
	b := p.backup(t)
	ask()
	lost := p.caAsks(t)
	p.witnessed(t, 3)
	p.stop()
	p.restore(t, b)
	p.serve()
	closed := func(when string) {
		t.Helper()
		status, said := p.status(t)
		if status == 200 || !strings.Contains(said, "our journal has 1 leaves, and CA holds 3 of it under our own signature") {
			t.Errorf("%s: %d %s", when, status, said)
		}
	}
	closed("restored")
	op := given(node.Operate(t.Context(), p.us))(t)
	st := given(op.Standing(t.Context()))(t)
	if st.Proven || st.Leaves != 1 || len(st.Members) != 1 || st.Members[0] != (node.SeenByIt{Member: "CA", State: "more", Leaves: 3}) {
		t.Errorf("%+v", st)
	}
	if len(st.Lost) != 1 || st.Lost[0].Member != "CA" || st.Lost[0].Leaf.Exchange != lost || st.Lost[0].Leaf.Kind != guichet.LeafReceived {
		t.Errorf("lost are %+v, want the exchange %s of CA", st.Lost, lost)
	}
	if err := op.Close(); err != nil {
		t.Error(err)
	}
	// It stays so when nobody can be asked any more.
	p.stop()
	stopCA()
	p.serve()
	if status, said := p.status(t); status == 200 {
		t.Errorf("after a new start: %d %s", status, said)
	}
	p.stop()
	// A folder that was put back by hand has no mark, and is found out the same way.
	if err := os.Remove(filepath.Join(p.us.Home, "journals", "two", "restored")); err != nil {
		t.Fatal(err)
	}
	p.serveCA(t, p.caAddr)
	p.serve()
	closed("put back by hand")
}

// caAsks lets CA's node ask US, and returns the exchange. US refuses, since there is
// no agreement; both have their leaf of it.
func (p *pair) caAsks(t *testing.T) string {
	t.Helper()
	op := given(node.Operate(t.Context(), p.ca))(t)
	defer func() { _ = op.Close() }()
	a := given(op.AskMembers(t.Context(), node.MembersQuestion{
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: guichettest.Period(t, "2020")}, Members: []string{"US"}, Purpose: "supply-monitoring", Officer: "a test", Within: guichettest.Patience,
	}, nil))(t)
	if len(a.Members) != 1 || a.Members[0].Peer == 0 {
		t.Fatalf("CA was told %+v", a.Members)
	}
	return a.Members[0].Exchange
}

// witnessed waits until CA has seen so many leaves of US's journal.
func (p *pair) witnessed(t *testing.T, leaves int) {
	t.Helper()
	p.witnessedOf(t, "guichet/two/US", leaves)
}

// witnessedOf is witnessed of one of its logs.
func (p *pair) witnessedOf(t *testing.T, origin string, leaves int) {
	t.Helper()
	want := []byte(origin + "\n" + string(rune('0'+leaves)) + "\n")
	dir := filepath.Join(p.ca.Home, "journals", "two", "witness")
	for range 1200 {
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if raw, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil && bytes.HasPrefix(raw, want) {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("CA has not witnessed %d leaves", leaves)
}

// TestKilledInARestore: a process that ends at any step of a restore leaves no
// home, or a whole one; the next restore needs no help.
func TestKilledInARestore(t *testing.T) {
	p := newPair(t)
	p.stop()
	b := p.backup(t)
	for _, at := range []string{"extracted", "furnished", "verified", "synced", "place cleared", "in place"} {
		home := filepath.Join(t.TempDir(), "h")
		cfg := p.us
		cfg.Home = home
		killed := func() (killed bool) {
			defer func() { killed = recover() != nil }()
			_, _ = node.RestoreStepwise(t.Context(), cfg, node.RestoreRequest{File: b.File, Home: home}, func(step string) {
				if step == at {
					panic(step)
				}
			})
			return false
		}()
		if !killed {
			t.Fatalf("there is no step %q", at)
		}
		if _, err := os.Stat(home); (err == nil) != (at == "in place") {
			t.Fatalf("killed at %q: the home is there: %v", at, err == nil)
		}
		if at != "in place" {
			given(node.Restore(t.Context(), cfg, node.RestoreRequest{File: b.File, Home: home}))(t)
		}
		n := given(node.Open(t.Context(), cfg))(t)
		if err := n.Check(t.Context()); err != nil {
			t.Errorf("killed at %q: %v", at, err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestABackupWithoutRoom: the disk is full before, and while it is written.
func TestABackupWithoutRoom(t *testing.T) {
	p := newPair(t)
	p.stop()
	n := given(node.Open(t.Context(), p.us))(t)
	defer func() { _ = n.Close() }()
	disk := guichettest.SmallDisk(t, 8).Dir
	fill := filepath.Join(disk, "fill")
	if err := os.WriteFile(fill, make([]byte, 8<<20-64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(disk, "b.tar")})
	if guichet.KindOf(err) != guichet.KindFull {
		t.Errorf("a full disk: %v", err)
	}
	left(t, disk, "fill")
	// It fills while the backup is written.
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	_, err = n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(disk, "b.tar"), Progress: func(stage string, done, _ int64) {
		if stage == "backing up" && done > 0 {
			_ = os.WriteFile(fill, make([]byte, 16<<20), 0o600) // as far as it goes
		}
	}})
	if guichet.KindOf(err) != guichet.KindFull {
		t.Errorf("a disk that fills: %v", err)
	}
	left(t, disk, "fill")
	left(t, filepath.Join(p.us.Home, "staging"))
}

// left holds a folder to hold these and nothing else.
func left(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range given(os.ReadDir(dir))(t) {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

// TestABackupWithoutKeys has no key in it, and a pinned folder is not left.
func TestABackupWithoutKeys(t *testing.T) {
	p := newPair(t)
	n := given(node.Open(t.Context(), p.us))(t)
	b := given(n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(t.TempDir(), "b.tar"), WithoutKeys: true}))(t)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(t.TempDir(), "h")
	got := given(node.Restore(t.Context(), p.us, node.RestoreRequest{File: b.File, Home: home}))(t)
	if got.Keys {
		t.Error("it says that it holds keys")
	}
	err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".age") {
			t.Errorf("%s is in it", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	left(t, filepath.Join(p.us.Home, "staging"))
}

// TestABackupUnderLoad: what is pinned while leaves are written is a journal at one
// size, which verifies by itself.
func TestABackupUnderLoad(t *testing.T) {
	p := newPair(t)
	stop, ended := make(chan struct{}), make(chan struct{})
	answered := make(chan bool)
	go func() {
		defer close(ended)
		for {
			status, _ := p.send(p.sign())
			select {
			case <-stop:
				return
			case answered <- status == 200:
			default:
			}
		}
	}()
	var backups []node.BackupResult
	for range 4 {
		if !<-answered { // and the next is under way
			t.Error("a question was not answered")
		}
		backups = append(backups, p.backup(t))
	}
	close(stop)
	<-ended
	p.stop()
	last := int64(0)
	for _, b := range backups {
		cfg := p.us
		cfg.Home = filepath.Join(filepath.Dir(p.us.Home), "r")
		given(node.Restore(t.Context(), cfg, node.RestoreRequest{File: b.File, Home: cfg.Home}))(t)
		reports := given(node.VerifyJournal(t.Context(), cfg, nil))(t)
		if err := node.Wrong(reports); err != nil || reports[0].Leaves <= last {
			t.Errorf("%+v after %d leaves: %v", reports, last, err)
		}
		last = reports[0].Leaves
		if err := os.RemoveAll(cfg.Home); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatWasAlteredBeforeTheBackup: the file is whole and its digests are right,
// and what it holds is not what was signed.
func TestWhatWasAlteredBeforeTheBackup(t *testing.T) {
	p := newPair(t)
	for range 2 {
		if status, said := p.status(t); status != 200 {
			t.Fatalf("%d %s", status, said)
		}
	}
	p.stop()
	bundles := given(filepath.Glob(filepath.Join(p.us.Home, "journals", "two", "log", "tile", "entries", "000.p", "*")))(t)
	altered := 0
	for _, name := range bundles {
		raw := given(os.ReadFile(name))(t)
		other := bytes.Replace(raw, []byte(`"purpose":"supply`), []byte(`"purpose":"supplx`), 1)
		if bytes.Equal(raw, other) {
			continue
		}
		altered++
		if err := os.WriteFile(name, other, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if altered == 0 {
		t.Fatalf("no leaf was altered in %v", bundles)
	}
	b := p.backup(t)
	home := filepath.Join(t.TempDir(), "h")
	_, err := node.Restore(t.Context(), p.us, node.RestoreRequest{File: b.File, Home: home})
	if guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "changed after it was written") {
		t.Errorf("a backup of an altered journal: %v", err)
	}
	left(t, filepath.Dir(home))
}
