package node_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
	"guichet/internal/seal"
)

// TestRoles: a guest and an observer join a circle of two that has an agreement
// already. Each sees what its role allows, and no more.
func TestRoles(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	c.agree(oneCircle) // between NZ and CA
	fj, au := c.home("FJ"), c.home("AU")
	c.takeUp(fj, "FJ", "guest")
	c.takeUp(au, "AU", "observer", fj)
	c.give(fj, "FJ", "guest")
	c.serve(c.nz, map[string]string{oneCircle: c.at[oneCircle+" NZ"]})
	c.serve(c.ca[oneCircle], map[string]string{"": c.at[oneCircle+" CA"]})
	c.serve(fj, map[string]string{"": c.at[oneCircle+" FJ"]})

	ca, guest, observer := c.keys(oneCircle), c.keysOf(fj), c.keysOf(au)
	defer func() { ca.Close(); guest.Close(); observer.Close() }()
	c.readPapers(map[string]*seal.Keys{"CA": ca, "FJ": guest, "AU": observer}, map[string][]string{"statistics": {"CA", "AU"}, "for-guests": {"CA", "AU", "FJ"}})
	c.askAs(guest, "FJ", `"agreement":"for-guests"`)
	c.askAs(observer, "AU", `"clause":"none"`)
	c.votes(fj)
	c.copyOf(fj)
	c.cosigned("CA")
}

// takeUp lets a member join in a role, signed by NZ and CA; the others are brought up
// to date.
func (c *circles) takeUp(cfg node.Config, code, role string, others ...node.Config) {
	t := c.t
	t.Helper()
	c.port(oneCircle + " " + code)
	paper := []byte(strings.Replace(string(c.paper(code, c.at[oneCircle+" "+code])), "role: party", "role: "+role, 1))
	var invitation, join, proposal, bundle []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) {
		invitation, err = x.Invite(oneCircle, code, role)
		return err
	})
	c.ceremony(cfg, "", func(x *node.Ceremonies) (err error) { join, err = x.Join(invitation, paper); return err })
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) {
		if proposal, err = x.Admit(nil, [][]byte{join}); err != nil {
			return err
		}
		bundle, err = x.BundleFor(code, role)
		return err
	})
	c.ceremony(cfg, oneCircle, func(x *node.Ceremonies) (err error) {
		if _, err = x.Adopt(t.Context(), oneCircle, bundle, c.state[oneCircle].ID); err != nil {
			return err
		}
		proposal, err = x.Sign(proposal)
		return err
	})
	c.sign(oneCircle, proposal)
	// The published proposal has all signatures; the newcomer and who was there follow.
	for _, other := range append(others, cfg) {
		member := filepath.Base(other.Home)
		c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) { bundle, err = x.BundleFor(member, ""); return err })
		c.ceremony(other, oneCircle, func(x *node.Ceremonies) error { _, err := x.Update(t.Context(), bundle); return err })
	}
}

// give puts an agreement of NZ with a member in force, of which one term is for the
// member's role.
func (c *circles) give(cfg node.Config, code, role string) {
	t := c.t
	t.Helper()
	text := given(node.DraftAgreement(c.nz, node.AgreementDraft{Template: "small-circle", ID: "for-guests", Parties: []string{"NZ", code}}, c.state[oneCircle]))(t)
	a, faults, err := node.ReadAgreement(text)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	a.Parties[1].Role, a.Terms[0].To = role, []string{role}
	var proposal, bundle []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) {
		proposal, err = x.Propose(node.Change{Why: "a test", Agreement: &a})
		return err
	})
	c.ceremony(cfg, oneCircle, func(x *node.Ceremonies) (err error) { proposal, err = x.Sign(proposal); return err })
	c.sign(oneCircle, proposal)
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) { bundle, err = x.BundleFor(code, ""); return err })
	c.ceremony(cfg, oneCircle, func(x *node.Ceremonies) error { _, err := x.Update(t.Context(), bundle); return err })
}

func (c *circles) keysOf(cfg node.Config) *seal.Keys {
	c.t.Helper()
	return given(seal.OpenKeys(filepath.Join(cfg.Home, "keys", "node.age"), []byte(pairPassphrase)))(c.t)
}

