package node

import (
	"context"
	"io"
	"net"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/federation"
	"guichet/internal/portal"
)

// Given is the count that quotas are held against.
type Given struct{ g *given }

// NewGiven begins a count.
func NewGiven(us string, now time.Time) Given { return Given{newGiven(us, now)} }

// Begin is the beginning of an exchange.
func (g Given) Begin(ctx context.Context) (context.Context, func()) { return g.g.begin(ctx) }

// Take takes a place.
func (g Given) Take(ctx context.Context, agreement, member string, most int, now time.Time) bool {
	return g.g.take(ctx, quota{agreement, member}, most, now)
}

// Add counts a leaf.
func (g Given) Add(ctx context.Context, l guichet.Leaf) { g.g.add(ctx, l) }

// Of is the count.
func (g Given) Of(agreement, member string, now time.Time) int { return g.g.of(agreement, member, now) }

// ParseLaw reads a law.
func ParseLaw(text []byte) (agreement.Law, error) { return parseLaw(text) }

// WitnessesWanted is how many are to cosign by the agreement that a leaf names.
func WitnessesWanted(l guichet.Leaf, c guichet.Circle) int { return witnessesWanted(l, c) }

// CosignedFinding is the doctor's finding on a whole journal.
func CosignedFinding(size, upTo int64, witnesses int, ours []guichet.Agreement) Finding {
	return cosignedFinding(size, upTo, witnesses, ours)
}

// Proves says whether a receipt is of what our leaf tells.
func Proves(r Receipt, ours guichet.Leaf) bool { return proves(r, ours) }

// Listen opens a members' window.
func Listen(ctx context.Context, addr string) (net.Listener, error) { return listen(ctx, addr) }

// MostConnections are open to it at a time.
const MostConnections = mostConnections

// GivenIn is what the ledger says that the parties of a circle were given.
func (n *Node) GivenIn(ctx context.Context, circle string) ([]guichet.GivenSet, error) {
	return n.store.Given(ctx, guichet.Party{Circle: circle})
}

// ClockFinding is the doctor's finding on our clock.
func ClockFinding(kept string, ahead []time.Duration) Finding { return clockFinding(kept, ahead) }

// RestoreStepwise is Restore that tells of every step that has ended.
func RestoreStepwise(ctx context.Context, cfg Config, req RestoreRequest, step func(string)) (BackupResult, error) {
	req.step = step
	return Restore(ctx, cfg, req)
}

// CheckList holds a list of copies of a dataset against what a copy may be.
func CheckList(of, dataset string, list guichet.CopyList) error { return checkList(of, dataset, list) }

// CheckListAgain does so where a list is held already; dir is of its copy.
func CheckListAgain(dir, of, have string, list guichet.CopyList) error {
	return (&syncing{m: guichet.Member{Code: of}, ds: Dataset(), dir: dir, paper: copyPaper{List: have}}).check(list)
}

// CheckPage holds a page of notices against what one may be.
func CheckPage(of string, page guichet.NoticePage, after int64) error {
	return checkPage(of, page, after)
}

// CheckSubscribed reads what a member says to a subscription.
func CheckSubscribed(body []byte) error {
	_, err := readSubscribed("CA", body)
	return err
}

// CheckLetter reads a letter of a name, as the member does that it is to.
func CheckLetter(name string, body []byte) (err error) {
	switch name {
	case federation.LetterCopies:
		_, err = readCopiesLetter(body)
	case federation.LetterKept:
		_, err = readReport(body)
	case federation.LetterSubscribe:
		_, err = readSubscription(body)
	case federation.LetterNotices:
		_, err = readNoticesLetter(body)
	}
	return err
}

// WithDoor puts a door of a test before the pages. No command can.
func (r PagesRequest) WithDoor(d portal.Door) PagesRequest {
	r.door = d
	return r
}

// DemoFaults are the faults that the demonstration finds in what was told of a
// subscription, and of corrections of an exchange.
func DemoFaults(told []ToldNotice, subscription, exchange string) []string {
	d := &showing{out: io.Discard, newcomer: newcomer{exchange: exchange}}
	d.told(NoticesAnswer{Notices: told}, subscription)
	return d.faults
}

// DemoOrder are the chapters that are gone through for those that were named; in
// brackets those that are not shown.
func DemoOrder(named []string) (string, error) {
	chapters, err := chaptersOf(named)
	var out []string
	for _, c := range chapters {
		name := c.name
		if c.quiet {
			name = "(" + name + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, " "), err
}

// MostCopied is how many submissions a list of copies has.
const MostCopied = mostCopied

// ReadReport reads what became of a list.
func ReadReport(body []byte) (guichet.CopyReport, error) { return readReport(body) }

// ReadTries is what a demonstration has made ready in a home: titles and where they lead.
func ReadTries(home string) (out []string, err error) {
	tries, err := readTries(home)
	for _, t := range tries {
		out = append(out, string(t.Role)+" "+t.Title.EN+" "+t.To)
	}
	return out, err
}

// NewestOf is the last month of each dataset that submissions hold figures of.
func NewestOf(subs []guichet.Submission) map[string]time.Time { return newestOf(subs) }
