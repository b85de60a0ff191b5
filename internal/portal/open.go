package portal

import (
	"context"

	"guichet"
)

// Public is what the home lets everybody see. It asks no other member.
type Public interface {
	// Publication says what is public; KindNotFound where the home says nothing of it,
	// KindBusy where what it says is wrong or over: then nothing is public.
	Publication(ctx context.Context) (Publication, error)
	// Table is one of the published tables, drawn under the rules of the publication.
	// KindNotFound where there is none of that name, KindRefused where the rules do not
	// let it be shown.
	Table(ctx context.Context, name, lang string) (PublicTable, error)
	// Checkpoint is the newest signed state of our journal in a circle whose log is
	// public.
	Checkpoint(ctx context.Context, circle string) ([]byte, error)
	// Bundle is the circle's papers with which a receipt is verified; KindNotFound where
	// they are not public.
	Bundle(ctx context.Context, circle string) (PublicBundle, error)
}

// PublicBundle is a circle's papers as a file.
type PublicBundle struct {
	Name   string // "border-five.bundle"
	Text   []byte
	SHA256 string // hex
}

// Publication is what is public.
type Publication struct {
	Until   string // the last day, "2026-12-31"
	Contact string
	Terms   []guichet.Term // under which tables are drawn
	Tables  []PublicName
	// Agreements are those of our circles; nil where they are not public.
	Agreements []PublicAgreement
	Counted    bool // how many questions were put is public
	Logs       []PublicLog
}

// PublicName names a table.
type PublicName struct {
	Name  string
	Title guichet.Text
}

// PublicAgreement is an agreement, and how many questions were put under it.
type PublicAgreement struct {
	Circle    string
	Agreement guichet.Agreement
	Counts    *QuestionCounts // nil: not public
}

// QuestionCounts are questions up to the end of yesterday, UTC. Figures under ten are
// not told, others are rounded down to tens.
type QuestionCounts struct {
	Answered, Refused Rounded // put to us
	Put               Rounded // by us, to others
}

// Rounded is a count that may be told: zero stands for fewer than ten.
type Rounded int64

// RoundedTo is the step of public counts.
const RoundedTo = 10

// Round makes a count that may be told.
func Round(n int64) Rounded { return Rounded(n / RoundedTo * RoundedTo) }

// PublicLog is our journal in a circle as everybody may check it.
type PublicLog struct {
	Circle, ID, Origin string
	Bundled            bool     // the circle's papers are public too
	Keys               []LogKey // ours for the log, and the witnesses' of other members
}

// LogKey is a public key as programs outside ours read it.
type LogKey struct {
	Member, Key string
	Witness     bool
}

// PublicTable is a table that everybody may see.
type PublicTable struct {
	Name   string
	Title  guichet.Text
	Answer guichet.Answer
	Hidden int          // cells that the rules hid
	Term   guichet.Term // under which it was drawn
	Made   bool         // of made figures, no observation
}