// readPapers: of the agreement between NZ and CA a guest is given neither the paper
// nor the text, and an observer both.
func (c *circles) readPapers(keys map[string]*seal.Keys, who map[string][]string) {
	t := c.t
	t.Helper()
	home := filepath.Join(c.nz.Home, "circles", oneCircle, "states", "*")
	for id, readers := range who {
		var paths []string
		for _, pattern := range []string{"metadata/*.agreement-" + id + ".json", "targets/agreements/*." + id + ".json"} {
			found := given(filepath.Glob(filepath.Join(home, pattern)))(t)
			if len(found) == 0 {
				t.Fatalf("there is no %s", pattern)
			}
			rel := found[len(found)-1]
			paths = append(paths, "circle/"+rel[strings.Index(rel, filepath.Dir(pattern)):])
		}
		for code, k := range keys {
			for _, path := range paths {
				want := http.StatusNotFound
				if slices.Contains(readers, code) {
					want = http.StatusOK
				}
				if status, said, err := c.put(oneCircle, k, k, http.MethodGet, path, nil); err != nil || status != want {
					t.Errorf("%s reads %s: %d %.200s %v, want %d", code, path, status, said, err, want)
				}
			}
		}
	}
}

// askAs puts a question to NZ; the reply must hold some words.
func (c *circles) askAs(keys *seal.Keys, member, want string) {
	c.t.Helper()
	body, _ := c.questionOf(oneCircle, member)
	if status, said, err := c.put(oneCircle, keys, keys, http.MethodPost, "ask", body); err != nil || status != http.StatusOK || !strings.Contains(said, want) {
		c.t.Errorf("%s asks: %d %.600s %v, want %s", member, status, said, err, want)
	}
}

// votes: a guest signs nothing of the circle, and the threshold does not count it.
func (c *circles) votes(guest node.Config) {
	t := c.t
	t.Helper()
	if n := c.state[oneCircle].Threshold; n != 2 {
		t.Errorf("a change needs %d signatures, want the two parties'", n)
	}
	var proposal []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) {
		proposal, err = x.Propose(node.Change{Why: "a test", Lists: true})
		return err
	})
	c.ceremony(guest, oneCircle, func(x *node.Ceremonies) error {
		review := given(x.Review(proposal))(t)
		for _, m := range review.Missing {
			if slices.Contains(m.Members, "FJ") {
				t.Errorf("the guest may sign %s", m.Paper)
			}
		}
		if _, err := x.Sign(proposal); err == nil {
			t.Error("the guest signed the circle's papers")
		}
		return nil
	})
}

// copyOf: the guest's own copy has the circle and its own agreement, and no fault.
func (c *circles) copyOf(guest node.Config) {
	t := c.t
	t.Helper()
	c.ceremony(guest, oneCircle, func(x *node.Ceremonies) error {
		now := given(x.Circle())(t)
		var ids []string
		for _, a := range now.Agreements {
			ids = append(ids, a.ID)
		}
		if !slices.Equal(ids, []string{"for-guests"}) || len(now.Members) != 4 {
			t.Errorf("the guest's copy has the agreements %v and %d members", ids, len(now.Members))
		}
		if report := given(x.Verify())(t); len(report.Faults) > 0 || report.Fatal != "" {
			t.Errorf("the guest's copy has faults: %+v %s", report.Faults, report.Fatal)
		}
		return nil
	})
	for _, f := range given(node.Doctor(t.Context(), guest, node.DoctorQuestion{}))(t) {
		if strings.HasPrefix(f.What, "agreement-") || f.What == "circle" && f.State == "wrong" {
			t.Errorf("the guest's doctor: %s: %s", f.What, f.Text.EN)
		}
	}
}

// cosigned: under the checkpoint of who was asked last, a guest's cosignature is neither
// asked for nor counted, and those of others are.
func (c *circles) cosigned(by ...string) {
	t := c.t
	t.Helper()
	cfg := c.nz
	cfg.Circle = oneCircle
	op := given(node.Operate(t.Context(), cfg))(t)
	defer func() { _ = op.Close() }()
	exchange := given(op.Leaves(t.Context(), node.LeavesQuestion{Limit: 1}))(t)[0].Leaf.Exchange
	var r node.Receipt
	for range 2400 { // it is asked for every two seconds
		var err error
		if r, err = op.Receipt(t.Context(), exchange); err == nil && len(r.Witnesses) >= len(by) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	slices.Sort(r.Witnesses)
	if !slices.Equal(r.Witnesses, by) {
		t.Errorf("witnesses of the last exchange are %v, want %v alone", r.Witnesses, by)
	}
}
