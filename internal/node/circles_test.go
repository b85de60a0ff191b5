package node_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/internal/seal"
)

// allPaths are what members may ask for.
func allPaths() map[string]string {
	return map[string]string{
		"ask": http.MethodPost, "records": http.MethodPost, "witness/add-checkpoint": http.MethodPost, "receipts/0": http.MethodGet, "exchanges": http.MethodGet,
		"log/checkpoint": http.MethodGet, "log/checkpoint.cosigned": http.MethodGet, "log/tile/0/000.p/1": http.MethodGet,
		"circle/metadata/timestamp.json": http.MethodGet, "ping": http.MethodGet, "nothing": http.MethodGet,
	}
}

// TestCircles: a node stands in two circles, and of neither is anything to be seen in
// the other.
func TestCircles(t *testing.T) {
	c := newCircles(t)
	one, other := c.keys(oneCircle), c.keys(otherCircle)
	defer one.Close()
	defer other.Close()
	t.Run("a stranger's connection", func(t *testing.T) {
		c.t = t
		body, _ := c.question(otherCircle)
		for path, method := range allPaths() {
			sent := body
			if method == http.MethodGet {
				sent = nil
			}
			status, said, err := c.put(otherCircle, one, one, method, path, sent)
			if err == nil || strings.Contains(err.Error()+said, otherCircle) {
				t.Errorf("%s: a member of %s is told %d %q %v", path, oneCircle, status, said, err)
			}
		}
	})
	t.Run("a stranger's signature", func(t *testing.T) { // the CA of the one carries what the CA of the other signed
		c.t = t
		body, _ := c.question(otherCircle)
		if status, said, err := c.put(otherCircle, other, one, http.MethodPost, "ask", body); err != nil || status != http.StatusUnauthorized || strings.Contains(said, oneCircle) {
			t.Errorf("signed by the CA of %s: %d %s %v", oneCircle, status, said, err)
		}
		body, _ = c.question(oneCircle)
		if status, said, err := c.put(otherCircle, other, other, http.MethodPost, "ask", body); err != nil || status != http.StatusBadRequest {
			t.Errorf("a question of %s put in %s: %d %s %v", oneCircle, otherCircle, status, said, err)
		}
	})
	t.Run("what is given", func(t *testing.T) { c.t = t; c.apart(one, other) })
	t.Run("papers", func(t *testing.T) { c.t = t; c.papersApart() })
	t.Run("the operator", func(t *testing.T) { c.t = t; c.operated() })
}

