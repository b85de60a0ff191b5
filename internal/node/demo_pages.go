package node

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/portal"
	"guichet/internal/synth"
)

// What the pages are shown with.
const (
	demoCustoms   = "ca-us-customs-risk" // in force: figures under it are protected
	demoUnsigned  = "au-ca-customs-risk" // the asker has not signed it yet
	demoRisk      = "customs-risk"
	demoCustomsOf = "customs"
	demoTry       = "try"     // folder of files for a person to take in
	demoMisadded  = "2024-04" // month of the crossings to try, after those that are in
	demoHold      = "case-7"
	demoTriesFile = "portal/demonstration.json"
)

// publishes lets the asker's home publish two tables, its agreements and its log.
func (d *showing) publishes(context.Context) error {
	const text = `{
 "format": 1, "until": "2999-12-31", "contact": "statistics@example.org", "agreements": true, "questions": true, "log": true, "bundle": true, "generated": true,
 "terms": [{
   "dataset": "trade", "grains": ["aggregate"], "picks": {"product": ["covid19"]}, "where": {"flow": ["imports", "exports"]}, "measures": ["value"],
   "levels": {"product": "hs6", "partner": "country", "period": "month"}, "periods": {"from": "2019-01"},
   "disclosure": {"threshold": 3, "dominance_top": 1, "dominance_per_cent": 75}, "licence": "none",
   "attribution": {"en": "Source: the statistics office (made figures).", "fr": "Source : l'office de statistique (chiffres fabriqués)."}
 }],
 "tables": [{
   "name": "masks-by-month", "title": {"en": "Masks imported, by month", "fr": "Masques importés, par mois"},
   "question": {"dataset": "trade", "where": {"flow": ["imports"], "product": ["630790"]}, "period": "2020-01:2020-12", "by": ["period"], "measures": ["value"]}
 }, {
   "name": "protective-by-country", "title": {"en": "Protective equipment imported, by country", "fr": "Équipements de protection importés, par pays"},
   "question": {"dataset": "trade", "where": {"flow": ["imports"], "product": ["covid19/protective"]}, "period": "2020-01:2020-12", "by": ["partner"], "measures": ["value"]}
 }]
}
`
	d.step("What everybody may see of %s, without an account, is a file in its home: tables, agreements, how many questions, the log", "Ce que chacun peut voir de %s, sans compte, est un fichier de son dépôt : tableaux, accords, nombre de questions, journal", demoAsker)
	if err := os.WriteFile(filepath.Join(d.party(demoAsker).cfg.Home, publicFile), []byte(text), 0o600); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// amends brings the next version of the agreement of the five in force.
func (d *showing) amends(ctx context.Context) error {
	var proposal []byte
	if err := d.parties[0].at(ctx, func(c *Ceremonies) error {
		a, err := c.Agreement(demoAgreement)
		if err != nil {
			return err
		}
		a.Version++
		a.Changes = guichet.Text{EN: "Policy analysis is permitted; answers are kept for half a year only.", FR: "L'analyse de politique est admise ; les réponses ne sont gardées que six mois."}
		a.Purposes.Permitted = append(slices.Clone(a.Purposes.Permitted), "policy-analysis")
		a.Terms[0].Keep.Days, a.Terms[0].Quota = 180, 1000
		proposal, err = c.Propose(Change{Why: "the second version of " + a.ID, Agreement: &a})
		return err
	}); err != nil {
		return err
	}
	by, err := d.signedIn(ctx, demoCircleName, proposal, d.parties, d.parties)
	d.step("The five agree on a second version of %s, signed by %s; both can be read, with what it changes", "Les cinq s'accordent sur une deuxième version de %s, signée par %s ; les deux se lisent, avec ce qu'elle change", demoAgreement, strings.Join(by, ", "))
	return err
}

// customs brings an agreement in force whose figures are protected, and has the asker
// asked under it too.
func (d *showing) customs(ctx context.Context) error {
	proposal, err := d.customsPaper(ctx, d.party("US"), demoCustoms, demoAsker)
	if err != nil {
		return err
	}
	if _, err := d.signedIn(ctx, demoCircleName, proposal, append([]*party{d.party("US"), d.party(demoAsker)}, d.others(d.party("US"), d.party(demoAsker))...), d.parties); err != nil {
		return err
	}
	d.step("Customs of %s and the US agree to share sums over declaration lines for risk analysis (%s): cells in which a trader could be recognised are hidden", "Les douanes de %s et des États-Unis conviennent de partager des sommes de lignes de déclaration pour l'analyse de risque (%s) : les cellules où un opérateur pourrait être reconnu sont cachées", demoAsker, demoCustoms)
	q, err := d.masks()
	if err != nil {
		return err
	}
	q.Question.By, q.Purpose = []string{"partner", "hs4"}, demoRisk
	q.Question.Where["product"] = []string{"covid19"}
	delete(q.Question.Where, "partner")
	var r MemberResult
	return d.until(ctx, demoCustoms+" is in force at "+demoAsker, func(ctx context.Context) (bool, error) {
		q.Members, q.Office, q.Officer, q.Within = []string{demoAsker}, demoCustomsOf, "demonstration", demoWithin
		err := d.operate(ctx, d.party("US"), demoCircleName, func(op Operator) error {
			got, err := op.AskMembers(ctx, q, nil)
			if err == nil {
				r = got.Members[0]
			}
			return err
		})
		if err == nil && r.Gap == nil {
			if r.Hidden == 0 {
				d.fault("%s hides nothing under %s", demoAsker, demoCustoms)
			}
			d.say("   the US asks %s for COVID-19 goods by country and heading: %d rows, %d of them hidden", "   les États-Unis demandent à %s les biens liés à la COVID-19 par pays et par position : %d lignes, dont %d cachées", demoAsker, r.Rows, r.Hidden)
			return true, nil
		}
		return false, err
	})
}

// customsPaper is an agreement of two members' customs as one of them proposes it.
func (d *showing) customsPaper(ctx context.Context, by *party, id, with string) (proposal []byte, err error) {
	err = by.at(ctx, func(c *Ceremonies) error {
		a, err := d.drafted(c, AgreementDraft{Template: demoRisk, ID: id, Parties: []string{by.code, with}})
		if err != nil {
			return err
		}
		// The made trade is thin: with looser rules nothing would be hidden, and with those of
		// the tier nearly all.
		a.Terms[0].Periods.From, a.Tiers = "2018-01", nil
		a.Terms[0].Rules = guichet.DisclosureRules{Threshold: 3, Top: 2, Share: 70, Prior: 25}
		proposal, err = c.Propose(Change{Why: "risk analysis by the customs of both", Agreement: &a})
		return err
	})
	return proposal, err
}

// exceptions does at the asker's home what an auditor asks about: a file taken in
// although its totals do not agree, figures withdrawn and put back, a hold, and a
// notice of another party.
func (d *showing) exceptions(ctx context.Context) error {
	d.step("What an auditor looks for at %s, each with who and why: a file whose totals do not agree, figures withdrawn and put back, a hold, a party that suspends another", "Ce que cherche un auditeur chez %s, chaque fois avec qui et pourquoi : un fichier dont les totaux ne concordent pas, des chiffres retirés puis remis, un gel, une partie qui en suspend une autre", demoAsker)
	file, profile, err := d.wrongTotal()
	if err != nil {
		return err
	}
	if err := d.inHome(ctx, demoAsker, func(n *Node) error {
		if _, err := n.Ingest(ctx, IngestRequest{File: file, Profile: "ca-letter.yaml", ProfileText: profile}); guichet.KindOf(err) != guichet.KindTotals {
			d.fault("a file whose total is wrong comes in: %v", err)
		}
		why := "the office confirmed by letter that the total counts a line that it withdrew"
		res, err := n.Ingest(ctx, IngestRequest{File: file, Profile: "ca-letter.yaml", ProfileText: profile, AcceptTotals: why, By: "demonstration"})
		if err != nil {
			return err
		}
		for _, undo := range []bool{false, true} {
			why := map[bool]string{false: "the office asked to wait for its correction", true: "the office found that the figures were right"}[undo]
			if _, err := n.Withdraw(ctx, WithdrawRequest{Submission: res.Submission.ID, Why: why, By: "demonstration", Reinstate: undo}); err != nil {
				return err
			}
		}
		_, err = n.SetHold(ctx, LegalHold{Name: demoHold, Dataset: "trade", Why: "an audit of 2020 is under way", By: "demonstration"})
		return err
	}); err != nil {
		return err
	}
	var notice []byte
	if err := d.party("AU").at(ctx, func(c *Ceremonies) (err error) {
		notice, err = c.Withdraw(Withdrawal{
			Agreement: demoBorderAgreement, Kind: "suspend", Of: "GB",
			Reason: guichet.Text{EN: "its office has not told when answers were deleted", FR: "son service n'a pas dit quand des réponses furent supprimées"},
		})
		return err
	}); err != nil {
		return err
	}
	return d.party(demoAsker).at(ctx, func(c *Ceremonies) error { return c.Receive(notice) })
}

// inHome does something in a member's home, beside its node.
func (d *showing) inHome(ctx context.Context, member string, do func(*Node) error) error {
	n, err := Open(ctx, d.party(member).cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(n), n.Close())
}

// wrongTotal is a file of the asker's whose stated total is not the sum of its lines,
// and the profile that says where the total stands.
func (d *showing) wrongTotal() (file string, profile []byte, err error) {
	text := strings.NewReplacer(
		"name: sg-made", "name: ca-letter", "reporter: SG", "reporter: CA", "currency: SGD", "currency: CAD",
		"Made figures of a sixth member, for a demonstration", "Made figures of a letter, for a demonstration",
		"Chiffres inventés d'un sixième membre, pour une démonstration", "Chiffres inventés d'une lettre, pour une démonstration",
		"{name: kilos}]", "{name: kilos}, {name: stated}]",
		"update: ", "controls:\n  - {name: dollars, stated: {sum: [stated]}, found: {sum: [dollars]}}\nupdate: ",
	).Replace(newcomerProfile)
	const name = "letter-ca-2019-01-generated.csv"
	return filepath.Join(d.dir, name), []byte(text), d.writeCSV(name, [][]string{
		{"month", "side", "hs", "country", "dollars", "kilos", "stated"},
		{"2019-01", "M", "630790", "US", "1200", "80", "2900"},
		{"2019-01", "M", "392620", "US", "900", "60", "0"},
		{"2019-01", "M", "401511", "NZ", "700", "50", "0"},
	})
}

func (d *showing) writeCSV(name string, rows [][]string) error {
	f, err := os.Create(filepath.Join(d.dir, name)) //nolint:gosec // the demonstration's own folder
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w := csv.NewWriter(f)
	if err := errors.Join(w.WriteAll(rows), w.Error(), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// toTake writes files for a person to take in: months that are new, the same revised,
// declarations of which some lines cannot be read, and crossings whose totals differ.
func (d *showing) toTake(ctx context.Context) error {
	work := filepath.Join(d.dir, "try-made")
	made, err := synth.Make(ctx, synth.Options{Members: []string{demoAsker, "US"}, From: "2021-01", To: "2021-02", Declarations: 600, Seed: demoSeed + 1, Dir: work}, func(string, int64, int64) {})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.dir, demoTry), 0o750); err != nil {
		return fmt.Errorf("files to try: %w", err)
	}
	for _, f := range made.Files {
		switch {
		case f.Member != demoAsker:
		case strings.Contains(f.Name, "_Imp_"):
			name := map[bool]string{true: "1-new-months-", false: "2-the-same-revised-"}[f.Vintage == "first"] + f.Name
			err = errors.Join(err, os.Rename(filepath.Join(work, f.Name), filepath.Join(d.dir, demoTry, name)))
		case f.Kind == "declarations":
			err = errors.Join(err, d.spoil(filepath.Join(work, f.Name), "3-some-lines-refused-"+f.Name))
		}
	}
	err = errors.Join(err, d.misadd(ctx, filepath.Join(work, "crossings")))
	if err := errors.Join(err, os.RemoveAll(work)); err != nil {
		return fmt.Errorf("files to try: %w", err)
	}
	return nil
}

// misadd writes a file of border crossings, of a month that is new, of which one total by
// port is a hundred more than its lines add up to.
func (d *showing) misadd(ctx context.Context, work string) error {
	made, err := synth.MakeCrossings(ctx, synth.CrossingsOptions{Members: []string{demoAsker}, From: demoMisadded, To: demoMisadded, Seed: demoSeed + 1, Dir: work}, func(string, int64, int64) {})
	if err != nil {
		return err
	}
	rows, err := readCSV(filepath.Join(work, made.Files[0].Name))
	if err != nil || len(rows) == 0 {
		return errors.Join(err, guichet.Errorf(guichet.KindInternal, "there are no made crossings"))
	}
	of, count := slices.Index(rows[0], "nationality"), slices.Index(rows[0], "crossings")
	total := max(0, slices.IndexFunc(rows, func(r []string) bool { return r[of] == "" })) // the head is no number
	n, err := strconv.Atoi(rows[total][count])
	if err != nil {
		return fmt.Errorf("made crossings: %w", err)
	}
	rows[total][count] = strconv.Itoa(n + 100)
	name := filepath.Join(demoTry, "4-totals-differ-"+made.Files[0].Name)
	if err := d.writeCSV(name, rows); err != nil {
		return err
	}
	return d.inHome(ctx, demoAsker, func(n *Node) error {
		if _, err := n.Ingest(ctx, IngestRequest{File: filepath.Join(d.dir, name)}); guichet.KindOf(err) != guichet.KindTotals {
			d.fault("%s is not refused for its totals: %v", name, err)
		}
		return nil
	})
}

func readCSV(from string) ([][]string, error) {
	f, err := os.Open(from) //nolint:gosec // the demonstration's own folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return csv.NewReader(f).ReadAll()
}

// spoil writes a file of declarations of which a few lines cannot be read.
func (d *showing) spoil(from, to string) error {
	rows, err := readCSV(from)
	if err != nil || len(rows) < 100 {
		return errors.Join(err, guichet.Errorf(guichet.KindInternal, "%s has %d lines", from, len(rows)))
	}
	code, origin := slices.Index(rows[0], "HS_CODE"), slices.Index(rows[0], "COUNTRY_ORIGIN")
	for i, change := range []struct {
		column int
		text   string
	}{{code, "99ABC"}, {origin, "QQ"}, {code, ""}} {
		rows[20*(i+1)][change.column] = change.text
	}
	return d.writeCSV(filepath.Join(demoTry, to), rows)
}

// writeTries notes what has been made ready, for the start page.
func (d *showing) writeTries(tries []portal.Try) error {
	text, err := json.MarshalIndent(triesPaper{Format: 1, Tries: toPaper(tries)}, "", "  ")
	if err != nil {
		return fmt.Errorf("what to try: %w", err)
	}
	file := filepath.Join(d.party(demoAsker).cfg.Home, demoTriesFile)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, append(text, '\n'), 0o600)); err != nil {
		return fmt.Errorf("what to try: %w", err)
	}
	return nil
}

