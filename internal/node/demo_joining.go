package node

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/trade"
)

// The member that joins, and what it agrees on with the one that invites it.
const (
	demoNewcomer     = "SG"
	demoNewAgreement = "ca-sg-statistics"
	demoOfficial     = "official-statistics"
	demoMasks        = "630790" // masks and other made up textile articles
	demoNewMonths    = 6        // that it has when it joins
)

// newcomer is what the sixth member's files hold: it has no office in the model of
// the five, and its figures are made from a digest of what they are of.
type newcomer struct {
	values   map[string]guichet.Decimal // "2020-01 M 630790" -> sum over partners
	exchange string                     // by which it was asked first
}

// newcomerProfile describes its files: an office that guichet does not know.
const newcomerProfile = `name: sg-made
version: 1
title: {en: "Made figures of a sixth member, for a demonstration", fr: "Chiffres inventés d'un sixième membre, pour une démonstration"}
dataset: trade
office: Nobody (made up for a demonstration)
reporter: SG
source: https://example.org/
licence: made up, free to use
redistribute: true
generated: true
format: {kind: csv}
columns: [{name: month}, {name: side}, {name: hs}, {name: country}, {name: dollars}, {name: kilos}]
cube: {name: sg-made, covers: {product: listed, partner: all}}
fields: {grain: aggregate, regime: statistical, currency: SGD, basis: release}
keys:
  commodity:
    rule: commodity
    columns: [hs, month]
    fields: [code, hs, edition, level, subtotal, relation, coverage, conf_status, obs_status, list]
    params: {list: hs, flow: imports, period_format: "2006-01"}
  partner: {rule: area, columns: [country], fields: [partner, partner_kind], params: {list: iso2}}
  period: {rule: period, columns: [month], fields: [freq, period], params: {format: "2006-01"}}
  flow: {rule: enum, columns: [side], fields: [flow], map: {M: imports, X: exports}}
every:
  constants: {trade_system: general, partner2: _T, procedure: _T, mode: _T}
  keys: [commodity, partner, period, flow]
  measures:
    value: {column: dollars, required: true}
    net_kg: {column: kilos, decimals: 3}
records:
  - when: [{column: side, in: [M]}]
    constants: {valuation: cif, partner_role: origin}
  - when: [{column: side, in: [X]}]
    constants: {valuation: fob, partner_role: last_known_destination}
update: {action: replace, scope: [flow, period]}
`

// newcomerFile writes one file of the newcomer's: of months, as its release says,
// so that another release of a month is a correction of it.
func (d *showing) newcomerFile(release int, months ...string) (string, error) {
	if d.newcomer.values == nil {
		d.newcomer.values = map[string]guichet.Decimal{}
	}
	var text strings.Builder
	text.WriteString("month,side,hs,country,dollars,kilos\n")
	for _, month := range months {
		for _, side := range []string{"M", "X"} {
			for _, hs := range []string{demoMasks, "901890", "300490"} {
				key := month + " " + side + " " + hs
				d.newcomer.values[key] = guichet.Decimal{}
				for _, country := range []string{"AU", "CA", "GB", "NZ", "US", "MY", "CN"} {
					h := fnv.New32a()
					_, _ = fmt.Fprintf(h, "%s %s %d", key, country, release)
					value := int64(h.Sum32()%90_000) + 10_000
					_, _ = fmt.Fprintf(&text, "%s,%s,%s,%s,%d,%d\n", month, side, hs, country, value, value/40)
					d.newcomer.values[key] = d.newcomer.values[key].Add(guichet.DecimalOf(value))
				}
			}
		}
	}
	path := filepath.Join(d.files(), fmt.Sprintf("sg-made-%s-release%d-generated.csv", months[0], release))
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return "", fmt.Errorf("file of %s: %w", demoNewcomer, err)
	}
	return path, nil
}

