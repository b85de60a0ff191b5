package portal

import (
	"context"
	"net/http"
	"time"

	"guichet"
)

// Stewardship is what the pages of a data steward need of the house.
type Stewardship struct {
	Datasets []*guichet.Dataset
	// Dir holds files that are on their way in, Drafts agreements that are being written;
	// both are the owner's alone.
	Dir, Drafts string
	Taker       Taker
	Files       Files
	Withdrawer  Withdrawer
	Retainer    Retainer
	Drafter     Drafter
	Proposer    Proposer
	Signer      Signer
	Most        int64 // bytes of one file; 0: 4 GiB
}

// Taker takes files in.
type Taker interface {
	// TakeIn takes a file in wholly, or not at all; the error says the file's fault.
	TakeIn(ctx context.Context, in Intake, p guichet.Progress) (Took, error)
	// Room is how many bytes the disk of the home has left.
	Room() (int64, error)
	Profiles() ([]ProfileInfo, error)
}

// Intake is a file that is to be taken in.
type Intake struct {
	Path, Name   string // where it lies, and what it is called
	Profile      string // "" to be recognised
	Released     string // ISO day; "" unknown
	AcceptTotals string // why control totals that do not agree are accepted
	AcceptAside  bool
	By           string // who accepts them, a pseudonym
	Generated    bool
	Given        map[string]string
	Look         bool   // its plan is to be looked at first, whatever it says
	Agreed       string // the digest of the plan that somebody looked at, and agreed to
}

// Took says what came in.
type Took struct {
	Submission string           // its id
	Already    bool             // it was here, nothing changed
	Replaced   []string         // submissions of which something was superseded
	Notes      []guichet.Remark // what a steward should know
	Seconds    float64
	Plan       *IntakePlan // it was not taken in: this is to be looked at first
}

// ProfileInfo names a profile.
type ProfileInfo struct {
	Name, Country, Office string
	Title                 guichet.Text
	Given                 []ProfileGiven
}

// ProfileGiven is a thing that a file of a profile does not say, and a person must.
type ProfileGiven struct {
	Name string
	Why  guichet.Text
}

// Files knows what has been taken in.
type Files interface {
	Submissions(ctx context.Context) ([]guichet.Submission, error)
	Submission(ctx context.Context, id string) (guichet.Submission, error)
	// Aside are lines of a submission that were put aside, in the order of its file:
	// for a reason, "" for any.
	Aside(ctx context.Context, id, reason string, from, most int) ([]AsideLine, error)
	// Conformity says how its profile fills each field, and in how many rows it did.
	Conformity(s guichet.Submission) (Conformity, error)
}

// AsideLine is a line that was put aside.
type AsideLine struct{ Line, Reason, Text string }

// Conformity is how a profile fills the fields of its dataset, and how a file came out.
type Conformity struct {
	PerCent float64 // of the required fields
	Gone    bool    // the profile can no longer be read: nothing is known but counts
	Counted bool    // rows were counted, field by field
	Partly  bool    // but not what was remarked of them and put aside
	Fields  []ConformField
}

// ConformField is how one field is filled: "column", "constant", "judged", "house",
// "absent"; several joined by commas.
type ConformField struct {
	Field, How, From string
	Required         bool
	Count            guichet.FieldCount
}

// Withdrawer withdraws submissions.
type Withdrawer interface {
	// Withdraw says whom a withdrawal concerns, and does it unless it is a dry run.
	Withdraw(ctx context.Context, w Withdrawing) (Concerned, error)
	// Fates are what became of submissions, newest first.
	Fates(ctx context.Context) ([]Fate, error)
}

// Withdrawing asks to withdraw a submission, or to reinstate it.
type Withdrawing struct {
	Submission, Why, By string
	Reinstate, DryRun   bool
}

// Concerned is whom a withdrawal concerns.
type Concerned struct {
	Answered []ConcernedParty
	Copied   []ConcernedCopy
	Again    []string // submissions that answer again for some of its figures; of one reinstated, that stop to
}

// ConcernedParty was answered from a submission.
type ConcernedParty struct {
	Party               guichet.Party
	Agreement, Exchange string
	Last                time.Time
	Told                bool // by a notice
}

// ConcernedCopy is a member that keeps a copy of a submission.
type ConcernedCopy struct{ Circle, Member string }

// Fate is what became of submissions after they were taken in.
type Fate struct {
	ID, Dataset, Why, By string
	At                   time.Time
	Kind                 guichet.EventKind
	Of                   []string
	Removed              []guichet.Removed
	OffDisk              bool
	Proofs               []FateProof
}

// FateProof is where a circle's journal tells of it.
type FateProof struct {
	Circle, Exchange string
	Leaf             int64 // -1: not yet written
}

// steward is what every page of a steward begins with.
func (p *Portal) steward() (*Stewardship, error) {
	if p.cfg.Steward == nil {
		return nil, notKept()
	}
	return p.cfg.Steward, nil
}

