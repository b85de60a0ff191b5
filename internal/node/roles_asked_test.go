package node_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/internal/seal"
	"guichet/trade"
)

// TestRolesAtARunningNode: a dialogue partner, a guest and an observer stand at the window
// of a node that runs. What each role allows is answered, all else is refused by its
// clause; and a guest that is asked answers where a term says that guests do.
func TestRolesAtARunningNode(t *testing.T) {
	t.Parallel()
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	c.agree(oneCircle) // between NZ and CA
	vn, fj, au := c.home("VN"), c.home("FJ"), c.home("AU")
	c.takeUp(vn, "VN", "dialogue_partner")
	c.takeUp(fj, "FJ", "guest", vn)
	c.takeUp(au, "AU", "observer", vn, fj)
	guests := map[string]node.Config{"VN": vn, "FJ": fj, "AU": au}
	c.between("by-roles", guests, func(a *guichet.Agreement) {
		term := func(to, from []string, flow string) guichet.Term {
			t := a.Terms[0]
			t.To, t.From, t.Where = to, from, map[string][]string{"flow": {flow}}
			return t
		}
		partner := term([]string{"dialogue_partner"}, nil, "exports")
		partner.Records, partner.Copies = true, guichet.Copies{Permitted: true, MaxAgeDays: 30}
		a.Terms = []guichet.Term{
			partner, term([]string{"guest"}, nil, "imports"), term([]string{"observer"}, nil, "re_exports"),
			term([]string{"NZ"}, []string{"guest"}, "imports"),
		}
	})
	c.between("for-parties", guests, nil)
	c.serve(c.nz, map[string]string{oneCircle: c.at[oneCircle+" NZ"]})
	c.serve(c.ca[oneCircle], map[string]string{"": c.at[oneCircle+" CA"]})
	c.serve(vn, map[string]string{"": c.at[oneCircle+" VN"]})
	c.serve(fj, map[string]string{"": c.at[oneCircle+" FJ"]})

	keys := map[string]*seal.Keys{"VN": c.keysOf(vn), "FJ": c.keysOf(fj), "AU": c.keysOf(au)}
	for _, k := range keys {
		defer k.Close()
	}
	const yes = `"permitted":true`
	for _, ask := range []struct {
		member, what, path string
		change             func(*guichet.Request)
		want               string
	}{
		{"VN", "what its role may", "ask", flow("exports"), yes},
		{"VN", "what a guest may", "ask", flow("imports"), `"clause":"terms[0].where.flow"`},
		{"VN", "a subscription of it", "subscriptions", flow("exports"), yes},
		{"VN", "copies", "copies", copiesAsked, yes},
		{"VN", "under what is for parties", "ask", under("for-parties"), `"clause":"terms[0].to"`},
		{"VN", "under an agreement among others", "ask", under("statistics"), `"clause":"none"`},
		{"FJ", "what its role may", "ask", flow("imports"), yes},
		{"FJ", "what a dialogue partner may", "ask", flow("exports"), `"clause":"terms[1].where.flow"`},
		{"FJ", "a subscription of it", "subscriptions", flow("exports"), `"clause":"terms[1].where.flow"`},
		{"FJ", "rows", "records", records("imports"), `"clause":"terms[1].records"`},
		{"FJ", "copies", "copies", copiesAsked, `"clause":"terms[1].records"`},
		{"FJ", "under what is for parties", "ask", under("for-parties"), `"clause":"terms[0].to"`},
		{"FJ", "under an agreement among others", "ask", under("statistics"), `"clause":"none"`},
		{"AU", "what its role may", "ask", flow("re_exports"), yes},
		{"AU", "what a guest may", "ask", flow("imports"), `"clause":"terms[2].where.flow"`},
		{"AU", "copies", "copies", copiesAsked, `"clause":"terms[2].records"`},
		{"AU", "under what is for parties", "ask", under("for-parties"), `"clause":"terms[0].to"`},
		{"AU", "under an agreement among others", "ask", under("statistics"), `"clause":"none"`},
	} {
		req := c.roleRequest(ask.member, ask.change)
		status, said, err := c.put(oneCircle, keys[ask.member], keys[ask.member], http.MethodPost, ask.path, given(json.Marshal(req))(t))
		if err != nil || status != http.StatusOK || !strings.Contains(said, ask.want) {
			t.Errorf("%s asks for %s: %d %.500s %v, want %s", ask.member, ask.what, status, said, err, ask.want)
		}
	}
	c.ownLeavesOnly(keys)
	c.readPapers(keys, map[string][]string{"statistics": {"AU"}, "by-roles": {"VN", "FJ", "AU"}})
	c.cosigned("CA", "VN") // and not FJ, which serves too
	c.askedBack()
	c.cosigned("CA", "NZ", "VN") // of the guest's journal, which answered last
}

