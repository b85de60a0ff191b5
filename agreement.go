package guichet

// Agreement is the paper between members: who may ask whom for what, for which
// purpose, how fine and how long. Dates are calendar days, UTC, "2026-01-31".
// Part 1 is enforced by the machine, part 2 recorded and shown with every answer
// that it covers, part 3 is text for people. A clause is named by its path in
// this paper: "purposes.permitted", "terms[0].levels.product".
type Agreement struct {
	Format  int    `json:"format" yaml:"format"` // of this description: 1
	ID      string `json:"id" yaml:"id"`         // "b5-covid-supply": small letters, digits, hyphens
	Version int    `json:"version" yaml:"version"`
	Circle  string `json:"circle" yaml:"circle"`
	Title   Text   `json:"title" yaml:"title"`

	// Part 1.
	Parties            []AgreementParty `json:"parties" yaml:"parties"`
	Validity           Validity         `json:"validity" yaml:"validity"`
	Purposes           Purposes         `json:"purposes" yaml:"purposes"`
	Terms              []Term           `json:"terms" yaml:"terms"`
	Tiers              []TierRule       `json:"tiers,omitempty" yaml:"tiers"`
	Security           SecurityMinimum  `json:"security" yaml:"security"`
	Suspended          []Suspension     `json:"suspended,omitempty" yaml:"suspended"`
	AutomatedDecisions string           `json:"automated_decisions" yaml:"automated_decisions"` // "forbidden" or "permitted", about a person or trader
	Corrections        string           `json:"corrections" yaml:"corrections"`                 // "forward": a revision of what was given is told to whom it was given; "on_request"

	// Part 2: recorded, shown.
	LegalBasis   []OfParty `json:"legal_basis" yaml:"legal_basis"`
	Controllers  []OfParty `json:"controllers" yaml:"controllers"` // who controls the data
	Accuracy     Text      `json:"accuracy" yaml:"accuracy"`
	BreachNotice Notice    `json:"breach_notice" yaml:"breach_notice"`
	Audit        Text      `json:"audit" yaml:"audit"`
	Rights       Text      `json:"rights" yaml:"rights"` // of data subjects and traders, and whom to write to
	Contacts     []OfParty `json:"contacts" yaml:"contacts"`
	Fees         Text      `json:"fees" yaml:"fees"`
	ServiceLevel Text      `json:"service_level" yaml:"service_level"`
	Changes      Text      `json:"changes" yaml:"changes"` // since the version before
	Language     string    `json:"language" yaml:"language"`
	Annexes      []Annex   `json:"annexes,omitempty" yaml:"annexes"`

	// Part 3: sections by name ("definitions", "sovereignty", "liability" ...).
	Texts map[string]Text `json:"texts" yaml:"texts"`
}

// AgreementParty is a member with the offices that may act for it.
type AgreementParty struct {
	Member  string   `json:"member" yaml:"member"`
	Role    string   `json:"role" yaml:"role"`       // "party", "observer", "dialogue_partner", "guest": the last three may read what terms give them by name
	Offices []string `json:"offices" yaml:"offices"` // authorised to ask; none may ask where it is empty
}

// Validity is the time of an agreement, both days included.
type Validity struct {
	From  string `json:"from" yaml:"from"`
	Until string `json:"until" yaml:"until"`
	// Withdrawn is the day from which the agreement no longer holds, before Until.
	Withdrawn string `json:"withdrawn,omitempty" yaml:"withdrawn"`
	// Copies says what becomes of copies then: "delete", "keep_archived".
	Copies string `json:"copies" yaml:"copies"`
}

// Purposes are words of the list that package agreement holds.
type Purposes struct {
	Permitted []string `json:"permitted" yaml:"permitted"`
	Forbidden []string `json:"forbidden,omitempty" yaml:"forbidden"`
}

