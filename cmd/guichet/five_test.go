//go:build linux

package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

const (
	fiveCircle    = "border-five"
	fiveAgreement = "b5-covid-supply"
	fivePort      = 8443 // at which every member listens
	patience      = guichettest.Patience
)

// TestFaults: a circle of five is founded once; each fault befalls five nodes
// that start from copies of it.
func TestFaults(t *testing.T) {
	ground := newFive(t)
	for _, c := range []struct {
		name       string
		befall     func(*five)
		journalMiB map[string]int
	}{
		{"a member is cut off", (*five).cutOff, nil},
		{"a member stops in the middle of an answer", (*five).stopped, nil},
		{"an answer breaks off", (*five).cutStream, nil},
		{"a clock is wrong", (*five).wrongClock, nil},
		{"a key is stolen", (*five).stolenKey, nil},
		{"the circle has expired", (*five).expiredCircle, nil},
		{"an agreement was tampered with", (*five).tamperedAgreement, nil},
		{"the disk under a journal is full", (*five).fullDisk, map[string]int{"GB": 8, "US": 8}},
		{"a log is forked", (*five).forkedLog, nil},
		{"a disk is lost", (*five).lostDisk, nil},
		{"killed between leaf and answer", (*five).killedAfterTheLeaf, nil},
		{"killed at any moment", (*five).killedAtAnyMoment, nil},
	} {
		t.Run(c.name, func(t *testing.T) { c.befall(ground.start(t, c.journalMiB)) })
	}
}

// five is a circle of five members: real processes of the real binary, built so
// that a test may move its clock, each on a host of its own. Between each member
// and the others stands a relay, whose address is the endpoint in the member's
// paper.
type five struct {
	t       *testing.T
	dir     string
	program string
	hosts   *guichettest.Hosts
	members []*seat // by code
}

// seat is a member of the five.
type seat struct {
	five    *five
	code    string
	host    int
	home    string
	env     []string // beside that of all
	relay   *guichettest.Relay
	serving *guichettest.Process
}

// newFive makes the homes of the five with generated trade, their circle and an
// agreement in force. Nobody serves yet.
func newFive(t *testing.T) *five {
	t.Helper()
	guichettest.NewHosts(t, 1) // or the reason why there are none, before all the work
	f := &five{t: t, program: guichettest.Build(t, "faults")}
	f.settle()
	for _, m := range f.members {
		// Two days ago: a clock that is wrong by minutes is not before the papers.
		m.env = []string{"GUICHET_TEST_CLOCK_OFFSET=-48h"}
		m.must("init", "--member", m.code)
	}
	f.takeIn()
	f.found()
	f.agree()
	return f
}

// settle gives the five a folder, and each of them a place in it.
func (f *five) settle() {
	f.t.Helper()
	f.dir = shortDir(f.t)
	f.write("passphrase", "a passphrase for a test of faults\n")
	f.write("member-passphrase", "another passphrase for a test of faults\n")
	for i, code := range []string{"AU", "CA", "GB", "NZ", "US"} {
		f.members = append(f.members, &seat{five: f, code: code, host: i, home: filepath.Join(f.dir, code)})
	}
}

// start lets copies of the five serve, each behind its relay. journalMiB puts
// the journal of a member on a disk of that size.
func (f *five) start(t *testing.T, journalMiB map[string]int) *five {
	t.Helper()
	g := &five{t: t, program: f.program, hosts: guichettest.NewHosts(t, len(f.members))}
	g.settle()
	for i, m := range g.members {
		target := net.JoinHostPort(g.hosts.Addr(i), strconv.Itoa(fivePort))
		m.relay = guichettest.NewRelay(t, target, guichettest.RelayConfig{
			Listener: g.hosts.Listen(t, guichettest.Middle, fivePort+1+i),
			Dial:     func(ctx context.Context) (net.Conn, error) { return g.hosts.Dial(ctx, guichettest.Middle, target) },
		})
		if mib := journalMiB[m.code]; mib > 0 {
			dir := filepath.Join(m.home, "journals")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			guichettest.SmallDiskAt(t, dir, mib)
		}
		copyAll(t, m.home, f.members[i].home)
		m.launch()
	}
	for _, m := range g.members {
		m.ready()
	}
	return g
}

// endpoint is what a member's paper says: where its relay stands. It is known
// before there are hosts.
func (m *seat) endpoint() string {
	return net.JoinHostPort(guichettest.MiddleAddr, strconv.Itoa(fivePort+1+m.host))
}

// copyAll copies all that a folder holds into another, with modes and sockets.
func copyAll(t *testing.T, to, from string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", from, err, out)
	}
}