// between puts an agreement of NZ with all of these in force.
func (c *circles) between(id string, members map[string]node.Config, change func(*guichet.Agreement)) {
	t := c.t
	t.Helper()
	codes := []string{"NZ", "VN", "FJ", "AU"}
	text := given(node.DraftAgreement(c.nz, node.AgreementDraft{Template: "small-circle", ID: id, Parties: codes}, c.state[oneCircle]))(t)
	a, faults, err := node.ReadAgreement(text)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	for i, p := range a.Parties {
		if m, ok := c.state[oneCircle].Member(p.Member); ok {
			a.Parties[i].Role = m.Role
		}
	}
	if change != nil {
		change(&a)
	}
	var proposal, bundle []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) {
		proposal, err = x.Propose(node.Change{Why: "a test", Agreement: &a})
		return err
	})
	for _, code := range codes[1:] {
		c.ceremony(members[code], oneCircle, func(x *node.Ceremonies) (err error) { proposal, err = x.Sign(proposal); return err })
	}
	c.sign(oneCircle, proposal)
	for code, cfg := range members {
		c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) { bundle, err = x.BundleFor(code, ""); return err })
		c.ceremony(cfg, oneCircle, func(x *node.Ceremonies) error { _, err := x.Update(t.Context(), bundle); return err })
	}
}

func (c *circles) roleRequest(member string, change func(*guichet.Request)) guichet.Request {
	c.t.Helper()
	req := guichet.Request{
		From: guichet.Party{Circle: oneCircle, Member: member, Office: "statistics"}, To: "NZ", Officer: "0123456789abcdef", Purpose: "official-statistics", Agreement: "by-roles",
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: guichettest.Period(c.t, "2020-01"), Where: map[string][]string{"flow": {"imports"}}},
	}
	change(&req)
	return given(federation.NewRequest(rand.Reader, node.SystemClock(), req))(c.t)
}

func flow(name string) func(*guichet.Request) {
	return func(r *guichet.Request) { r.Question.Where["flow"] = []string{name} }
}

func under(agreement string) func(*guichet.Request) {
	return func(r *guichet.Request) { r.Agreement = agreement }
}

func records(name string) func(*guichet.Request) {
	return func(r *guichet.Request) { r.Records, r.Question.Where["flow"] = true, []string{name} }
}

func copiesAsked(r *guichet.Request) {
	r.Records, r.Question = true, guichet.Question{Dataset: trade.Dataset().Name}
}

// ownLeavesOnly: each is told of its own exchanges, and gets receipts of these alone.
func (c *circles) ownLeavesOnly(keys map[string]*seal.Keys) {
	t := c.t
	t.Helper()
	own := map[string]int{}
	for code, k := range keys {
		_, said, err := c.put(oneCircle, k, k, http.MethodGet, "exchanges", nil)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Exchanges []struct {
				Index int
				Leaf  guichet.Leaf
			}
		}
		if err := json.Unmarshal([]byte(said), &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Exchanges {
			if e.Leaf.From.Member != code {
				t.Errorf("%s is told of an exchange of %s", code, e.Leaf.From.Member)
			}
			own[code] = e.Index
		}
		if len(page.Exchanges) < 4 {
			t.Errorf("%s is told of %d exchanges", code, len(page.Exchanges))
		}
	}
	for code, k := range keys {
		for whose, index := range own {
			want := http.StatusNotFound
			if whose == code {
				want = http.StatusOK
			}
			var status int
			for range 2400 { // until a checkpoint covers it
				var err error
				if status, _, err = c.put(oneCircle, k, k, http.MethodGet, "receipts/"+strconv.Itoa(index), nil); err != nil {
					t.Fatal(err)
				}
				if status != http.StatusTooEarly {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if status != want {
				t.Errorf("%s asks for the receipt of a leaf of %s: %d, want %d", code, whose, status, want)
			}
		}
	}
}

// askedBack: NZ asks the guest, which answers under the term that says so, and refuses
// under one that names nobody, which is for parties to answer.
func (c *circles) askedBack() {
	t := c.t
	t.Helper()
	cfg := c.nz
	cfg.Circle = oneCircle
	op := given(node.Operate(t.Context(), cfg))(t)
	defer func() { _ = op.Close() }()
	ask := func(agreement string) guichet.Decision {
		q := node.MembersQuestion{Question: question(t, "flow=imports period=2020-01"), Members: []string{"FJ"}, Purpose: "official-statistics", Office: "statistics", Agreement: agreement}
		a := given(op.AskMembers(t.Context(), q, nil))(t)
		return a.Members[0].Decision
	}
	if d := ask("by-roles"); !d.Permitted {
		t.Errorf("the guest is asked under the term that names it: %+v", d)
	}
	if d := ask("for-parties"); d.Permitted || d.Clause != "terms[0].from" {
		t.Errorf("the guest is asked under a term for parties: %+v", d)
	}
}
