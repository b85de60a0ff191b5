package circle

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
)

// ClauseChange is what a new version of an agreement does to one clause, as the
// rules of agreements tell it.
type ClauseChange struct {
	Clause string `json:"clause"` // "terms[0].levels.product"
	Before string `json:"before"`
	After  string `json:"after"`
	Effect string `json:"effect"` // "widens", "narrows", "text"
}

// Explained is one change in words.
type Explained struct {
	Code   string        `json:"code"` // "member_joins", "key_revoked", "clause" ...
	Text   guichet.Text  `json:"text"`
	Clause *ClauseChange `json:"clause,omitempty"`
}

// Review is what a person reads before a key is touched.
type Review struct {
	ID       string      `json:"id"` // of the proposal: all signers compare it
	Circle   string      `json:"circle"`
	CircleID string      `json:"circle_id"`
	Kind     string      `json:"kind"` // as the proposer says
	By       string      `json:"by"`   // as the proposer says
	Why      string      `json:"why"`  // as the proposer says
	Made     time.Time   `json:"made"`
	Base     int64       `json:"base"`
	Changes  []Explained `json:"changes"` // all of them, worked out from the papers
	Missing  []Missing   `json:"missing"`
	Ready    bool        `json:"ready"` // every signature is there
}

// Review says what a proposal changes, all of it, and which signatures are
// missing. A proposal that holds anything else is refused: KindUntrusted where it
// was tampered with or is about another circle, KindRefused where the circle has
// moved on.
func (r *Repository) Review(p *Proposal) (Review, error) {
	base, err := r.viewOrNone()
	if err != nil {
		return Review{}, err
	}
	next, err := r.preview(base, p)
	if err != nil {
		return Review{}, err
	}
	id, err := p.ID()
	if err != nil {
		return Review{}, err
	}
	missing := missingOf(base, next, p)
	return Review{
		ID: id, Circle: p.Circle, CircleID: p.CircleID, Kind: p.Kind, By: p.By, Why: p.Why, Made: p.Made, Base: p.Base,
		Changes: r.explain(base, next, p), Missing: missing, Ready: len(missing) == 0,
	}, nil
}

// explain compares two states in words.
func (r *Repository) explain(base, next *view, p *Proposal) []Explained {
	x := &explainer{base: base, next: next}
	x.theCharter(p)
	x.theMembers()
	x.theAgreements(r.cfg.Diff)
	x.theNotices()
	x.theLists()
	x.theDates(p)
	return x.all
}

type explainer struct {
	base, next *view
	all        []Explained
}

func (x *explainer) say(code, en, fr string, args ...any) {
	x.all = append(x.all, Explained{Code: code, Text: guichet.Text{EN: fmt.Sprintf(en, args...), FR: fmt.Sprintf(fr, args...)}})
}

// english and french are a text of a paper in a language, in the other one where
// its member wrote no more than that.
func english(t guichet.Text) string { return cmp.Or(t.EN, t.FR) }
func french(t guichet.Text) string  { return cmp.Or(t.FR, t.EN) }

func frenchRole(role string) string {
	switch role {
	case "party":
		return "partie"
	case "observer":
		return "observateur"
	case "dialogue_partner":
		return "partenaire de dialogue"
	case "guest":
		return "invité"
	}
	return role
}

func (x *explainer) theCharter(p *Proposal) {
	next := x.next.content.charter
	old := charter{}
	if x.base == nil {
		x.say("circle_begins", "The circle %s begins, with the ID %s.", "Le cercle %s est fondé, sous l'identifiant %s.", next.Name, x.next.id)
	} else {
		old = x.base.content.charter
	}
	if next.Threshold != old.Threshold || len(next.signers()) != len(old.signers()) {
		x.say("threshold", "A change of the circle needs %d of %d parties (before: %d of %d).",
			"Une modification du cercle requiert %d des %d parties (auparavant : %d sur %d).",
			next.Threshold, len(next.signers()), old.Threshold, len(old.signers()))
	}
	for _, m := range next.Members {
		o, had := old.of(m.Code)
		switch {
		case !had || !o.Left.IsZero() && m.Left.IsZero():
			name := x.next.content.members[m.Code].Name
			x.say("member_joins", "%[1]s joins as %[2]s: %[4]s.", "%[1]s devient membre, en qualité de %[3]s : %[5]s.", m.Code, m.Role, frenchRole(m.Role), english(name), french(name))
		case o.Left.IsZero() && !m.Left.IsZero():
			x.say("member_leaves", "%s leaves, since %s: its keys count no more.", "%s se retire, à compter du %s : ses clés ne comptent plus.", m.Code, m.Left.Format(time.RFC3339))
		case o.Role != m.Role:
			x.say("role", "%[1]s becomes %[2]s (before: %[3]s).", "%[1]s devient %[4]s (auparavant : %[5]s).", m.Code, m.Role, o.Role, frenchRole(m.Role), frenchRole(o.Role))
		case o != m:
			x.say("standing", "The charter's entry of %s changes.", "L'inscription de %s dans la charte change.", m.Code)
		}
	}
	for _, m := range old.Members {
		if _, still := next.of(m.Code); !still {
			x.say("member_struck", "%s is struck from the charter.", "%s est rayé de la charte.", m.Code)
		}
	}
	x.theSigners(p)
}

