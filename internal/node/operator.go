package node

import (
	"context"
	"time"

	"guichet"
	"guichet/trade"
)

// Operator is what the operator of a home can do at its seat in a circle: the
// seat itself, or the way to a running node that has it (Operate).
type Operator interface {
	// AskMembers puts a question to members and returns all that came; each is
	// told as it comes.
	AskMembers(ctx context.Context, q MembersQuestion, each func(MemberResult)) (MembersAnswer, error)
	// Mirror compares two members' figures of one flow, each as that member tells
	// it.
	Mirror(ctx context.Context, q MirrorQuestion) (trade.MirrorAnswer, error)
	// TakeRecords takes the rows of one member into a file.
	TakeRecords(ctx context.Context, q RecordsQuestion) (MemberResult, error)
	// Leaves returns leaves of this home's journal, newest first; those of one
	// exchange, oldest first, where it is named.
	Leaves(ctx context.Context, q LeavesQuestion) ([]LeafEntry, error)
	// Receipt fetches what proves an exchange, and verifies it.
	Receipt(ctx context.Context, exchange string) (Receipt, error)
	// VerifyJournal holds this home's journal, and those of members, against
	// what was signed and against each other.
	VerifyJournal(ctx context.Context, members []string) ([]JournalReport, error)
	// Standing asks the other members what they have seen of this home's journal.
	Standing(ctx context.Context) (Standing, error)
	// DraftRenewal drafts the renewal of a journal that is closed for what the others
	// have seen of it.
	DraftRenewal(ctx context.Context, why string) ([]byte, error)
	// PublishRenewal begins the log that a signed renewal names.
	PublishRenewal(ctx context.Context, text []byte) (Standing, error)
	// Doctor looks at all that a seat needs.
	Doctor(ctx context.Context, q DoctorQuestion) ([]Finding, error)
	// Sync takes, or brings up to date, a copy of what another member holds; tell is
	// told how far it has come.
	Sync(ctx context.Context, q SyncRequest, tell func(string)) (SyncResult, error)
	// Subscribe asks a member to tell us of what comes in.
	Subscribe(ctx context.Context, q MembersQuestion) (guichet.Subscription, error)
	// Notices fetches what members have to tell, and what was not shown yet.
	Notices(ctx context.Context, q NoticesQuestion) (NoticesAnswer, error)
	Close() error
}

// MembersQuestion is a question to members of the circle.
type MembersQuestion struct {
	Question  guichet.Question `json:"question"`
	Members   []string         `json:"members"` // codes, or "all"; ourselves among them: our own desk answers too
	Purpose   string           `json:"purpose"`
	Office    string           `json:"office"`              // of ours, that asks; "" the only one of our paper
	Officer   string           `json:"officer"`             // who asks; leaves the node as a pseudonym
	Agreement string           `json:"agreement,omitempty"` // "" whichever permits
	Within    time.Duration    `json:"within,omitempty"`    // each member's time; 0: 20 s
}

// MirrorQuestion compares two members' figures: what is asked, and on whose
// behalf.
type MirrorQuestion struct {
	Mirror trade.MirrorQuestion `json:"mirror"`
	Asking MembersQuestion      `json:"asking"` // its question and members are made here
}

// MemberResult is what came of one member.
type MemberResult struct {
	Member   string           `json:"member"`
	Exchange string           `json:"exchange"`
	Gap      *guichet.Gap     `json:"gap,omitempty"` // nil of an answer
	Decision guichet.Decision `json:"decision,omitzero"`
	Rows     int              `json:"rows"`
	Hidden   int              `json:"hidden,omitempty"`   // cells that the agreement's rules hid
	Snapshot string           `json:"snapshot,omitempty"` // the state that it was drawn from
	Notices  []guichet.Remark `json:"notices,omitempty"`
	Leaf     int64            `json:"leaf"`           // index in our journal
	Peer     int64            `json:"peer,omitempty"` // 1 + index in theirs; 0 none
	Millis   int64            `json:"ms"`
}

// MembersAnswer is what came of all members: one answer in which every row says
// whose it is, and what came of each.
type MembersAnswer struct {
	Circle  string         `json:"circle"`
	Answer  guichet.Answer `json:"answer"`
	Members []MemberResult `json:"members"`
	Notices []string       `json:"notices,omitempty"` // of the circle: papers in their grace
}

// RecordsQuestion asks one member for rows as they are.
type RecordsQuestion struct {
	MembersQuestion
	File   string `json:"file"`   // absolute path of a new file
	Format string `json:"format"` // "csv", "parquet" or "arrow"
}

// LeavesQuestion says which leaves.
type LeavesQuestion struct {
	Limit    int    `json:"limit"`
	Exchange string `json:"exchange,omitempty"`
	Asked    bool   `json:"asked,omitempty"` // only those of questions that we put
}

// LeafEntry is a leaf and where it stands.
type LeafEntry struct {
	Index int64        `json:"index"`
	Leaf  guichet.Leaf `json:"leaf"`
}

// Receipt is what proves an exchange.
type Receipt struct {
	Text      string       `json:"text"` // C2SP tlog-proof
	Circle    string       `json:"circle"`
	Member    string       `json:"member"` // whose journal
	Log       int          `json:"log"`    // which of its logs: 1, and one more with each renewal
	Index     int64        `json:"index"`
	Size      int64        `json:"size"` // of the journal at the checkpoint
	Root      string       `json:"root"`
	Leaf      guichet.Leaf `json:"leaf"`
	Witnesses []string     `json:"witnesses"` // members that cosigned the checkpoint
	// Wanted is how many are to cosign by the agreement that the leaf names; 0 where
	// it asks for none, or the circle does not hold that version of it.
	Wanted int `json:"witnesses_wanted,omitempty"`
	// Salt is what the leaf's digests were salted with, hex: who is given it, and
	// the words, can see that the leaf is about them. It stays with the two parties.
	Salt string `json:"salt,omitempty"`
}

// JournalReport is what was found in one member's journal.
type JournalReport struct {
	Member    string           `json:"member"`
	Leaves    int64            `json:"leaves"`
	Compared  int              `json:"compared"`  // leaves of exchanges with us that both sides were held by
	Witnesses int              `json:"witnesses"` // cosignatures under its newest checkpoint
	Findings  []JournalFinding `json:"findings"`
}

// JournalFinding is something that is not as it should be.
type JournalFinding struct {
	Code     string       `json:"code"`
	Severity string       `json:"severity"` // "grave", "serious", "notice"
	Index    int64        `json:"index"`    // in our journal, or in the one that is looked at; -1 none
	Exchange string       `json:"exchange,omitempty"`
	Text     guichet.Text `json:"text"`
	Evidence string       `json:"evidence,omitempty"` // a file that was kept
}

// DoctorQuestion says how far to look.
type DoctorQuestion struct {
	Offline bool `json:"offline"` // leave the other members out
	// SeatOnly leaves out what is of the home and not of a circle: it was looked at
	// already, at another of the home's seats.
	SeatOnly bool `json:"seat_only,omitempty"`
}

// Finding is one sentence of the doctor's.
type Finding struct {
	Circle string       `json:"circle,omitempty"` // of a home with several: whose; "" of what all of them share
	What   string       `json:"what"`             // "keys", "clock", "disk", "circle", "journal", "member CA" ...
	State  string       `json:"state"`            // "well", "watch", "wrong"
	Text   guichet.Text `json:"text"`
	Do     guichet.Text `json:"do,omitzero"` // what to do
}
