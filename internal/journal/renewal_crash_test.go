package journal_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"

	"guichet"
	"guichet/internal/journal"
)

// killedAt is set for the process that TestKilledInARenewal starts: it kills itself
// at that step.
const killedAt = "GUICHET_JOURNAL_TEST_RENEWAL"

// renewAndDie renews the journal in a folder, and is killed at a step.
func renewAndDie(dir, step string) {
	ctx := context.Background()
	b, err := journal.OpenBook(ctx, config(dir, "US"))
	if err != nil {
		panic(err)
	}
	seen, err := os.ReadFile(dir + ".seen")
	if err != nil {
		panic(err)
	}
	r, err := b.Draft(ctx, "the disk was lost", [][]byte{seen}, nil, papers())
	if err != nil {
		panic(err)
	}
	s := journal.SignedRenewal{Renewal: r, Signatures: []journal.RenewalSignature{}}
	for _, use := range []guichet.KeyUse{guichet.KeyLog, guichet.KeyMember} {
		word := "US " + string(use)
		if err := s.Sign(use, memberKey(use, word).ID, key(word)); err != nil {
			panic(err)
		}
	}
	journal.StepBook(b, func(at string) {
		if at == step {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	})
	if err := b.Begin(ctx, s); err != nil {
		panic(err)
	}
}

// A process that is killed in a renewal has renewed the journal or not; the next
// start needs no help.
func TestKilledInARenewal(t *testing.T) {
	for _, step := range []string{"nothing written", "renewal written", "log made", "first leaf"} {
		dir, _, seen := rolledBack(t)
		if err := os.WriteFile(dir+".seen", seen, 0o600); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir, killedAt+"="+step)
		if out, err := child.CombinedOutput(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("%s: it was not killed: %v %s", step, err, out)
		}
		b := openBook(t, dir)
		if step == "nothing written" {
			if b.Renewal() != nil || b.Size() != 60 {
				t.Errorf("%s: %d leaves", step, b.Size())
			}
			begin(t, b, draft(t, b, seen))
		}
		if b.Size() != 101 || b.Renewal() == nil {
			t.Errorf("killed at %q: %d leaves", step, b.Size())
		}
		if l, err := b.Leaf(context.Background(), 100); err != nil || l != b.Renewal().Renewal.Leaf() {
			t.Errorf("killed at %q: %+v %v", step, l, err)
		}
		rep := must(b.Check(context.Background(), journal.Trusted(papers())))(t)
		if got := codes(rep.Findings); !slices.Equal(got, []journal.Code{journal.Renewed}) {
			t.Errorf("killed at %q: %v", step, rep.Findings)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