// theSigners tells which keys sign for members. What replaces a lost key is said
// so that nobody overlooks it: the old key has not agreed.
func (x *explainer) theSigners(p *Proposal) {
	if x.base == nil {
		return
	}
	for _, code := range slices.Sorted(maps.Values(x.next.content.keys)) {
		old, now := x.base.content.keyOf(code), x.next.content.keyOf(code)
		if old == "" || old == now {
			continue
		}
		if p.Kind == "rotate" {
			x.say("key_rotated", "The key that signs for %s is replaced, and signs its own replacement.", "La clé qui signe pour %s est remplacée, et signe elle-même son remplacement.", code)
			continue
		}
		x.say("key_lost", "The key that signs for %s is said to be LOST and is replaced WITHOUT its signature. Ask %s by another way whether this is so.",
			"La clé qui signe pour %s est déclarée PERDUE et remplacée SANS sa signature. Vérifiez auprès de %s par un autre moyen.", code, code)
	}
}

func (x *explainer) theMembers() {
	for _, code := range slices.Sorted(maps.Keys(x.next.content.members)) {
		m := x.next.content.members[code]
		old := guichet.Member{}
		if x.base != nil {
			old = x.base.content.members[code]
		}
		x.theKeys(old, m)
		if old.Code == "" {
			continue
		}
		x.changed("name", code, old.Name, m.Name)
		x.changed("offices", code, old.Offices, m.Offices)
		x.changed("endpoints", code, old.Endpoints, m.Endpoints)
		x.changed("contacts", code, old.Contacts, m.Contacts)
	}
}

// changed tells that a part of a member's paper is another, and how it reads now.
func (x *explainer) changed(part, code string, before, after any) {
	// Both were read from canonical JSON, and can be written again.
	was, _ := guichet.Canonical(before)
	isNow, _ := guichet.Canonical(after)
	if !bytes.Equal(was, isNow) {
		x.say("paper_"+part, "The %[2]s of %[1]s change from %[4]s to %[5]s.", "Les %[3]s de %[1]s passent de %[4]s à %[5]s.", code, part, frenchPart(part), was, isNow)
	}
}

func frenchPart(part string) string {
	switch part {
	case "name":
		return "noms"
	case "offices":
		return "services"
	case "endpoints":
		return "adresses"
	}
	return "contacts"
}

func (x *explainer) theKeys(old, m guichet.Member) {
	for _, k := range m.Keys {
		i := slices.IndexFunc(old.Keys, func(o guichet.MemberKey) bool { return o.ID == k.ID })
		if i < 0 {
			x.say("key_added", "%s adds the key %s (%s), from %s.", "%s ajoute la clé %s (%s), à compter du %s.", m.Code, k.ID, k.Use, k.From.Format(time.RFC3339))
			continue
		}
		o := old.Keys[i]
		if !k.Revoked.Equal(o.Revoked) {
			x.say("key_revoked", "%s revokes the key %s (%s): nothing that it signed from %s on counts.", "%s révoque la clé %s (%s) : rien de ce qu'elle a signé à compter du %s ne compte.", m.Code, k.ID, k.Use, k.Revoked.Format(time.RFC3339))
		}
		if !k.Until.Equal(o.Until) {
			x.say("key_ends", "%s ends the key %s (%s) at %s.", "%s met fin à la clé %s (%s) le %s.", m.Code, k.ID, k.Use, k.Until.Format(time.RFC3339))
		}
	}
}