// shortDir is a folder with a short name: the path of a socket has 107 bytes at
// the most (unix(7)).
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "five-") //nolint:usetesting // the test's own folder has too long a name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// takeIn gives every home what its own office would publish of trade that is
// made up.
func (f *five) takeIn() {
	f.t.Helper()
	made := filepath.Join(f.dir, "made")
	var told struct {
		Files []struct{ Name, Member, Kind, Vintage string }
	}
	// Enough that every member has imports of COVID-19 goods.
	out := f.members[0].must("synth", "--quiet", "--from", "2020-01", "--to", "2020-03", "--declarations", "4000", "--out", made)
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		f.t.Fatal(err)
	}
	for _, m := range f.members {
		// Long before the delay that the agreement sets for critical goods.
		args := []string{"ingest", "--released", "2020-05-15"}
		for _, file := range told.Files {
			if file.Member == m.code && file.Kind == "aggregate" && file.Vintage != "revised" {
				args = append(args, filepath.Join(made, file.Name))
			}
		}
		m.must(args...)
	}
}

// found makes the circle: the first member founds it, the others join, all sign,
// and all take up what was published.
func (f *five) found() {
	f.t.Helper()
	founder := f.members[0]
	draft, proposal := filepath.Join(f.dir, "draft.json"), filepath.Join(f.dir, "founding.json")
	founder.must("circle", "create", "--circle", fiveCircle, "--threshold", "3", "--paper", founder.paper(), "--out", draft)
	admit := []string{"circle", "admit", "--draft", draft, "--out", proposal}
	for _, m := range f.members[1:] {
		invitation, join := filepath.Join(f.dir, m.code+".invitation.json"), filepath.Join(f.dir, m.code+".join.json")
		founder.must("circle", "invite", "--circle", fiveCircle, "--member", m.code, "--out", invitation)
		m.must("circle", "join", invitation, "--paper", m.paper(), "--out", join)
		admit = append(admit, join)
	}
	founder.must(admit...)
	for _, m := range f.members {
		m.must("circle", "sign", proposal, "--yes")
	}
	founder.must("circle", "publish", proposal)
	var told struct {
		Circle guichet.Circle `json:"circle"`
	}
	if err := json.Unmarshal([]byte(founder.must("circle", "members")), &told); err != nil {
		f.t.Fatal(err)
	}
	bundle := f.bundle(founder)
	for _, m := range f.members[1:] {
		m.must("circle", "adopt", bundle, "--circle", fiveCircle, "--id", told.Circle.ID)
	}
}

// agree puts an agreement of all five in force.
func (f *five) agree() {
	f.t.Helper()
	first := f.members[0]
	draft, proposal := filepath.Join(f.dir, "agreement.yaml"), filepath.Join(f.dir, "agreement.json")
	first.must("agreement", "draft", "--template", "covid-supply", "--id", fiveAgreement, "--circle", fiveCircle, "--parties", f.codes(), "--out", draft)
	first.must("agreement", "sign", draft, "--why", "a test of faults", "--yes", "--out", proposal)
	f.publish(proposal, first, f.members[1:]...)
}

// publish lets members sign a proposal of the first one, who publishes it, and
// the others take up the papers.
func (f *five) publish(proposal string, first *seat, signers ...*seat) {
	f.t.Helper()
	for _, m := range signers {
		m.must("circle", "sign", proposal, "--yes")
	}
	first.must("circle", "publish", proposal)
	bundle := f.bundle(first)
	for _, m := range f.members {
		if m != first {
			m.must("circle", "update", bundle)
		}
	}
}

// bundle writes the circle's papers as a member has them.
func (f *five) bundle(m *seat) string {
	f.t.Helper()
	name := filepath.Join(f.dir, "bundle.json")
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	m.must("circle", "bundle", "--out", name)
	return name
}

func (f *five) codes() string {
	var out []string
	for _, m := range f.members {
		out = append(out, m.code)
	}
	return strings.Join(out, ",")
}

func (f *five) member(code string) *seat {
	f.t.Helper()
	i := slices.IndexFunc(f.members, func(m *seat) bool { return m.code == code })
	if i < 0 {
		f.t.Fatalf("%s is none of the five", code)
	}
	return f.members[i]
}

