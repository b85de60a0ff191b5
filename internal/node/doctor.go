package node

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/federation"
	"guichet/internal/portal"
)

// States of findings.
const (
	stateWell  = "well"
	stateWatch = "watch"
	stateWrong = "wrong"
)

const (
	// freeEnough and freeLittle are bytes where the home lies: below the second
	// the journal may stop at any time, and with it the desk.
	freeEnough = 5 << 30
	freeLittle = 512 << 20
	// clockNear is how far a member's clock may be from ours before it is told;
	// beyond clockFar questions are refused (the window of signatures).
	clockNear = 5 * time.Second
	clockFar  = 30 * time.Second
	// soon is how long before a paper's expiry it is told.
	soon = 10 * 24 * time.Hour
	// keySoon and agreementSoon are so for keys and agreements, which other people
	// have to sign.
	keySoon       = 30 * 24 * time.Hour
	agreementSoon = 60 * 24 * time.Hour
	// cosignLate is how old a leaf may be that no other member has cosigned: several
	// rounds of asking them.
	cosignLate = time.Minute
)

// Doctor looks at a home and its seats as far as they open, in all its circles or
// in the one that is named: what cannot be opened is a finding, not an error.
func Doctor(ctx context.Context, cfg Config, q DoctorQuestion) ([]Finding, error) {
	names, err := circlesIn(cfg.Home)
	if err != nil || cfg.Circle != "" || len(names) < 2 {
		return doctorIn(ctx, cfg, q)
	}
	var out []Finding
	for _, name := range names {
		cfg.Circle = name
		found, err := doctorIn(ctx, cfg, q)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if ofHome(f.What) {
				// The first seat that opens tells of the home; where it did not, its
				// disk was told already.
				if slices.ContainsFunc(out, func(o Finding) bool { return o.What == f.What }) {
					continue
				}
				q.SeatOnly = q.SeatOnly || f.What == "home"
			} else {
				f.Circle = name
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// ofHome says whether a finding is of the home, and not of a seat in a circle.
func ofHome(what string) bool {
	return slices.Contains([]string{"disk", "home", "law", "retention", "public"}, what)
}

// doctorIn looks at a home and one seat.
func doctorIn(ctx context.Context, cfg Config, q DoctorQuestion) ([]Finding, error) {
	op, err := Operate(ctx, cfg)
	if err == nil {
		found, err := op.Doctor(ctx, q)
		if cerr := op.Close(); err == nil {
			err = cerr
		}
		return found, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out := diskFinding(cfg.Home)
	return append(out, Finding{What: "seat", State: stateWrong, Text: portal.TextOf(err), Do: portal.HintOf(err)}), nil
}

// Sentence is an error's own words.
func Sentence(err error) string { return wireErrorOf(err).Message }

// Doctor looks at everything that the seat needs.
func (s *Seat) Doctor(ctx context.Context, q DoctorQuestion) ([]Finding, error) {
	var out []Finding
	if !q.SeatOnly {
		out = append(diskFinding(s.n.Home().Path), s.homeFinding(ctx), s.lawFinding(), s.retentionFinding(ctx), s.publicFinding())
	}
	out = append(out, s.keysFinding())
	out = append(out, s.circleFindings()...)
	out = append(out, s.agreementsFinding(), s.journalFinding(ctx))
	out = append(out, s.keptFindings()...)
	if q.Offline {
		return append(out, clockFinding(kept(), nil)), nil
	}
	now := s.clock()
	var ahead []time.Duration // of the members' clocks before ours
	for _, m := range s.papers.circle().Members {
		if m.Code == s.us() || m.HasLeft(now) {
			continue
		}
		f, pong := s.memberFinding(ctx, m)
		if out = append(out, f); pong.Version != "" {
			ahead = append(ahead, pong.Ahead)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return append(out, clockFinding(kept(), ahead)), nil
}

// Who keeps this machine's clock.
const (
	clockKept   = "kept"
	clockAlone  = "alone"
	clockUnsaid = "unsaid" // the system does not let us ask
)

// kept says whether the system keeps this machine's clock by others' (NTP). A service
// that is confined may not be let ask.
func kept() string {
	switch state, err := unix.Adjtimex(&unix.Timex{}); { // asks, and changes nothing
	case err != nil:
		return clockUnsaid
	case state == unix.TIME_ERROR:
		return clockAlone
	}
	return clockKept
}

// clockFinding judges our clock: by whether the system keeps it, and by those of the
// members that answered. Where most of them are apart from it to one side, it is ours
// that is wrong.
func clockFinding(kept string, ahead []time.Duration) Finding {
	before, behind := 0, 0
	for _, d := range ahead {
		if d > clockNear {
			before++
		}
		if d < -clockNear {
			behind++
		}
	}
	slices.Sort(ahead)
	fix := func(f Finding) Finding {
		return f.do("set this machine's clock, and let it be kept (NTP: chrony, systemd-timesyncd)", "réglez l'horloge de cette machine et faites-la tenir à l'heure (NTP : chrony, systemd-timesyncd)")
	}
	switch most := len(ahead) / 2; {
	case len(ahead) > 1 && max(before, behind) > most:
		return fix(finding("clock", stateWrong, "%d of %d members' clocks are apart from ours to one side, by about %s: ours is wrong", "%d horloges sur %d des membres s'écartent de la nôtre du même côté, d'environ %s : la nôtre est fausse", max(before, behind), len(ahead), ahead[most].Abs().Round(time.Second)))
	case kept == clockAlone:
		return fix(finding("clock", stateWatch, "nothing keeps this machine's clock; %d of %d members' agree with it", "rien ne tient l'horloge de cette machine à l'heure ; %d sur %d de celles des membres concordent", len(ahead)-before-behind, len(ahead)))
	case kept == clockUnsaid:
		return finding("clock", stateWell, "%d of %d members' clocks agree with ours; whether the system keeps it, it does not say", "%d horloges sur %d des membres concordent avec la nôtre ; le système ne dit pas s'il la tient à l'heure", len(ahead)-before-behind, len(ahead))
	}
	return finding("clock", stateWell, "kept by the system; %d of %d members' agree with it", "tenue par le système ; %d sur %d de celles des membres concordent", len(ahead)-before-behind, len(ahead))
}

func finding(what, state, en, fr string, args ...any) Finding {
	return Finding{What: what, State: state, Text: bothOf(en, fr, args)}
}

func (f Finding) do(en, fr string, args ...any) Finding {
	f.Do = bothOf(en, fr, args)
	return f
}

// bothOf writes a text in both languages; an error among its arguments is said in each.
func bothOf(en, fr string, args []any) guichet.Text {
	english, french := slices.Clone(args), slices.Clone(args)
	for i, x := range args {
		text, ok := x.(guichet.Text)
		if err, is := x.(error); is {
			text, ok = portal.TextOf(err), true
		}
		if ok {
			english[i], french[i] = text.EN, text.In("fr")
		}
	}
	return guichet.Text{EN: fmt.Sprintf(en, english...), FR: fmt.Sprintf(fr, french...)}
}

func diskFinding(home string) []Finding {
	n, err := free(home)
	if err != nil {
		return []Finding{finding("disk", stateWrong, "the folder %s cannot be looked at", "le dossier %s ne peut être examiné", home).do("name the home with --home", "nommez le dépôt avec --home")}
	}
	gib := float64(n) / (1 << 30)
	f := finding("disk", stateWell, "%.1f GiB are free", "%.1f Gio sont libres", gib)
	f.Text.FR = strings.Replace(f.Text.FR, ".", ",", 1)
	switch {
	case n < freeLittle:
		f.State = stateWrong
	case n < freeEnough:
		f.State = stateWatch
	default:
		return []Finding{f}
	}
	return []Finding{f.do("free some space: when the journal cannot write, nothing is answered any more", "libérez de l'espace : quand le journal ne peut plus écrire, plus rien n'est répondu")}
}

func (s *Seat) homeFinding(ctx context.Context) Finding {
	subs, err := s.n.Submissions(ctx)
	switch {
	case err != nil:
		return finding("home", stateWrong, "the tables cannot be read: %s", "les tables ne peuvent être lues : %s", err).do("run 'guichet check'", "lancez « guichet check »")
	}
	if err := s.n.store.Look(ctx); err != nil {
		f := finding("home", stateWrong, "the tables are not whole: %[1]s", "les tables ne sont pas entières : %[1]s", err)
		return f.do("%s; then run 'guichet check', which reads every file", "%s ; puis lancez « guichet check », qui lit chaque fichier", cmp.Or(portal.HintOf(err), guichet.Text{EN: "keep the home as it is", FR: "gardez le dépôt tel quel"}))
	}
	if len(subs) == 0 {
		return finding("home", stateWatch, "nothing has been taken in yet: every question gets \"not reported\"", "rien n'a encore été pris en charge : toute question reçoit « non déclaré »").
			do("take files in: guichet ingest FILE", "prenez des fichiers en charge : guichet ingest FICHIER")
	}
	return finding("home", stateWell, "%d submissions of %s; every file is there", "%d envois de %s ; chaque fichier est là", len(subs), s.us())
}

func (s *Seat) keysFinding() Finding {
	path := filepath.Join(keyDir(s.n.Home().Path, s.name), nodeKeys)
	var ends []string
	for _, use := range []guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness} {
		_, paper, err := s.keyInForce(use)
		if err == nil && !paper.Until.IsZero() && paper.Until.Sub(s.clock()) < keySoon {
			ends = append(ends, string(use)+" ("+paper.Until.Format(time.DateOnly)+")")
		}
		if err != nil {
			return finding("keys", stateWrong, "the %s key: %s", "la clé %s : %s", use, err).
				do("if it was just changed in the circle, start the node again: it opens its keys when it starts; else make a new one: guichet circle propose --rotate %s", "si elle vient d'être changée dans le cercle, relancez le nœud : il ouvre ses clés quand il se lance ; sinon faites-en une nouvelle : guichet circle propose --rotate %s", use)
		}
	}
	if st, err := os.Stat(path); err == nil && st.Mode().Perm()&0o077 != 0 {
		return finding("keys", stateWrong, "%s can be read by others than its owner", "%s peut être lu par d'autres que son propriétaire", path).do("chmod 600 %[1]s", "chmod 600 %[1]s", path)
	}
	if len(ends) > 0 {
		return finding("keys", stateWatch, "keys end soon, and nothing follows them: %[1]s", "des clés expirent bientôt, et rien ne les suit : %[1]s", join(ends)).
			do("make new ones: guichet circle propose --rotate tls (seal, log, witness)", "faites-en de nouvelles : guichet circle propose --rotate tls (seal, log, witness)")
	}
	return finding("keys", stateWell, "the keys open, and the circle knows them", "les clés s'ouvrent et le cercle les connaît")
}

func (s *Seat) circleFindings() []Finding {
	st, err := s.papers.whole()
	if err != nil {
		return []Finding{{What: "circle", State: stateWrong, Text: portal.TextOf(err), Do: portal.HintOf(err)}}
	}
	left := st.Expires.Sub(s.clock())
	f := finding("circle", stateWell, "%s: %d members, papers in force until %s", "%s : %d membres, papiers en vigueur jusqu'au %s", s.name, len(st.Members), st.Expires.Format(time.DateOnly))
	switch {
	case st.InGrace:
		f = finding("circle", stateWrong, "papers have expired on %s; they are used until %s", "des papiers ont expiré le %s ; ils sont utilisés jusqu'au %s", st.Expires.Format(time.DateOnly), st.Circle.Grace.Format(time.DateOnly)).
			do("renew them now: guichet circle propose --renew", "renouvelez-les maintenant : guichet circle propose --renew")
	case left < soon:
		f.State = stateWatch
		f = f.do("renew them: guichet circle propose --renew", "renouvelez-les : guichet circle propose --renew")
	}
	out := []Finding{f, s.listsFinding(st)}
	for _, x := range st.Faults {
		bad := Finding{What: x.Paper, State: stateWrong, Text: guichet.Text{EN: x.Text.EN, FR: portal.Frenched(x.Said, x.Text.FR)}}
		out = append(out, bad.do("ask its signatories for a whole one: guichet circle verify shows who signed", "demandez-en une entière à ses signataires : guichet circle verify montre qui a signé"))
	}
	return out
}

// listsFinding holds what the circle has signed of code lists against ours.
func (s *Seat) listsFinding(st circle.State) Finding {
	switch differ := s.papers.lists(st); {
	case len(st.Lists) == 0:
		return finding("lists", stateWatch, "the circle has not signed which code lists and product groups it uses", "le cercle n'a pas signé quelles listes de codes et quels groupes de produits il utilise").
			do("propose those of this program: guichet circle propose --lists", "proposez ceux de ce programme : guichet circle propose --lists")
	case len(differ) > 0:
		return finding("lists", stateWrong, "%s: not what the circle has signed; codes may mean something else elsewhere", "%s : pas ce que le cercle a signé ; des codes peuvent avoir un autre sens ailleurs", join(differ)).
			do("let all members use the same version of guichet, then propose its lists: guichet circle propose --lists", "que tous les membres utilisent la même version de guichet, puis proposez ses listes : guichet circle propose --lists")
	}
	return finding("lists", stateWell, "code lists and product groups are those that the circle has signed", "listes de codes et groupes de produits sont ceux que le cercle a signés")
}

// lawFinding says whether a law of our own is in force: what it refuses is told to
// askers by its clause, and to nobody else.
func (s *Seat) lawFinding() Finding {
	switch l, there, err := s.law.inForce(); {
	case err != nil:
		return finding("law", stateWrong, "%[1]s", "%[1]s", err).
			do("correct the file, or take it away if there is no such law; nothing is answered until then", "corrigez le fichier, ou retirez-le si ce droit n'existe pas ; rien n'est répondu d'ici là")
	case !there:
		return finding("law", stateWell, "no law of our own is in force beside the agreements (%s)", "aucun droit propre n'est en vigueur à côté des accords (%s)", lawFile)
	default:
		return finding("law", stateWell, "our own law (%s) is in force: it forbids %d purposes and has %d bounds", "notre droit propre (%s) est en vigueur : il interdit %d fins et a %d bornes", lawFile, len(l.Forbidden), len(l.Bounds))
	}
}

func (s *Seat) agreementsFinding() Finding {
	n := len(s.oursInForce())
	if n == 0 {
		return finding("agreements", stateWatch, "no agreement of ours is in force: every question is refused", "aucun accord nous concernant n'est en vigueur : toute question est refusée").
			do("draft one: guichet agreement draft", "rédigez-en un : guichet agreement draft")
	}
	now := s.clock()
	var ends []string
	for _, a := range s.oursInForce() {
		until := a.Validity.Until
		if a.Validity.Withdrawn != "" {
			until = min(until, a.Validity.Withdrawn)
		}
		if until <= now.Add(agreementSoon).Format(time.DateOnly) {
			ends = append(ends, a.ID+" ("+until+")")
		}
	}
	if len(ends) > 0 {
		return finding("agreements", stateWatch, "%d of ours in force, of which these end soon: %s", "%d nous concernant en vigueur, dont ceux-ci finissent bientôt : %s", n, join(ends)).
			do("agree on the next version while it is in force: guichet agreement show ID --yaml, then agreement sign", "convenez de la version suivante tant qu'il est en vigueur : guichet agreement show ID --yaml, puis agreement sign")
	}
	return finding("agreements", stateWell, "%d of ours in force", "%d nous concernant en vigueur", n)
}

// oursInForce are the agreements that we are a party of, in force today.
func (s *Seat) oursInForce() []guichet.Agreement {
	var out []guichet.Agreement
	today := s.clock().Format(time.DateOnly)
	for _, p := range s.papers.agreements() {
		a := p.Agreement()
		ours := false
		for _, x := range a.Parties {
			ours = ours || x.Member == s.us()
		}
		if ours && a.Validity.From <= today && today <= a.Validity.Until && (a.Validity.Withdrawn == "" || today < a.Validity.Withdrawn) {
			out = append(out, a)
		}
	}
	return out
}

func (s *Seat) journalFinding(ctx context.Context) Finding {
	if err := s.journal.Ready(); err != nil {
		return finding("journal", stateWrong, "it takes no leaves: %s", "il ne prend plus de feuilles : %s", err).
			do("free space, then start the node again", "libérez de l'espace, puis relancez le nœud")
	}
	rep, err := s.journal.Check(ctx, s.trusted())
	if err != nil {
		return finding("journal", stateWrong, "it cannot be read: %s", "il ne peut être lu : %s", err)
	}
	for _, f := range reportOf(s.us(), rep).Findings {
		if graveness(f.Severity) > 1 {
			return Finding{What: "journal", State: stateWrong, Text: f.Text}.do("keep it as it is, and tell the members: guichet journal verify", "gardez-le tel quel et prévenez les membres : guichet journal verify")
		}
	}
	f := cosignedFinding(rep.Size, rep.Cosigned, len(rep.Witnesses), s.oursInForce())
	if renewed := s.journal.Renewal(); renewed != nil {
		r := renewed.Renewal
		f.Text.EN += fmt.Sprintf("; in log %d since %s, %d leaves before it were lost", r.Number, r.Time.Format(time.DateOnly), r.Lost())
		f.Text.FR += fmt.Sprintf(" ; dans le registre %d depuis le %s, %d feuilles d'avant sont perdues", r.Number, r.Time.Format(time.DateOnly), r.Lost())
	}
	return s.behind(ctx, f, rep.Cosigned)
}

// behind adds to what is said of a whole journal since when nobody has cosigned it.
func (s *Seat) behind(ctx context.Context, f Finding, upTo int64) Finding {
	if s.journal.Size() <= upTo {
		return f
	}
	first, err := s.journal.Leaf(ctx, upTo)
	if err != nil || s.clock().Sub(first.Time) < cosignLate {
		return f
	}
	f.State = stateWatch
	f.Text.EN += fmt.Sprintf("; %d leaves since %s are cosigned by nobody", s.journal.Size()-upTo, first.Time.UTC().Format(time.RFC3339))
	f.Text.FR += fmt.Sprintf(" ; %d feuilles depuis %s ne sont cosignées par personne", s.journal.Size()-upTo, first.Time.UTC().Format(time.RFC3339))
	if f.Do.EN == "" {
		f = f.do("let the node run where the others can reach it, and see below which of them do not answer", "laissez le nœud tourner là où les autres peuvent l'atteindre, et voyez ci-dessous lesquels ne répondent pas")
	}
	return f
}

// cosignedFinding holds how many members have cosigned our journal's newest
// checkpoint against what our agreements have us owe each other.
func cosignedFinding(size, upTo int64, witnesses int, ours []guichet.Agreement) Finding {
	f := finding("journal", stateWell, "%d leaves, whole; cosigned up to %d by %d members", "%d feuilles, entier ; cosigné jusqu'à %d par %d membres", size, upTo, witnesses)
	wanted, by := 0, ""
	for _, a := range ours {
		if a.Security.Witnesses > wanted {
			wanted, by = a.Security.Witnesses, a.ID
		}
	}
	if size == 0 {
		return f
	}
	if witnesses < wanted {
		f.Text.EN += fmt.Sprintf("; the agreement %s asks for %d", by, wanted)
		f.Text.FR += fmt.Sprintf(" ; l'accord %s en demande %d", by, wanted)
	}
	if witnesses < max(1, wanted) {
		f.State = stateWatch
		f = f.do("let the node run where the others can reach it: they cosign every few seconds; 'guichet doctor' without --offline says which of them do not answer", "laissez le nœud tourner là où les autres peuvent l'atteindre : ils cosignent toutes les quelques secondes ; « guichet doctor » sans --offline dit lesquels ne répondent pas")
	}
	return f
}

func (s *Seat) memberFinding(ctx context.Context, m guichet.Member) (Finding, federation.Pong) {
	what := "member " + m.Code
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	pong, err := s.client.Ping(ctx, m)
	if err != nil {
		f := Finding{What: what, State: stateWrong, Text: portal.TextOf(err), Do: portal.HintOf(err)}
		if f.Do.EN == "" {
			f = f.do("write to its operations: %s", "écrivez à son exploitation : %s", operations(m))
		}
		return f, pong
	}
	f := finding(what, stateWell, "answers in %d ms; guichet %s, circle version %d", "répond en %d ms ; guichet %s, cercle version %d", pong.RoundTrip.Milliseconds(), pong.Version, pong.CircleVersion)
	switch ahead := pong.Ahead; {
	case ahead.Abs() > clockFar:
		f = finding(what, stateWrong, "its clock is %s from ours: what either signs is refused by the other", "son horloge est à %s de la nôtre : ce que l'un signe, l'autre le refuse", ahead.Round(time.Second))
		f = f.do("look at both clocks (NTP)", "vérifiez les deux horloges (NTP)")
	case ahead.Abs() > clockNear:
		f.State = stateWatch
		f.Text.EN += fmt.Sprintf("; its clock is %s from ours", ahead.Round(time.Second))
		f.Text.FR += fmt.Sprintf(" ; son horloge est à %s de la nôtre", ahead.Round(time.Second))
	case pong.CircleVersion < s.papers.circle().Version:
		f.State = stateWatch
		f = f.do("it has older papers of the circle: it follows within a minute where it runs; else send it ours: guichet circle bundle, and there guichet circle update", "il a des papiers plus anciens du cercle : il suit dans la minute s'il tourne ; sinon envoyez-lui les nôtres : guichet circle bundle, et chez lui guichet circle update")
	}
	return f, pong
}

func operations(m guichet.Member) string {
	for _, c := range m.Contacts {
		if c.For == "operations" {
			return c.Email
		}
	}
	if len(m.Contacts) > 0 {
		return m.Contacts[0].Email
	}
	return m.Code
}
