package node_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// trio is a circle of three, each a real node in this process behind real TLS: US
// holds figures, NZ keeps copies, GB asks.
type trio struct {
	t     *testing.T
	clock *guichettest.Clock
	seats map[string]*trioSeat
	codes []string
	paper guichet.Agreement // in force
}

type trioSeat struct {
	trio   *trio
	code   string
	cfg    node.Config
	relay  *guichettest.Relay
	serves string
	stop   func()
	last   string        // the file that was taken in last
	seat   node.Operator // kept between uses
}

// newTrio founds the circle, and puts an agreement in force that gives all that is
// published, as changed. Two members are enough where nobody is passed anything.
func newTrio(t *testing.T, change func(*guichet.Agreement), codes ...string) *trio {
	t.Helper()
	return newTrioAt(t, guichettest.NewClock(), change, codes...)
}

// newTrioAt does so by a clock.
func newTrioAt(t *testing.T, clock *guichettest.Clock, change func(*guichet.Agreement), codes ...string) *trio {
	t.Helper()
	x := &trio{t: t, clock: clock, seats: map[string]*trioSeat{}, codes: codes}
	words := func() ([]byte, error) { return []byte("a passphrase for a test of copies"), nil }
	for _, code := range x.codes {
		dir, err := os.MkdirTemp("", "trio-") //nolint:usetesting // the test's own folder has too long a name for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		m := &trioSeat{trio: x, code: code}
		m.cfg = node.Config{Home: filepath.Join(dir, "h"), Clock: x.clock.Now, Child: []string{exe(t), stageChild}, Passphrase: words, MemberPassphrase: words, LockWait: guichettest.Patience, CopyPiece: 1000}
		if _, err := node.Init(t.Context(), m.cfg, code); err != nil {
			t.Fatal(err)
		}
		m.relay = guichettest.NewRelay(t, m.serving(), guichettest.RelayConfig{})
		t.Cleanup(m.leave)
		x.seats[code] = m
	}
	x.found()
	x.agree(change)
	return x
}

// serving chooses the address at which the member will listen.
func (m *trioSeat) serving() string {
	m.serves = guichettest.FreeAddr(m.trio.t)
	return m.serves
}

func (m *trioSeat) ceremonies(do func(*node.Ceremonies)) {
	m.trio.t.Helper()
	c := given(node.OpenCeremonies(m.trio.t.Context(), m.cfg))(m.trio.t)
	do(c)
	if err := c.Close(); err != nil {
		m.trio.t.Fatal(err)
	}
}

func (m *trioSeat) text() []byte {
	return []byte("code: " + m.code + `
name: {en: "A member made for a test", fr: "Un membre fait pour un essai"}
role: party
offices: [{id: statistics, name: {en: "Office", fr: "Office"}, regime: statistical}]
endpoints: ["` + m.relay.Addr() + `"]
contacts: [{for: operations, name: "Operations", email: "operations@example.org", hours: "always"}]
`)
}

func (x *trio) found() {
	x.t.Helper()
	first := x.seats[x.codes[0]]
	var proposal []byte
	var joins [][]byte
	first.ceremonies(func(c *node.Ceremonies) { proposal = given(c.Found("three", 1, first.text(), "a test"))(x.t) })
	for _, code := range x.codes[1:] {
		m := x.seats[code]
		var invitation []byte
		first.ceremonies(func(c *node.Ceremonies) { invitation = given(c.Invite("three", code, "party"))(x.t) })
		m.ceremonies(func(c *node.Ceremonies) { joins = append(joins, given(c.Join(invitation, m.text()))(x.t)) })
	}
	first.ceremonies(func(c *node.Ceremonies) { proposal = given(c.Admit(proposal, joins))(x.t) })
	x.signed(proposal)
}

func (x *trio) signed(proposal []byte) {
	x.t.Helper()
	for _, code := range x.codes {
		x.seats[code].ceremonies(func(c *node.Ceremonies) { proposal = given(c.Sign(proposal))(x.t) })
	}
	for _, code := range x.codes {
		x.seats[code].ceremonies(func(c *node.Ceremonies) { given(c.Publish(x.t.Context(), proposal))(x.t) })
	}
}

