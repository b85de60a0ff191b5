package guichet

import "time"

// Request is a question put to a member, with all that decides whether it may
// be put.
type Request struct {
	Exchange  string    `json:"exchange"`            // 32 hex digits, chosen by chance by the asker: names the exchange on both sides
	From      Party     `json:"from"`                // who asks
	To        string    `json:"to"`                  // the member asked
	Officer   string    `json:"officer"`             // pseudonym of the person who asks: 16 hex digits
	Purpose   string    `json:"purpose"`             // of package agreement's list: "supply-monitoring"
	Agreement string    `json:"agreement,omitempty"` // id; "" the member asked finds one that permits
	Question  Question  `json:"question"`
	Records   bool      `json:"records,omitempty"` // the rows as they are, not their sums
	Salt      []byte    `json:"salt"`              // 32 bytes of chance: what digests in the journals are salted with; stays with the two
	Put       time.Time `json:"put"`               // by the asker's clock, whole seconds
	// Have, of a request for copies: the exchange of the list that the asker holds;
	// "" it holds none.
	Have string `json:"have,omitempty"`
}

// Decision says whether a request is permitted, and under which conditions; a
// refusal names the clause.
type Decision struct {
	Permitted  bool       `json:"permitted"`
	Agreement  string     `json:"agreement,omitempty"` // id of the agreement that decided; "" none covers it
	Version    int        `json:"version,omitempty"`
	Digest     string     `json:"digest,omitempty"` // SHA-256 of its canonical JSON, hex
	Clause     string     `json:"clause,omitempty"` // of a refusal: the path in the agreement; "none" where no agreement is there
	Text       string     `json:"text,omitempty"`   // of a refusal: the sentence in the question's language
	Hint       string     `json:"hint,omitempty"`   // of a refusal: what could be asked instead
	Conditions Conditions `json:"conditions,omitzero"`
	Notices    []Remark   `json:"notices,omitempty"` // part 2 of the agreement, to be shown with the answer
}

// Conditions bind a permitted answer. They are data: the desk applies them inside
// the query, and the protection of cells after it.
type Conditions struct {
	Where   map[string][]string `json:"where,omitempty"`   // narrows what the question leaves open: dimension -> values
	Picks   map[string][]string `json:"picks,omitempty"`   // narrows classifications that the question leaves open
	Period  Span                `json:"period,omitzero"`   // narrows the span; the question's own was within it where it names one
	Grains  []string            `json:"grains,omitempty"`  // that may answer
	Regimes []string            `json:"regimes,omitempty"` // of submissions that may answer this purpose: statistical data never serve enforcement
	Rules   DisclosureRules     `json:"disclosure,omitzero"`
	Mirror  bool                `json:"mirror,omitempty"`
	Quota   int                 `json:"quota_per_day"`
	Records bool                `json:"records,omitempty"`
	// Released bounds the state: nothing that the office published later than
	// that day, "" no bound (delay and embargo).
	Released string `json:"released,omitempty"`
}

// Reply is what a member says to a request: an answer or a refusal. It is sealed
// and journaled before it leaves.
type Reply struct {
	Exchange string   `json:"exchange"`
	Request  string   `json:"request"` // SHA-256 of the request as it came, hex
	Member   string   `json:"member"`  // who replies
	Decision Decision `json:"decision"`
	Answer   *Answer  `json:"answer,omitempty"`   // nil of a refusal; its rows travel beside it, in columns
	Hidden   int      `json:"hidden,omitempty"`   // cells that the agreement's rules hid
	Fault    Kind     `json:"fault,omitempty"`    // of a refusal with the clause "question": what is wrong with it
	Snapshot string   `json:"snapshot,omitempty"` // the state of the tables that it was drawn from
	Notices  []Remark `json:"notices,omitempty"`  // of the circle: an expired paper in its grace, a generated source
}

// LeafKind says what a leaf of a journal records. The list is closed.
type LeafKind string

// The kinds of leaves.
const (
	LeafAnswered LeafKind = "answered" // the member asked: an answer, durable before it left
	LeafRefused  LeafKind = "refused"  // the member asked: a refusal, with its clause
	LeafStarted  LeafKind = "started"  // the member asked: a large answer, durable before its first byte
	LeafEnded    LeafKind = "ended"    // the member asked: the large answer was sent whole, or broke off
	LeafReceived LeafKind = "received" // the asker: an answer or refusal, verified, durable before it is used
	LeafMissed   LeafKind = "missed"   // the asker: no reply that could be used, and why
	LeafTaken    LeafKind = "taken"    // a submission was taken in
	LeafPurged   LeafKind = "purged"   // the owner: figures were removed for good, by which rule
	LeafWithdrew LeafKind = "withdrew" // the owner: a submission is not to be used, or is again
	LeafRenewed  LeafKind = "renewed"  // the owner: its journal goes on in a log of its own, of which this is the first leaf
	// An exchange whose leaf was lost, as the other side's leaf of it tells.
	LeafRecovered LeafKind = "recovered"
)

// Leaf is one entry of a member's journal. It holds identities and salted
// digests, never rows. Its canonical JSON is what the log hashes.
type Leaf struct {
	Format    int       `json:"format"` // 1
	Kind      LeafKind  `json:"kind"`
	Exchange  string    `json:"exchange"`
	From      Party     `json:"from"`
	To        string    `json:"to"`
	Officer   string    `json:"officer,omitempty"`
	Purpose   string    `json:"purpose,omitempty"`
	Agreement string    `json:"agreement,omitempty"`
	Version   int       `json:"version,omitempty"`
	Clause    string    `json:"clause,omitempty"` // of a refusal
	Reason    GapReason `json:"reason,omitempty"` // of what was missed
	Request   string    `json:"request"`          // salted digest of the request as sent: HMAC-SHA256(salt, body), hex
	Reply     string    `json:"reply,omitempty"`  // salted digest of the reply as sent; of a large one: of its root
	Rows      int64     `json:"rows"`
	Hidden    int64     `json:"hidden,omitempty"`
	Snapshot  string    `json:"snapshot,omitempty"`
	Peer      int64     `json:"peer,omitempty"` // of a receipt: 1 + the index of the other side's leaf; 0 not told
	Time      time.Time `json:"time"`           // by the clock of the journal's owner, whole seconds
}

