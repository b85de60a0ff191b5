package portal

import (
	"context"
	"time"

	"guichet"
)

// Audit is what an auditor's pages read of the house. It writes nothing.
type Audit interface {
	// Agreements are those of a circle that all their parties have signed.
	Agreements(circle string) ([]SignedAgreement, error)
	// Changes says clause by clause what a later version changes.
	Changes(before, after guichet.Agreement) []Change
	// Papers are files of an agreement for other programs: "json" (as it was signed),
	// "yaml", "odrl". KindNotFound of another format.
	Paper(circle, id, format string) ([]byte, error)
	// Leaves returns leaves of our journal in a circle, newest first.
	Leaves(ctx context.Context, circle string, f LeafFilter) (LeafPage, error)
	// Leaf returns one with what belongs to it.
	Leaf(ctx context.Context, circle string, index int64) (LeafView, error)
	// Verify holds our journal, then those of members, against what was signed and
	// against each other; each is told as it was looked at.
	Verify(ctx context.Context, circle string, members []string, each func(JournalReport)) error
	// Record is what was done outside the usual way, in all circles.
	Record(ctx context.Context) (Record, error)
}

// SignedAgreement is an agreement with who signed it.
type SignedAgreement struct {
	Now      guichet.Agreement   // as it stands: with notices of parties applied
	Versions []guichet.Agreement // as they were signed, the one in force last
	Digest   string              // SHA-256 of the paper in force as it was signed, hex
	Signed   []string            // members whose signature under it is good
	Need     int                 // how many must have signed
	Expires  time.Time           // when the signatures are to be renewed
	State    string              // of the paper: "in_force", "due", "grace", "expired"
	Notices  []PartyNotice       // on this version
}

// PartyNotice is what one party said alone of an agreement.
type PartyNotice struct {
	Circle, Agreement, Member string
	Version                   int
	Made                      time.Time
	From                      string // the day since which it is out; "" it is not
	Suspends                  []guichet.Suspension
	Reason                    guichet.Text
}

// Change is one difference between two versions of an agreement.
type Change struct{ Clause, Before, After, Effect string }

// LeafFilter says which leaves. What is empty bounds nothing.
type LeafFilter struct {
	Member      string // who asked, or was asked
	Purpose     string
	Agreement   string
	What        string    // one of leafSorts
	From, Until time.Time // the first moment, and the first one after; zero: none
	Before      int64     // only leaves before this one; 0 from the end
	Limit       int
}

// PlacedLeaf is a leaf and where it stands.
type PlacedLeaf struct {
	Index int64
	Leaf  guichet.Leaf
}

// LeafPage are leaves that were found.
type LeafPage struct {
	Leaves  []PlacedLeaf
	Older   int64 // where to look further; 0: nothing older is there
	Looked  int64 // how many were looked at
	Size    int64 // of the journal
	Stopped bool  // the bound of one look was reached before the page was full
}

// LeafView is a leaf with what belongs to it.
type LeafView struct {
	PlacedLeaf

	Same  []PlacedLeaf       // of the same exchange, itself left out
	Given []guichet.GivenSet // what it gave, where the ledger names this exchange as the first
	Terms []guichet.Term     // of the agreement in the version that it names, where it is held here
}

// JournalReport is what was found in one member's journal.
type JournalReport struct {
	Member    string
	Leaves    int64
	Compared  int // leaves of exchanges with us that were held against ours
	Witnesses int // cosignatures under its newest checkpoint
	Findings  []JournalFinding
	Others    int // findings beside those, which are not told one by one
}

// JournalFinding is something that is not as it should be.
type JournalFinding struct {
	Code     string
	Severity string // "grave", "serious", "notice"
	Index    int64  // -1 none
	Exchange string
	Text     guichet.Text
	Evidence string // a file that was kept
}

// Record is what was done outside the usual way.
type Record struct {
	Notices   []PartyNotice
	Suspended []SuspendedIn // by all parties of an agreement, in its text
	Renewed   []Renewed     // journals of ours that go on in another log
	Overrides []Override
	Holds     []Hold
	Events    []Event
	Public    guichet.Text // what is wrong with the file of the public view; empty nothing
}

// SuspendedIn is a suspension that stands in an agreement.
type SuspendedIn struct {
	Circle, Agreement string
	Suspension        guichet.Suspension
}

// Renewed is a journal of ours that goes on in another log, since leaves of the one
// before were lost, or it was forked.
type Renewed struct {
	Circle, Why string
	At          time.Time
	Number      int   // of the log
	First       int64 // the leaf with which it begins
}

// Override is a submission that was taken in though its totals did not reconcile, or
// though many of its lines were put aside.
type Override struct {
	Submission, File, Why string
	By                    string // "" nobody noted it
	Lines, Aside          int64  // Aside is 0 where few were put aside
	At                    time.Time
	Controls              []guichet.Control // that do not reconcile
}

// Hold keeps rows from every purge until it is lifted.
type Hold struct {
	Name, Dataset, Why, By, LiftedWhy, LiftedBy string
	Set, Lifted                                 time.Time
}

// Event is what became of submissions, with its proofs.
type Event struct {
	ID, Dataset, Why, By string
	Kind                 guichet.EventKind
	At                   time.Time
	Of                   []string
	Removed              []guichet.Removed
	OffDisk              bool
	Proofs               []EventProof
}

// EventProof is where a circle's journal tells of an event.
type EventProof struct {
	Circle, Exchange, Paper, Digest string
	Leaf                            int64 // -1: not yet written
}