// Term gives parties the right to ask others about one dataset.
type Term struct {
	Dataset  string              `json:"dataset" yaml:"dataset"`
	From     []string            `json:"from,omitempty" yaml:"from"` // members that answer; empty: every party
	To       []string            `json:"to,omitempty" yaml:"to"`     // members that may ask; empty: every member of role "party"
	Grains   []string            `json:"grains" yaml:"grains"`       // of the dataset: declaration lines only where they are named
	Picks    map[string][]string `json:"picks" yaml:"picks"`         // classification -> expressions that may be asked: "covid19", "3004"
	MaxTier  string              `json:"max_tier,omitempty" yaml:"max_tier"`
	Where    map[string][]string `json:"where,omitempty" yaml:"where"`       // dimension -> values that may be asked: flow: [imports, exports]
	Measures []string            `json:"measures" yaml:"measures"`           // figures that may be asked
	By       []string            `json:"by,omitempty" yaml:"by"`             // dimensions that may be told apart; empty: those that levels bound
	Levels   map[string]string   `json:"levels" yaml:"levels"`               // finest: product: hs6, partner: country, period: month
	Periods  Periods             `json:"periods" yaml:"periods"`             //
	Rules    DisclosureRules     `json:"disclosure" yaml:"disclosure"`       // with both sides' law: the stricter wins
	Mirror   bool                `json:"mirror" yaml:"mirror"`               // hiding is coordinated with the mirror partner
	Quota    int                 `json:"quota_per_day" yaml:"quota_per_day"` // answers a day per asking member and answering member; 0 none allowed
	Records  bool                `json:"records" yaml:"records"`             // rows may be given as they are, not only sums
	Copies   Copies              `json:"copies" yaml:"copies"`
	Onward   string              `json:"onward" yaml:"onward"`   // "none", "parties", "public"
	Derived  string              `json:"derived" yaml:"derived"` // works made from answers: "none", "internal", "publish"
	Keep     Retention           `json:"retention" yaml:"retention"`
	Licence  string              `json:"licence" yaml:"licence"`
	Credit   Text                `json:"attribution" yaml:"attribution"`
}

// Periods bounds what time may be asked about.
type Periods struct {
	From    string `json:"from,omitempty" yaml:"from"` // "2019-01": first period; "" all
	To      string `json:"to,omitempty" yaml:"to"`     // last period; "" the present
	Delay   int    `json:"delay_days" yaml:"delay_days"`
	Embargo string `json:"embargo,omitempty" yaml:"embargo"` // nothing before that day
}

// DisclosureRules are the primary rules for figures drawn from declarations,
// after METHODS part 2: a cell is unsafe below Threshold contributors (groups of
// enterprises), or when its Top largest carry more than Share per cent of it, or
// when what is left beside the two largest is under Prior per cent of the largest.
// Zero: the rule is not used.
type DisclosureRules struct {
	Threshold int `json:"threshold" yaml:"threshold"`
	Top       int `json:"dominance_top" yaml:"dominance_top"`           // n of (n,k)
	Share     int `json:"dominance_per_cent" yaml:"dominance_per_cent"` // k of (n,k)
	Prior     int `json:"prior_per_cent" yaml:"prior_per_cent"`         // p of p %
}

// Copies says whether a partner may keep answers as a copy, and for how long.
type Copies struct {
	Permitted  bool `json:"permitted" yaml:"permitted"`
	MaxAgeDays int  `json:"max_age_days,omitempty" yaml:"max_age_days"`
}

// Retention is how long answers are kept, and whether deletion is proved.
type Retention struct {
	Days  int  `json:"days" yaml:"days"`
	Proof bool `json:"proof" yaml:"proof"`
}

// TierRule raises the rules for goods of a sensitivity tier and those above it;
// what it leaves zero or empty stays as the term says. A rule can only make
// stricter.
type TierRule struct {
	Tier      string            `json:"tier" yaml:"tier"`
	Rules     DisclosureRules   `json:"disclosure,omitzero" yaml:"disclosure"`
	Levels    map[string]string `json:"levels,omitempty" yaml:"levels"`
	DelayDays int               `json:"delay_days,omitempty" yaml:"delay_days"`
	Quota     int               `json:"quota_per_day,omitempty" yaml:"quota_per_day"`
	Purposes  []string          `json:"purposes,omitempty" yaml:"purposes"` // permitted for these goods
}

// SecurityMinimum is what the wire must be.
type SecurityMinimum struct {
	TLS        string `json:"tls" yaml:"tls"`                   // "1.3"
	KeyAgeDays int    `json:"key_age_days" yaml:"key_age_days"` // a seal key older than that is refused; 0 no bound
	Witnesses  int    `json:"witnesses" yaml:"witnesses"`       // members that cosign each party's journal
}

// Suspension stops what a member may ask from a day on, until it is lifted.
type Suspension struct {
	Member string `json:"member" yaml:"member"`
	By     string `json:"by,omitempty" yaml:"by"` // the party that suspends alone, and only what is asked of it; empty: all parties, everywhere
	From   string `json:"from" yaml:"from"`
	Until  string `json:"until,omitempty" yaml:"until"`
	Reason Text   `json:"reason" yaml:"reason"`
}

// OfParty is what one party states.
type OfParty struct {
	Member string `json:"member" yaml:"member"`
	Text   Text   `json:"text" yaml:"text"`
}

// Notice is a duty to tell, with its deadline.
type Notice struct {
	Hours int  `json:"hours" yaml:"hours"`
	Text  Text `json:"text" yaml:"text"`
}

// Annex is a paper that belongs to an agreement by its digest.
type Annex struct {
	Name   string `json:"name" yaml:"name"`
	SHA256 string `json:"sha256" yaml:"sha256"`
}