// apart asks the same in both circles, and holds quotas, leaves and the ledger apart.
func (c *circles) apart(one, other *seal.Keys) {
	t := c.t
	t.Helper()
	var exchanges []string
	for range 2 { // the quota of the one
		body, exchange := c.question(oneCircle)
		exchanges = append(exchanges, exchange)
		if status, said, err := c.put(oneCircle, one, one, http.MethodPost, "ask", body); err != nil || status != http.StatusOK || !strings.Contains(said, `"permitted":true`) {
			t.Fatalf("asked in %s: %d %.300s %v", oneCircle, status, said, err)
		}
	}
	body, _ := c.question(oneCircle)
	if _, said, err := c.put(oneCircle, one, one, http.MethodPost, "ask", body); err != nil || !strings.Contains(said, "quota_per_day") {
		t.Errorf("a third question in %s: %.300s %v", oneCircle, said, err)
	}
	body, inOther := c.question(otherCircle)
	if _, said, err := c.put(otherCircle, other, other, http.MethodPost, "ask", body); err != nil || !strings.Contains(said, `"permitted":true`) {
		t.Errorf("the quota of %s was used up in %s: %.300s %v", otherCircle, oneCircle, said, err)
	}
	for circle, keys := range map[string]*seal.Keys{oneCircle: one, otherCircle: other} {
		_, said, err := c.put(circle, keys, keys, http.MethodGet, "exchanges", nil)
		if err != nil {
			t.Fatal(err)
		}
		own, foreign := exchanges, []string{inOther}
		if circle == otherCircle {
			own, foreign = foreign, own
		}
		for _, x := range own {
			if !strings.Contains(said, x) {
				t.Errorf("%s does not tell of its own exchange %s: %.300s", circle, x, said)
			}
		}
		for _, x := range foreign {
			if strings.Contains(said, x) {
				t.Errorf("%s tells of an exchange of the other circle: %.300s", circle, said)
			}
		}
		want := map[string]int{oneCircle: 3, otherCircle: 1}[circle]
		if n := strings.Count(said, `"index"`); n != want {
			t.Errorf("%s tells of %d leaves, want %d", circle, n, want)
		}
		// Of the log's first leaf a receipt is this circle's, and of the third there is
		// none where the other has three.
		for _, index := range []string{"receipts/0", "receipts/2"} {
			status, said, err := c.put(circle, keys, keys, http.MethodGet, index, nil)
			for range 2400 { // until a checkpoint covers it
				if status != http.StatusTooEarly {
					break
				}
				time.Sleep(50 * time.Millisecond)
				status, said, err = c.put(circle, keys, keys, http.MethodGet, index, nil)
			}
			there := index == "receipts/0" || circle == oneCircle
			if err != nil || there != (status == http.StatusOK) || !there && status != http.StatusNotFound || there && !strings.Contains(said, "guichet/"+circle+"/NZ") {
				t.Errorf("%s in %s: %d %.200s %v", index, circle, status, said, err)
			}
		}
	}
	n := given(node.Open(t.Context(), c.nz))(t)
	defer func() { _ = n.Close() }()
	for circle, want := range map[string][]string{oneCircle: exchanges[:1], otherCircle: {inOther}} {
		sets := given(n.GivenIn(t.Context(), circle))(t)
		var got []string
		for _, s := range sets {
			got = append(got, s.Exchange)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the ledger of %s has the exchanges %v, want %v", circle, got, want)
		}
	}
}

// papersApart: NZ has other keys in each circle, and what was signed for one is not
// taken for the other.
func (c *circles) papersApart() {
	t := c.t
	t.Helper()
	ids := map[string]string{}
	for circle, state := range c.state {
		m, _ := state.Member("NZ")
		for _, k := range m.Keys {
			if before, ok := ids[k.ID]; ok {
				t.Errorf("the %s key %s of NZ is in %s and %s", k.Use, k.ID, before, circle)
			}
			ids[k.ID] = circle
		}
	}
	if len(ids) != 10 {
		t.Errorf("NZ has %d keys in two circles, want ten", len(ids))
	}
	var foreign []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) { foreign, err = x.Bundle(); return err })
	c.ceremony(c.nz, otherCircle, func(x *node.Ceremonies) error {
		if _, err := x.Update(t.Context(), foreign); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the papers of %s as an update of %s: %v", oneCircle, otherCircle, err)
		}
		return nil
	})
	us := c.home("US")
	c.ceremony(us, "", func(x *node.Ceremonies) error {
		if _, err := x.Adopt(t.Context(), otherCircle, foreign, c.state[oneCircle].ID); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the papers of %s adopted as those of %s: %v", oneCircle, otherCircle, err)
		}
		return nil
	})
}