func (f *five) write(name, text string) string {
	f.t.Helper()
	name = filepath.Join(f.dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return name
}

// paper writes the member's paper for people. Its endpoint is the relay's.
func (m *seat) paper() string {
	m.five.t.Helper()
	return m.five.write(m.code+".yaml", fmt.Sprintf(`code: %s
name: {en: "Member %[1]s, made for a test", fr: "Membre %[1]s, fait pour un essai"}
role: party
offices:
  - {id: statistics, name: {en: "Office of %[1]s", fr: "Office de %[1]s"}, regime: statistical}
endpoints: ["%[2]s"]
contacts:
  - {for: operations, name: "Operations", email: "operations@example.org", hours: "always"}
`, m.code, m.endpoint()))
}

// command is a command line of the member's operator.
func (m *seat) command(args ...string) guichettest.Command {
	dir := m.five.dir
	env := []string{
		"GUICHET_HOME=" + m.home, "LANG=C.UTF-8", "LC_ALL=", "LANGUAGE=",
		"GUICHET_PASSPHRASE_FILE=" + filepath.Join(dir, "passphrase"), "GUICHET_MEMBER_PASSPHRASE_FILE=" + filepath.Join(dir, "member-passphrase"),
	}
	return guichettest.Command{
		Name: m.code + " " + args[0], Dir: dir, Env: append(env, m.env...), Args: append(append([]string{m.five.program}, args...), "--json"),
	}
}

// run runs a command of the operator to its end.
func (m *seat) run(args ...string) (stdout, words string, code int) {
	m.five.t.Helper()
	c := m.command(args...)
	cmd := exec.CommandContext(m.five.t.Context(), c.Args[0], c.Args[1:]...)
	var out, errs strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = c.Dir, &out, &errs, append(os.Environ(), c.Env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.five.t.Fatalf("%s: run guichet %v: %v", m.code, args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (m *seat) must(args ...string) string {
	m.five.t.Helper()
	out, words, code := m.run(args...)
	if code != 0 {
		m.five.t.Fatalf("%s: guichet %v ended with exit code %d: %s", m.code, args, code, words)
	}
	return out
}

// serve starts the member's node and waits until it takes questions.
func (m *seat) serve() {
	m.five.t.Helper()
	m.launch()
	m.ready()
}

// ready waits until the member's node takes questions.
func (m *seat) ready() {
	m.five.t.Helper()
	m.serving.WaitFor(m.five.t, `"listening"`, patience)
}

// launch starts the member's node.
func (m *seat) launch() *guichettest.Process {
	m.five.t.Helper()
	m.serving = m.five.hosts.RunIn(m.five.t, m.host, m.command("serve", "--listen", net.JoinHostPort(m.five.hosts.Addr(m.host), strconv.Itoa(fivePort))))
	return m.serving
}

// restart stops the member's node and starts it with other surroundings.
func (m *seat) restart(env ...string) {
	m.five.t.Helper()
	if code := m.serving.Stop(m.five.t, patience); code != 0 {
		m.five.t.Errorf("%s was told to stop, and ended with exit code %d", m.code, code)
	}
	m.env = env
	m.serve()
}

// ask puts the question of all these tests to members: "all", "CA,NZ".
func (m *seat) ask(members string, more ...string) node.MembersAnswer {
	m.five.t.Helper()
	out, words, code := m.run(append(asking(members), more...)...)
	var a node.MembersAnswer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		m.five.t.Fatalf("%s: ask ended with exit code %d: %s%s", m.code, code, out, words)
	}
	return a
}

func asking(members string) []string {
	return []string{
		"ask", "--members", members, "--product", "covid19/protective", "--flow", "imports", "--period", "2020",
		"--purpose", "supply-monitoring", "--by", "reporter,partner",
	}
}

// of is what came of one member.
func (f *five) of(a node.MembersAnswer, code string) node.MemberResult {
	f.t.Helper()
	i := slices.IndexFunc(a.Members, func(r node.MemberResult) bool { return r.Member == code })
	if i < 0 {
		f.t.Fatalf("the answer does not say what came of %s: %+v", code, a.Members)
	}
	return a.Members[i]
}

// answered holds that exactly these members answered, with rows, and returns the
// gaps of the others.
func (f *five) answered(a node.MembersAnswer, codes ...string) map[string]guichet.Gap {
	f.t.Helper()
	gaps := map[string]guichet.Gap{}
	for _, m := range f.members {
		r := f.of(a, m.code)
		rows := 0
		for _, row := range a.Answer.Rows {
			if row["member"] == m.code {
				rows++
			}
		}
		want := slices.Contains(codes, m.code)
		if (r.Gap == nil) != want || (rows > 0) != want || rows != r.Rows {
			f.t.Errorf("%s was to answer: %t; it gave %d rows, of which %d are shown, and the gap %+v", m.code, want, r.Rows, rows, r.Gap)
		}
		if r.Gap != nil {
			gaps[m.code] = *r.Gap
		}
	}
	return gaps
}

// journals verifies the member's journal, and others with it: "all", "CA".
func (m *seat) journals(members string) []node.JournalReport {
	m.five.t.Helper()
	args := []string{"journal", "verify"}
	if members != "" {
		args = append(args, "--member", members)
	}
	out, words, _ := m.run(args...)
	var told struct {
		Journals []node.JournalReport `json:"journals"`
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || len(told.Journals) == 0 {
		m.five.t.Fatalf("%s: journal verify says %s%s", m.code, out, words)
	}
	return told.Journals
}

// leaves are the member's leaves of an exchange, oldest first.
func (m *seat) leaves(exchange string) []node.LeafEntry {
	m.five.t.Helper()
	out, words, code := m.run("journal", "show", "--exchange", exchange)
	var told struct {
		Leaves []node.LeafEntry `json:"leaves"`
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil && code == 0 {
		m.five.t.Fatalf("%s: journal show says %s%s", m.code, out, words)
	}
	return told.Leaves
}

// whole holds that journals tell one story: nothing grave or serious, in any, but
// for what the fault itself makes true. An answer that did not come is a notice.
func (f *five) whole(asker *seat, but ...string) {
	f.t.Helper()
	for _, r := range asker.journals("all") {
		for _, found := range r.Findings {
			if found.Severity != "notice" && !slices.Contains(but, found.Code) {
				f.t.Errorf("the journal of %s: %s: %s", r.Member, found.Code, found.Text.EN)
			}
		}
	}
}