// stewardRoutes are the pages of a data steward.
func (p *Portal) stewardRoutes() []route {
	if p.cfg.Steward == nil {
		return nil
	}
	only := []Role{Steward}
	return []route{
		{http.MethodGet, "/intake", only, "intake.nav", p.intakeForm},
		{http.MethodPost, "/intake", only, "", p.intakePost},
		{http.MethodGet, "/intake/{id}", only, "", p.intakePage},
		{http.MethodPost, "/intake/{id}", only, "", p.intakeAgain},
		{http.MethodGet, "/intake/{id}/events", only, "", p.intakeEvents},
		{http.MethodPost, "/intake/{id}/remove", only, "", p.intakeRemove},
		{http.MethodGet, "/submissions", only, "submissions.nav", p.submissions},
		{http.MethodGet, "/submissions/{id}", only, "", p.submission},
		{http.MethodGet, "/submissions/{id}/aside", only, "", p.submissionAside},
		{http.MethodGet, "/submissions/{id}/withdraw", only, "", p.withdrawPage},
		{http.MethodPost, "/submissions/{id}/withdraw", only, "", p.withdrawPost},
		{http.MethodGet, "/retention", only, "retention.nav", p.retention},
		{http.MethodPost, "/retention", only, "", p.retentionPost},
		{http.MethodGet, "/retention/purge", only, "", p.purgeAsk},
		{http.MethodPost, "/retention/purge", only, "", p.purgePost},
		{http.MethodGet, "/drafts", only, "drafts.nav", p.drafts},
		{http.MethodPost, "/drafts", only, "", p.draftsPost},
		{http.MethodPost, "/drafts/proposal", only, "", p.proposalPost},
		{http.MethodGet, "/drafts/{id}", only, "", p.draft},
		{http.MethodPost, "/drafts/{id}", only, "", p.draftPost},
		{http.MethodGet, "/drafts/{id}/file", only, "", p.draftFile},
		{http.MethodGet, "/drafts/{id}/preview", only, "", p.draftPreview},
		{http.MethodPost, "/drafts/{id}/sign", only, "", p.proposalSign},
		{http.MethodPost, "/drafts/{id}/publish", only, "", p.proposalPublish},
		{http.MethodPost, "/drafts/{id}/remove", only, "", p.draftRemove},
	}
}

// stewardCan is what a steward can do from the start page.
func (p *Portal) stewardCan(v *visit) []card {
	if !v.in || !v.person.Is(Steward) || p.cfg.Steward == nil {
		return nil
	}
	return []card{
		{v.t("intake.title"), v.t("intake.card"), v.to("/intake", nil)},
		{v.t("submissions.title"), v.t("submissions.card"), v.to("/submissions", nil)},
		{v.t("retention.title"), v.t("retention.card"), v.to("/retention", nil)},
		{v.t("drafts.title"), v.t("drafts.card"), v.to("/drafts", nil)},
	}
}

// datasetOf is the dataset of a name; nil for one that is not held.
func (s *Stewardship) datasetOf(name string) *guichet.Dataset {
	for _, ds := range s.Datasets {
		if ds.Name == name {
			return ds
		}
	}
	return nil
}

// sheet is a table as the pages of a steward show them.
type sheet struct {
	Title string
	Heads []sheetHead
	Rows  [][]sheetCell
	Note  string // "" none
}

type sheetHead struct {
	Text string
	Num  bool
}

type sheetCell struct {
	Text string
	To   string // "" no link
	Num  bool
	Code []string // what stood in a file, in pieces between which a line may break
	Tag  string   // the colour of a tag; "" plain text
	Lang string   // of the text where it is not the page's
}

// heads are the heads of a sheet by their words; of the kinds "#" is a column of numbers.
func (v *visit) heads(kinds string, keys ...string) []sheetHead {
	out := make([]sheetHead, len(keys))
	for i, k := range keys {
		out[i] = sheetHead{v.t(k), kinds[i] == '#'}
	}
	return out
}

func textCell(text string) sheetCell { return sheetCell{Text: text} }

func numCell(text string) sheetCell { return sheetCell{Text: text, Num: true} }

// codeCell is what stood in a file. It may be long, and have no blank.
func codeCell(text string) sheetCell {
	const piece = 80
	c := sheetCell{Text: text, Code: []string{}}
	for r := []rune(text); len(r) > 0; {
		n := min(piece, len(r))
		c.Code, r = append(c.Code, string(r[:n])), r[n:]
	}
	return c
}

// fact is a line of a summary list.
type fact struct {
	Title, Text string
	Mono        bool
	To          string
}

// textField is a field of a form for a line of text.
type textField struct{ ID, Label, Hint, Value, Wrong, Width string }

func fieldOf(id, label, hint, value, wrong, width string) textField {
	return textField{id, label, hint, value, wrong, width}
}
