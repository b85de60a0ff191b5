package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// TestRecordJourneys walks through the pages of members to which something happened, in a
// real browser (make test-journeys): US answered under a rule that hides, took a file in
// against its totals, withdrew and removed figures; somebody altered the journal of GB.
func TestRecordJourneys(t *testing.T) {
	runner := os.Getenv("GUICHET_JOURNEYS")
	if runner == "" {
		t.Skip("make test-journeys runs it: it needs a browser")
	}
	only := "record"
	if named := os.Getenv("GUICHET_JOURNEYS_ONLY"); named != "" {
		ours := slices.DeleteFunc(strings.Split(named, ","), func(way string) bool { return !strings.HasPrefix(way, "record") })
		if only = strings.Join(ours, ","); only == "" {
			t.Skip("no way of a record is named")
		}
	}
	x := newTrio(t, nil, "US", "NZ", "GB")
	x.happened()
	us, nz, altered := x.servePages("US"), x.servePages("NZ"), x.servePages("GB")
	alterLeaf(t, x.seats["GB"].cfg.Home)
	told := given(json.Marshal(map[string]string{"other": strings.TrimSuffix(nz, "/"), "altered": strings.TrimSuffix(altered, "/")}))(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(runner, "run.mjs"), strings.TrimSuffix(us, "/"), os.Getenv("GUICHET_SHOTS"), only)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "GUICHET_JOURNEYS_RECORD="+string(told))
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}

// happened lets things happen to US that an auditor asks about.
func (x *trio) happened() {
	t := x.t
	t.Helper()
	us := x.seats["US"]
	us.month("2010-01", "2010-03-01", "1220 6307909870 30")
	us.month("2024-01", "2024-03-05", "5700 6307909885 1200000")
	lines := slices.Concat(contributions("1220", "A", "B", "C", "D", "E"), contributions("5700", "A", "A", "C", "D", "E"), contributions("2010", "A", "B", "", "", "")[:2])
	us.open(func(n *node.Node) {
		withdrawn := given(n.Submissions(t.Context()))(t)[0]
		given(n.Ingest(t.Context(), node.IngestRequest{File: declare(t, "us", lines...)}))(t)
		given(n.Ingest(t.Context(), node.IngestRequest{File: guichettest.Flow(t, jsonOldFile), Name: "=<b>old.json", AcceptTotals: "two rows were kept as a sample"}))(t)
		given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: withdrawn.ID, Why: "a wrong month", By: "the steward"}))(t)
		given(n.SetRetention(t.Context(), node.RetentionRule{Dataset: "trade", Keep: "14y", Basis: "a law made for a test"}))(t)
		given(n.SetHold(t.Context(), node.LegalHold{Name: "case-1", Dataset: "trade", Reporters: []string{"US"}, Why: "a case before a court", By: "the steward"}))(t)
		given(n.LiftHold(t.Context(), "case-1", "the case is closed", "the steward"))(t)
		given(n.Purge(t.Context(), "the steward", nil))(t)
		given(n.SetHold(t.Context(), node.LegalHold{Name: "case-2", Dataset: "trade", Reporters: []string{"US"}, Why: "another case", By: "the steward"}))(t)
	})
	x.agree(func(a *guichet.Agreement) {
		delete(a.Terms[0].Where, "regime") // declarations are administrative data
		a.Terms[0].Grains, a.Terms[0].Rules = []string{"aggregate", "line"}, guichet.DisclosureRules{Threshold: 3, Prior: 10}
		a.Changes = guichet.Text{EN: "Declaration lines, under a rule", FR: "Lignes de déclaration, sous une règle"}
	})
	x.serve("US")
	x.seats["NZ"].askMembers("by=period,partner flow=imports period=2020-03 product=630790", "US")
	x.seats["GB"].askMembers("by=period,partner flow=imports period=2020-03 product=630790", "US")
	us.stop()
	us.ceremonies(func(c *node.Ceremonies) {
		given(c.Withdraw(node.Withdrawal{Agreement: "three-copies", Kind: "suspend", Of: "GB", Reason: guichet.Text{EN: "It passed figures on", FR: "Il a transmis des chiffres"}}))(t)
	})
}

// alterLeaf changes a leaf on the disk of a node that runs, as somebody would who has come
// to it: what for a question was asked.
func alterLeaf(t *testing.T, home string) {
	t.Helper()
	var file string
	err := filepath.WalkDir(filepath.Join(home, "journals"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(filepath.ToSlash(path), "/tile/entries/") {
			file = path
		}
		return err
	})
	if err != nil || file == "" {
		t.Fatalf("no leaves in %s: %v", home, err)
	}
	text := given(os.ReadFile(file))(t)
	other := bytes.Replace(text, []byte("official-statistics"), []byte("supply--monitoring-"), 1)
	if bytes.Equal(text, other) {
		t.Fatalf("no leaf of %s names its purpose", file)
	}
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
}