// triesPaper is the file in which a demonstration's home says what was made ready.
type triesPaper struct {
	Format int        `json:"format"` // 1
	Tries  []tryPaper `json:"tries"`
}

type tryPaper struct {
	Role  string       `json:"role"`
	Who   guichet.Text `json:"who"`
	Title guichet.Text `json:"title"`
	Text  guichet.Text `json:"text"`
	To    string       `json:"to"`
}

func toPaper(tries []portal.Try) (out []tryPaper) {
	for _, t := range tries {
		out = append(out, tryPaper{string(t.Role), t.Who, t.Title, t.Text, t.To})
	}
	return out
}

// Bounds of that file.
const (
	longestTries = 256 << 10
	mostTries    = 100
)

// readTries reads what a demonstration has made ready; none where it made nothing.
func readTries(home string) ([]portal.Try, error) {
	f, err := os.Open(filepath.Join(home, demoTriesFile)) //nolint:gosec // inside the home
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what to try: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, longestTries))
	_ = f.Close() // it was only read
	var p triesPaper
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Format != 1 || len(p.Tries) > mostTries {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", demoTriesFile, err).WithHint("make the demonstration again: guichet demo")
	}
	var out []portal.Try
	for _, t := range p.Tries {
		u, err := url.Parse(t.To)
		if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(t.To, "/") || strings.HasPrefix(t.To, "//") {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s leads to %q, which is no page here", demoTriesFile, t.To).WithHint("make the demonstration again: guichet demo")
		}
		out = append(out, portal.Try{Role: portal.Role(t.Role), Who: t.Who, Title: t.Title, Text: t.Text, To: t.To})
	}
	return out, nil
}