// GivenSet is what an answer gave a party: the cells of one question, shown or
// hidden, without their figures, which the snapshot still has. Rules that look
// at several answers together need it.
type GivenSet struct {
	Party     Party       `json:"party"`
	Agreement string      `json:"agreement"`
	Version   int         `json:"version"`
	Question  Question    `json:"question"`          // as it was answered: completed, and narrowed by the agreement
	Records   bool        `json:"records,omitempty"` // the rows were given as they are: Cells is empty
	Cells     []GivenCell `json:"cells"`
	Snapshot  string      `json:"snapshot"`
	Exchange  string      `json:"exchange"` // the first that gave it
	First     time.Time   `json:"first"`    // whole seconds
	Last      time.Time   `json:"last"`     // of the same cells from the same snapshot; exact to the day
}

// GivenCell is one cell that was given: every measure of the question, or none.
type GivenCell struct {
	Key    []string `json:"key"` // by Question.By
	Hidden bool     `json:"hidden,omitempty"`
}

// LetterHead is what every letter and its reply have in common: exchanges that
// are no question for figures.
type LetterHead struct {
	Exchange string    `json:"exchange"`
	From     Party     `json:"from"` // who writes it
	To       string    `json:"to"`
	Officer  string    `json:"officer,omitempty"`
	Purpose  string    `json:"purpose,omitempty"`
	Salt     []byte    `json:"salt"`
	Put      time.Time `json:"put"`
}

// LetterReply is what every reply to a letter begins with.
type LetterReply struct {
	Exchange string   `json:"exchange"`
	Request  string   `json:"request"` // SHA-256 of the letter as it came, hex
	Member   string   `json:"member"`  // who replies
	Decision Decision `json:"decision,omitzero"`
	Rows     int64    `json:"rows"` // how many things it names: both leaves say so
}

// CopyList replies to a request for copies: every submission of which the asker
// may keep a copy now. What it held and is not listed any more is withdrawn.
type CopyList struct {
	LetterReply
	// Known is false where the list that the asker says it holds was never given.
	Known bool       `json:"known"`
	Taken time.Time  `json:"taken,omitzero"` // when it was made, whole seconds
	State string     `json:"state,omitempty"`
	Items []CopyItem `json:"items"`
	Back  []KeptBack `json:"back,omitempty"`
}

// CopyItem is one submission of a list: what is to be known of it, and the file
// of its records, an Arrow IPC stream.
type CopyItem struct {
	Key        string     `json:"key"` // changes with what is given of it
	Submission Submission `json:"submission"`
	SHA256     string     `json:"sha256"` // of the file, hex
	Bytes      int64      `json:"bytes"`
	Rows       int64      `json:"rows"`
}

// KeptBack is a submission that is held and not given as a copy, and why.
type KeptBack struct {
	Submission string `json:"submission"`
	Text       Text   `json:"text"`
}

// CopyReport is a letter: what became of a list. It is the receipt of a copy that
// was taken, and of one that was removed.
type CopyReport struct {
	LetterHead
	List    string     `json:"list"` // the exchange of the list; "" none could be had
	Kept    []CopyMark `json:"kept"`
	Removed []CopyMark `json:"removed"`
	Why     string     `json:"why,omitempty"` // of what was removed: "withdrawn", "refused", "denied"
}

// CopyMark names a copy.
type CopyMark struct {
	Submission string `json:"submission"`
	Key        string `json:"key"`
}

// Subscribed replies to a request to be told of what comes in.
type Subscribed struct {
	LetterReply
	ID string `json:"id,omitempty"`
}

// NoticesAsked is a letter: which notices have been read, and which subscriptions
// end.
type NoticesAsked struct {
	LetterHead
	After int64    `json:"after"` // the last that was read: it is never sent again
	End   []string `json:"end,omitempty"`
}

// NoticePage replies to it, in order.
type NoticePage struct {
	LetterReply
	Notices       []SubmissionNotice `json:"notices"`
	More          bool               `json:"more,omitempty"`
	Subscriptions []Subscription     `json:"subscriptions"`
}

// Subscription is what a member asked to be told of.
type Subscription struct {
	ID        string    `json:"id"`
	From      Party     `json:"from"`
	Purpose   string    `json:"purpose"`
	Agreement string    `json:"agreement"`
	Question  Question  `json:"question"`
	Since     time.Time `json:"since"`
	Closed    string    `json:"closed,omitempty"` // why it has ended
}

// SubmissionNotice says that a submission came in.
type SubmissionNotice struct {
	Number       int64     `json:"number"` // of this reader, from 1 on
	Subscription string    `json:"subscription,omitempty"`
	Exchange     string    `json:"exchange,omitempty"` // of a correction: the answer that it corrects
	Kind         string    `json:"kind"`               // "new", "revised", "correction", "closed"
	Submission   string    `json:"submission,omitempty"`
	Reporter     string    `json:"reporter,omitempty"`
	Periods      []string  `json:"periods,omitempty"`
	Replaces     []string  `json:"replaces,omitempty"` // submissions
	Agreement    string    `json:"agreement,omitempty"`
	Version      int       `json:"version,omitempty"`
	Text         Text      `json:"text,omitzero"` // of one that closes: why
	At           time.Time `json:"at"`
}