// masksOf is what the newcomer's files hold of imports of masks, over months.
func (n newcomer) masksOf(months ...string) (sum guichet.Decimal) {
	for key, v := range n.values {
		if month, rest, _ := strings.Cut(key, " "); rest == "M "+demoMasks && slices.Contains(months, month) {
			sum = sum.Add(v)
		}
	}
	return sum
}

// newcomerMonths are those that its first file is of.
func newcomerMonths() (out []string) {
	for m := range demoNewMonths {
		out = append(out, fmt.Sprintf("%s-%02d", demoYear, m+1))
	}
	return out
}

// takeNew takes a file of the newcomer's in.
func (d *showing) takeNew(ctx context.Context, release int, released string, months ...string) (err error) {
	file, err := d.newcomerFile(release, months...)
	if err != nil {
		return err
	}
	n, err := Open(ctx, d.party(demoNewcomer).cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	res, err := n.Ingest(ctx, IngestRequest{File: file, Profile: "sg-made.yaml", ProfileText: []byte(newcomerProfile), Released: released})
	if err != nil {
		return err
	}
	if s := res.Submission; !s.Generated || s.Aside > 0 || s.Lines == 0 {
		d.fault("%s: %d of %d lines came in, marked as generated: %v", filepath.Base(file), s.Kept, s.Lines, s.Generated)
	}
	d.does("ingest %s --profile sg-made.yaml --home %s", filepath.Base(file), demoNewcomer)
	d.say("   taken in as %s: %d lines, %s to %s, marked as generated", "   pris en charge comme %s : %d lignes, de %s à %s, marquées comme générées", res.Submission.ID, res.Submission.Lines, months[0], months[len(months)-1])
	return nil
}

// newHome is the newcomer's home, from nothing.
func (d *showing) newHome(ctx context.Context) error {
	d.step("%s, a sixth member, begins with nothing. Its figures are made up for this: no office of %s published any of them. Its files are of a shape that guichet does not know; a profile of %d lines describes it",
		"%s, un sixième membre, commence de rien. Ses chiffres sont inventés pour ceci : aucun office de %s n'en a publié aucun. Ses fichiers ont une forme que guichet ne connaît pas ; un profil de %d lignes la décrit",
		demoNewcomer, areaName(demoNewcomer).In(d.lang()), strings.Count(newcomerProfile, "\n"))
	d.does("init --home %s --member %s", demoNewcomer, demoNewcomer)
	if err := d.settle(ctx, d.parties[0].cfg, demoNewcomer); err != nil {
		return err
	}
	return d.takeNew(ctx, 1, demoFirst, newcomerMonths()...)
}

// join takes the newcomer into the circle that runs; nobody is stopped for it.
func (d *showing) join(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	var invitation, answer, proposal, bundle []byte
	var before guichet.Circle
	if err := ca.at(ctx, func(c *Ceremonies) (err error) {
		if before, err = c.Circle(); err != nil {
			return err
		}
		invitation, err = c.Invite(demoCircleName, sg.code, "party")
		return err
	}); err != nil {
		return err
	}
	if err := sg.at(ctx, func(c *Ceremonies) error {
		paper, err := sg.paper(demoCircleName, "party")
		if err != nil {
			return err
		}
		answer, err = c.Join(invitation, paper)
		return err
	}); err != nil {
		return err
	}
	if err := ca.at(ctx, func(c *Ceremonies) (err error) {
		if proposal, err = c.Admit(nil, [][]byte{answer}); err != nil {
			return err
		}
		bundle, err = c.BundleFor(sg.code, "party")
		return err
	}); err != nil {
		return err
	}
	if err := sg.at(ctx, func(c *Ceremonies) error {
		_, err := c.Adopt(ctx, demoCircleName, bundle, before.ID)
		return err
	}); err != nil {
		return err
	}
	// The newcomer, then parties, as many as the circle needs.
	by, err := d.signedIn(ctx, demoCircleName, proposal, append([]*party{sg, ca}, d.others(sg, ca)...), d.parties)
	if err != nil {
		return err
	}
	d.step("%s invites it, it answers with its keys, %s sign: the circle's papers change, and its five nodes run on", "%s l'invite, il répond avec ses clés, %s signent : les papiers du cercle changent, et ses cinq nœuds tournent toujours", ca.code, strings.Join(by, ", "))
	d.by("circle invite, circle join, circle admit, circle bundle, circle adopt, circle sign, circle publish; serve; doctor")
	return d.joined(ctx, before)
}

// joined starts the newcomer's node, and waits until every other knows it.
func (d *showing) joined(ctx context.Context, before guichet.Circle) error {
	sg := d.party(demoNewcomer)
	if err := sg.start(ctx, d); err != nil {
		return err
	}
	var found []Finding
	if err := d.until(ctx, "each of the five knows the sixth", func(ctx context.Context) (bool, error) {
		err := d.operate(ctx, sg, demoCircleName, func(op Operator) (err error) { found, err = op.Doctor(ctx, DoctorQuestion{SeatOnly: true}); return err })
		return err == nil && wellMembers(found) == len(d.parties)-1, err
	}); err != nil {
		return err
	}
	var now guichet.Circle
	if err := sg.at(ctx, func(c *Ceremonies) (err error) { now, err = c.Circle(); return err }); err != nil {
		return err
	}
	if len(now.Members) != len(before.Members)+1 || now.Threshold*2 <= len(now.Members) || now.Version <= before.Version {
		d.fault("the circle of %d members needs %d signatures", len(now.Members), now.Threshold)
	}
	d.say("   %d members, version %d of the circle's papers; a change needs %d signatures now, since more than half must sign (it needed %d). %s reaches all five, each with the new papers",
		"   %d membres, version %d des papiers du cercle ; un changement requiert maintenant %d signatures, puisque plus de la moitié doivent signer (il en fallait %d). %s atteint les cinq, chacun avec les nouveaux papiers",
		len(now.Members), now.Version, now.Threshold, before.Threshold, sg.code)
	return nil
}

// wellMembers counts the members that a doctor found well.
func wellMembers(found []Finding) (n int) {
	for _, f := range found {
		if strings.HasPrefix(f.What, "member ") && f.State == stateWell {
			n++
		}
	}
	return n
}

// others are the parties but those named.
func (d *showing) others(but ...*party) (out []*party) {
	for _, p := range d.parties {
		if !slices.Contains(but, p) {
			out = append(out, p)
		}
	}
	return out
}

// newMasks is the question for the newcomer's imports of masks.
func newMasks(period string) (MembersQuestion, error) {
	span, err := guichet.ParseSpan(period)
	return MembersQuestion{
		Question: guichet.Question{Where: map[string][]string{"product": {demoMasks}, "flow": {"imports"}, "reporter": {demoNewcomer}}, Period: span, By: []string{"reporter"}, Measures: []string{"value"}},
		Purpose:  demoOfficial,
	}, err
}

// joinAgreement shows that a member without an agreement gets nothing, and lets the
// two agree.
func (d *showing) joinAgreement(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	q, err := newMasks(demoYear)
	if err != nil {
		return err
	}
	r, _, err := d.ask(ctx, ca, demoCircleName, q, sg.code)
	if err != nil {
		return err
	}
	if r.Gap == nil || r.Gap.Reason != guichet.GapRefused || r.Decision.Clause != "none" {
		d.fault("without an agreement %s gave %d rows to %s", sg.code, r.Rows, ca.code)
		return nil
	}
	d.step("To be a member gives nothing yet: %s", "Être membre ne donne encore rien : %s", r.Gap.Text)
	var proposal []byte
	if err := ca.at(ctx, func(c *Ceremonies) error {
		a, err := d.drafted(c, AgreementDraft{Template: "small-circle", ID: demoNewAgreement, Parties: []string{ca.code, sg.code}})
		if err != nil {
			return err
		}
		a.Corrections = "forward"
		a.Terms[0].Records, a.Terms[0].Copies = true, guichet.Copies{Permitted: true, MaxAgeDays: 30}
		proposal, err = c.Propose(Change{Why: "the agreement " + a.ID, Agreement: &a})
		return err
	}); err != nil {
		return err
	}
	by, err := d.signedIn(ctx, demoCircleName, proposal, append([]*party{ca, sg}, d.others(ca, sg)...), d.parties)
	if err != nil {
		return err
	}
	d.by("agreement draft --template small-circle --parties " + ca.code + "," + sg.code + " --id " + demoNewAgreement + ", agreement sign, circle publish")
	d.say("   signed by %s: published statistics, for %s; copies are permitted, none older than 30 days; corrections are told", "   signé par %s : statistiques publiées, aux fins de %s ; copies autorisées, aucune de plus de 30 jours ; les corrections sont dites", strings.Join(by, ", "), demoOfficial)
	return nil
}

// joinAsks lets the newcomer be asked, and ask.
func (d *showing) joinAsks(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	asked, err := newMasks(demoYear)
	if err != nil {
		return err
	}
	d.step("Then %s is asked, and asks:", "Puis %s est interrogé, et interroge :", sg.code)
	what := "--product " + demoMasks + " --flow imports --period " + demoYear + " --by reporter"
	d.asks(ca, demoCircleName, sg.code, what)
	var r MemberResult
	var a guichet.Answer
	if err := d.until(ctx, "the agreement is in force at both", func(ctx context.Context) (ok bool, err error) {
		r, a, err = d.ask(ctx, ca, demoCircleName, asked, sg.code)
		return err == nil && r.Gap == nil, err
	}); err != nil {
		return err
	}
	d.came(r)
	want := d.newcomer.masksOf(newcomerMonths()...)
	if got := sumOf(a); got.Cmp(want) != 0 || !generated(a) {
		d.fault("%s imported masks of %s by its files, and %s through the circle (marked as generated: %v)", sg.code, want, got, generated(a))
	}
	d.say("   %s SGD: to the cent what its file holds, and marked as generated in the answer", "   %s SGD : au cent près ce que tient son fichier, et marqué comme généré dans la réponse", sumOf(a))
	d.newcomer.exchange = r.Exchange

	asked.Question.Where["reporter"] = []string{ca.code}
	d.asks(sg, demoCircleName, ca.code, what)
	if err := d.until(ctx, ca.code+" knows of the agreement", func(ctx context.Context) (ok bool, err error) {
		r, a, err = d.ask(ctx, sg, demoCircleName, asked, ca.code)
		return err == nil && r.Gap == nil, err
	}); err != nil {
		return err
	}
	d.came(r)
	if sumOf(a).Sign() == 0 {
		d.fault("%s asks %s, and is given nothing", sg.code, ca.code)
	}
	return d.strangers(ctx, asked)
}

// strangers shows that the newcomer's agreement is with one member alone.
func (d *showing) strangers(ctx context.Context, q MembersQuestion) error {
	const other = "AU"
	q.Question.Where["reporter"] = []string{other}
	r, a, err := d.ask(ctx, d.party(demoNewcomer), demoCircleName, q, other)
	if err != nil {
		return err
	}
	if r.Gap == nil || r.Gap.Reason != guichet.GapRefused || len(a.Rows) > 0 {
		d.fault("%s answers %s without an agreement", other, demoNewcomer)
		return nil
	}
	d.say("   %s, with which it has none: %s", "   %s, avec qui il n'en a pas : %s", other, r.Gap.Text)
	return nil
}

// generated says whether an answer says that its figures are made.
func generated(a guichet.Answer) bool {
	return slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == trade.RemarkGenerated })
}