func (x *explainer) theAgreements(diff func(old, next guichet.Agreement) []ClauseChange) {
	for _, id := range slices.Sorted(maps.Keys(x.next.content.agreements)) {
		a := x.next.content.agreements[id]
		var parties []string
		for _, p := range a.Parties {
			parties = append(parties, p.Member)
		}
		with := strings.Join(parties, ", ")
		old, had := guichet.Agreement{}, false
		if x.base != nil {
			old, had = x.base.content.agreements[id]
		}
		if !had {
			x.say("agreement_new", "A new agreement: %[1]s (%[2]s), between %[4]s, from %[5]s to %[6]s.", "Un nouvel accord : %[1]s (%[3]s), entre %[4]s, du %[5]s au %[6]s.",
				id, english(a.Title), french(a.Title), with, a.Validity.From, a.Validity.Until)
			continue
		}
		if a.Version == old.Version {
			continue
		}
		x.say("agreement_version", "The agreement %s goes from version %d to %d, between %s.", "L'accord %s passe de la version %d à la version %d, entre %s.", id, old.Version, a.Version, with)
		if diff == nil {
			continue
		}
		for _, c := range diff(old, a) {
			x.say("clause", "%s, clause %s: from %s to %s (%s).", "%s, clause %s : de %s à %s (%s).", id, c.Clause, c.Before, c.After, c.Effect)
			x.all[len(x.all)-1].Clause = &c
		}
	}
}

func (x *explainer) theNotices() {
	for _, target := range slices.Sorted(maps.Keys(x.next.content.notices)) {
		n := x.next.content.notices[target]
		if x.base != nil && x.base.content.notices[target].Serial == n.Serial && x.base.content.notices[target].Version == n.Version {
			continue
		}
		if n.From != "" {
			x.say("withdrawal", "%[1]s withdraws from %[2]s (version %[3]d) as of %[4]s: %[5]s", "%[1]s se retire de %[2]s (version %[3]d) à compter du %[4]s : %[6]s",
				n.Member, n.Agreement, n.Version, n.From, english(n.Reason), french(n.Reason))
		}
		for _, s := range n.Suspends {
			x.say("suspension", "%s suspends what %s may ask of it under %s, from %s until %s.", "%s suspend ce que %s peut lui demander au titre de %s, du %s au %s.", n.Member, s.Member, n.Agreement, s.From, s.Until)
		}
		if n.From == "" && len(n.Suspends) == 0 {
			x.say("suspension_lifted", "%s lifts its suspensions under %s.", "%s lève ses suspensions au titre de %s.", n.Member, n.Agreement)
		}
	}
}

func (x *explainer) theLists() {
	old := map[string]string{}
	if x.base != nil {
		old = x.base.content.lists
	}
	next := x.next.content.lists
	for _, name := range slices.Sorted(maps.Keys(next)) {
		switch was, had := old[name]; {
		case !had:
			x.say("list_new", "A new list: %s, SHA-256 %s.", "Une nouvelle liste : %s, SHA-256 %s.", name, next[name])
		case was != next[name]:
			x.say("list_changed", "The list %s changes: SHA-256 %s, before %s.", "La liste %s change : SHA-256 %s, auparavant %s.", name, next[name], was)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, still := next[name]; !still {
			x.say("list_gone", "The list %s is taken out.", "La liste %s est retirée.", name)
		}
	}
}

// theDates tells until when each paper lives that is signed anew.
func (x *explainer) theDates(p *Proposal) {
	for _, path := range slices.Sorted(maps.Keys(p.Papers)) {
		s := x.next.opened[path]
		if x.base != nil && path != metaFile("timestamp") && x.base.raw[path] != nil {
			x.sayOf(s.role, "signed_again", ", version %d, is signed once more, unchanged.", ", version %d, est signé une fois de plus, sans changement.", s.version)
			continue
		}
		x.sayOf(s.role, "expires", ", version %d, lives until %s.", ", version %d, vaut jusqu'au %s.", s.version, s.expires.Format(time.DateOnly))
	}
}

// sayOf says something of a paper. What TUF calls by words of its own is said in ours,
// with that word behind it: who signs should know what.
func (x *explainer) sayOf(role, code, en, fr string, args ...any) {
	name := map[string]guichet.Text{
		"root":      {EN: "the list of members and of who must sign what (root)", FR: "la liste des membres et de qui doit signer quoi (root)"},
		"targets":   {EN: "the list of the circle's papers (targets)", FR: "la liste des papiers du cercle (targets)"},
		"snapshot":  {EN: "the list of their versions (snapshot)", FR: "la liste de leurs versions (snapshot)"},
		"timestamp": {EN: "the newest state (timestamp)", FR: "le dernier état (timestamp)"},
	}[role]
	if name == (guichet.Text{}) {
		role = strings.ReplaceAll(role, "%", "%%")
		name = guichet.Text{EN: role, FR: role}
	}
	x.say(code, name.EN+en, name.FR+fr, args...)
}