// agree puts an agreement in force, or its next version.
func (x *trio) agree(change func(*guichet.Agreement)) {
	x.t.Helper()
	first := x.seats[x.codes[0]]
	var proposal []byte
	first.ceremonies(func(c *node.Ceremonies) {
		a := x.paper
		if a.ID == "" {
			now := given(c.Circle())(x.t)
			text := given(node.DraftAgreement(first.cfg, node.AgreementDraft{Template: "small-circle", ID: "three-copies", Parties: x.codes}, now))(x.t)
			var faults []node.AgreementFault
			var err error
			if a, faults, err = node.ReadAgreement(text); err != nil || len(faults) > 0 {
				x.t.Fatal(err, faults)
			}
			a.Terms[0].Records, a.Terms[0].Copies, a.Terms[0].Levels["product"] = true, guichet.Copies{Permitted: true, MaxAgeDays: 30}, "hs6"
			a.Security.Witnesses = 0
		} else {
			a.Version++
		}
		if change != nil {
			change(&a)
		}
		x.paper = a
		proposal = given(c.Propose(node.Change{Why: "a test", Agreement: &a}))(x.t)
	})
	x.signed(proposal)
}

// serve lets a member serve until its stop.
func (x *trio) serve(code string) {
	x.t.Helper()
	m := x.seats[code]
	m.leave()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, m.cfg, node.ServeRequest{Listen: map[string]string{"": m.serves}, Ready: func(at []node.Listening) { ready <- at[0].Address }})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		x.t.Fatalf("%s does not serve: %v", code, err)
	}
	stopped := false
	m.stop = func() {
		if !stopped {
			stopped = true
			m.leave()
			cancel()
			if err := <-done; err != nil {
				x.t.Errorf("%s ended: %v", code, err)
			}
		}
	}
	x.t.Cleanup(m.stop)
}

// at does something at a member's seat: at its running node's, where it serves. The
// seat is kept for the next time, since to open keys takes half a second.
func (m *trioSeat) at(do func(node.Operator)) {
	m.trio.t.Helper()
	if m.seat == nil {
		m.seat = given(node.Operate(context.Background(), m.cfg))(m.trio.t)
	}
	do(m.seat)
}

// leave lets go of the seat.
func (m *trioSeat) leave() {
	if m.seat != nil {
		if err := m.seat.Close(); err != nil {
			m.trio.t.Error(err)
		}
		m.seat = nil
	}
}

func (m *trioSeat) open(do func(*node.Node)) {
	m.trio.t.Helper()
	n := given(node.Open(m.trio.t.Context(), m.cfg))(m.trio.t)
	do(n)
	if err := n.Close(); err != nil {
		m.trio.t.Fatal(err)
	}
}

// month takes in US imports of a month: each line "country code value". They are
// made up, and marked as made.
func (m *trioSeat) month(month, released string, lines ...string) {
	m.trio.t.Helper()
	var rows []string
	for _, l := range lines {
		f := strings.Fields(l)
		rows = append(rows, fmt.Sprintf(`[%q,%q,%[2]q,"0","0",%[2]q,"7",null,"KG",%[3]q,"HS10","DET",%[4]q,%[5]q]`, f[0], f[2], f[1], month[:4], month[5:]))
	}
	path := filepath.Join(m.trio.t.TempDir(), "answer.json")
	if err := os.WriteFile(path, []byte(importsHead+strings.Join(rows, ",\n")+"]"), 0o600); err != nil {
		m.trio.t.Fatal(err)
	}
	m.last = path
	m.open(func(n *node.Node) {
		r := given(n.Ingest(m.trio.t.Context(), node.IngestRequest{File: path, Generated: true, Released: released}))(m.trio.t)
		if r.Submission.Aside != 0 {
			m.trio.t.Fatalf("%d lines put aside: %v", r.Submission.Aside, r.Submission.Reasons)
		}
	})
	m.trio.clock.Move(time.Minute)
}

func (m *trioSeat) sync(req node.SyncRequest) (out node.SyncResult, err error) {
	m.trio.t.Helper()
	if req.From == "" {
		req.From = "US"
	}
	if req.Purpose == "" {
		req.Purpose = "official-statistics"
	}
	req.Office, req.Officer = "statistics", "a test"
	m.at(func(op node.Operator) { out, err = op.Sync(m.trio.t.Context(), req, nil) })
	return out, err
}

// ask asks a home's own desk.
func (m *trioSeat) ask(words string) (out guichet.Answer) {
	m.trio.t.Helper()
	m.open(func(n *node.Node) { out = given(n.Ask(m.trio.t.Context(), question(m.trio.t, words)))(m.trio.t) })
	return out
}

// askMembers asks other members.
func (m *trioSeat) askMembers(words string, members ...string) (out node.MembersAnswer) {
	m.trio.t.Helper()
	q := node.MembersQuestion{Question: question(m.trio.t, words), Members: members, Purpose: "official-statistics", Office: "statistics", Officer: "a test", Within: guichettest.Patience}
	m.at(func(op node.Operator) { out = given(op.AskMembers(m.trio.t.Context(), q, nil))(m.trio.t) })
	return out
}