// operated: the operator's commands reach the seat that is named, and each CA is the
// one of its circle.
func (c *circles) operated() {
	t := c.t
	t.Helper()
	if _, err := node.Operate(t.Context(), c.nz); guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "several circles") {
		t.Errorf("without a name: %v", err)
	}
	ask := node.MembersQuestion{
		Question: guichet.Question{Period: guichettest.Period(t, "2020-01")}, Members: []string{"CA"}, Purpose: "official-statistics", Officer: "j.doe",
	}
	officers, exchanges := map[string]string{}, map[string]string{}
	for circle := range c.state {
		cfg := c.nz
		cfg.Circle = circle
		op := given(node.Operate(t.Context(), cfg))(t)
		a := given(op.AskMembers(t.Context(), ask, nil))(t)
		if len(a.Members) != 1 || a.Circle != circle || a.Members[0].Decision.Agreement != "statistics" {
			t.Fatalf("%s: %+v", circle, a.Members)
		}
		exchanges[circle] = a.Members[0].Exchange
		leaves := given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: exchanges[circle]}))(t)
		officers[circle] = leaves[0].Leaf.Officer
		if err := op.Close(); err != nil {
			t.Error(err)
		}
		their := c.ca[circle]
		caOp := given(node.Operate(t.Context(), their))(t)
		if _, err := caOp.Leaves(t.Context(), node.LeavesQuestion{Exchange: exchanges[circle]}); err != nil {
			t.Errorf("the CA of %s was not asked: %v", circle, err)
		}
		if err := caOp.Close(); err != nil {
			t.Error(err)
		}
	}
	if officers[oneCircle] == "" || officers[oneCircle] == officers[otherCircle] {
		t.Errorf("an officer has the pseudonym %q in both circles", officers[oneCircle])
	}
	for circle, foreign := range map[string]string{oneCircle: exchanges[otherCircle], otherCircle: exchanges[oneCircle]} {
		cfg := c.nz
		cfg.Circle = circle
		op := given(node.Operate(t.Context(), cfg))(t)
		if _, err := op.Receipt(t.Context(), foreign); guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("%s has a receipt of the other circle's exchange: %v", circle, err)
		}
		if err := op.Close(); err != nil {
			t.Error(err)
		}
	}
	found := given(node.Doctor(t.Context(), c.nz, node.DoctorQuestion{}))(t)
	seen := map[string]int{}
	for _, f := range found {
		seen[f.Circle+"/"+f.What]++
		if f.State == "wrong" {
			t.Errorf("%s/%s: %s", f.Circle, f.What, f.Text.EN)
		}
	}
	for _, what := range []string{"/disk", "/home", oneCircle + "/keys", otherCircle + "/keys", oneCircle + "/member CA", otherCircle + "/member CA", oneCircle + "/journal", otherCircle + "/journal"} {
		if seen[what] != 1 {
			t.Errorf("the doctor says %d sentences of %s: %v", seen[what], what, seen)
		}
	}
}

// TestOneCircleEndsAlone: a circle whose papers cannot be used is left out, unless it
// was named; the other is served.
func TestOneCircleEndsAlone(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	c.found(otherCircle)
	charter := given(filepath.Glob(filepath.Join(c.nz.Home, "circles", oneCircle, "states", "*", "targets", "*.circle.json")))(t)
	if len(charter) != 1 {
		t.Fatal(charter)
	}
	if err := os.WriteFile(charter[0], []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Circles: []string{oneCircle, otherCircle}}); err == nil || !strings.Contains(err.Error(), "circle "+oneCircle) {
		t.Errorf("both were named, and the one that cannot be served ended with: %v", err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Listen: map[string]string{"": "127.0.0.1:0"}}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("one address for two circles: %v", err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Circles: []string{"nato"}}); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a circle that the home is not in: %v", err)
	}
	c.port("metrics")
	at := c.serve(c.nz, nil, func(r *node.ServeRequest) { r.Metrics = c.at["metrics"] })
	if status, said := c.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(said, oneCircle+": ") || strings.Contains(said, otherCircle) {
		t.Errorf("ready: %d %s", status, said)
	}
	if status, _ := c.get("/healthz"); status != http.StatusOK {
		t.Errorf("healthy: %d", status)
	}
	if len(at) != 2 || at[0].Circle != otherCircle || at[0].Address == "" || at[1].Circle != oneCircle || at[1].Err == nil {
		t.Errorf("served are %+v", at)
	}
}
