package node

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/portal"
	"guichet/internal/synth"
	"guichet/travel"
)

// asked are addresses of what was asked for the people of the pages.
type askedFor struct{ masks, mixed, compared, twice string }

// pagesReady opens the pages of the asker, asks there as an officer what shows all that
// can come of a question, and puts a proposal before its data steward.
func (d *showing) pagesReady(ctx context.Context) error {
	p := d.party(demoAsker)
	if err := p.stop(); err != nil {
		return err
	}
	p.pages = "127.0.0.1:0"
	if err := p.start(ctx, d); err != nil {
		return err
	}
	d.step("The pages of %s are opened. An officer asks there: all answer; then some refuse by a clause, one hides cells, one is silent; two sides of a flow; one question as of two days", "Les pages de %s sont ouvertes. Un agent y demande : tous répondent ; puis certains refusent selon une clause, un cache des cellules, un se tait ; les deux côtés d'un flux ; une question à deux dates", demoAsker)
	a, err := d.officerAsks(ctx, p)
	if err != nil {
		return err
	}
	draft, err := d.toSign(ctx, p)
	if err != nil {
		return err
	}
	if err := d.publicStands(ctx, p); err != nil {
		return err
	}
	return d.writeTries(d.tries(a, draft))
}

// circleQuestion is a question of the form as an address holds it.
func circleQuestion(more ...string) url.Values {
	q := url.Values{"circle": {demoCircleName}, "flow": {"imports"}, "from": {demoYear + "-01"}, "to": {demoYear + "-12"}, "product": {"covid19/protective/masks"}, "purpose": {demoPurpose}, "office": {"statistics"}}
	for i := 0; i+1 < len(more); i += 2 {
		q[more[i]] = strings.Split(more[i+1], ",")
	}
	return q
}

// borderQuestion is a question about the other dataset.
func borderQuestion() url.Values {
	return url.Values{
		"circle": {demoCircleName}, "dataset": {travel.Name}, "direction": {string(travel.Entry)}, "from": {demoBorderFrom}, "to": {demoBorderTo},
		"member": synth.Members(), "by": {"period", "mode"}, "purpose": {demoBorderPurpose}, "office": {demoBorderOffice},
	}
}

// officerAsks asks, and looks at what the pages say.
func (d *showing) officerAsks(ctx context.Context, p *party) (out askedFor, err error) {
	b, err := d.comesIn(ctx, p, portal.Officer)
	if err != nil {
		return out, err
	}
	var codes []string
	for _, x := range d.others(p) {
		codes = append(codes, x.code)
	}
	others := strings.Join(codes, ",")
	members := p.code + "," + others
	var body string
	has := func(what string, signs ...string) {
		for _, s := range signs {
			if !strings.Contains(body, s) {
				d.fault("the page of %s does not show %q", what, s)
			}
		}
	}
	if body, out.masks, err = b.asksPage(ctx, "/question", circleQuestion("member", members, "by", "period")); err != nil {
		return out, err
	}
	has("a question that all answer", "govuk-tag--green", "/receipt/"+demoCircleName+"/", `class="line s0"`)
	if body, out.compared, err = b.asksPage(ctx, "/compare/question", url.Values{
		"circle": {demoCircleName}, "exporter": {demoAsker}, "importer": {"US"}, "from": {demoYear + "-01"}, "to": {demoYear + "-12"}, "product": {"covid19/protective"}, "purpose": {"mirror-reconciliation"}, "office": {"statistics"},
	}); err != nil {
		return out, err
	}
	has("a comparison", "/codes/630790")
	twice := circleQuestion("member", "US", "product", "covid19", "by", "period")
	twice.Set("way", "published")
	twice.Set("first", demoBetween)
	if body, out.twice, err = b.asksPage(ctx, "/twice/question", twice); err != nil {
		return out, err
	}
	has("two days", "govuk-tag--yellow")
	const quiet = "NZ"
	if err := d.party(quiet).stop(); err != nil {
		return out, err
	}
	body, out.mixed, err = b.asksPage(ctx, "/question", circleQuestion("member", others, "product", "covid19/medical", "by", "partner", "level", "hs4", "purpose", demoRisk, "office", demoCustomsOf))
	if err = errors.Join(err, d.party(quiet).start(ctx, d)); err != nil {
		return out, err
	}
	has("a question that some refuse", "govuk-tag--red", "guichet-why", "govuk-tag--grey", "purposes.forbidden")
	if body, _, err = b.asksPage(ctx, "/question", borderQuestion()); err != nil {
		return out, err
	}
	has("a question about borders", "govuk-tag--green", demoBorderAgreement)
	if body, _, err = b.get(ctx, b.path("/ask")+"?"+borderQuestion().Encode()); err != nil {
		return out, err
	}
	has("a form about borders", "/agreements/"+demoCircleName+"/"+demoBorderAgreement)
	d.say("   each answer is kept for whoever comes in as an officer", "   chaque réponse est gardée pour qui entre comme agent")
	return out, nil
}

// toSign puts an agreement that another member proposes before the asker's data steward:
// its signature is the one that is missing.
func (d *showing) toSign(ctx context.Context, p *party) (at string, err error) {
	au := d.party("AU")
	proposal, err := d.customsPaper(ctx, au, demoUnsigned, p.code)
	if err != nil {
		return "", err
	}
	for _, x := range append([]*party{au}, d.others(au, p)...) {
		var lacks Review
		if err := x.at(ctx, func(c *Ceremonies) (err error) {
			if lacks, err = c.Review(proposal); err != nil || onlyLacks(lacks, p.code) {
				return err
			}
			proposal, err = c.Sign(proposal)
			return err
		}); err != nil {
			return "", err
		}
		if onlyLacks(lacks, p.code) {
			break
		}
	}
	b, err := d.comesIn(ctx, p, portal.Steward)
	if err != nil {
		return "", err
	}
	body, _, err := b.get(ctx, b.path("/drafts"))
	if err != nil {
		return "", err
	}
	if _, at, err = b.send(ctx, b.path("/drafts/proposal"), hidden(body)["csrf"], demoUnsigned+".json", proposal); err != nil {
		return "", err
	}
	d.step("AU proposes an agreement of both customs (%s); it waits in the pages for %s's signature", "AU propose un accord des deux douanes (%s) ; il attend dans les pages la signature de %s", demoUnsigned, p.code)
	return strings.TrimPrefix(at, "/"+b.lang), nil
}

// onlyLacks says whether a proposal waits for one member alone.
func onlyLacks(r Review, member string) bool {
	for _, m := range r.Missing {
		if m.Need-m.Have > 1 || !slices.Contains(m.Members, member) {
			return false
		}
	}
	return len(r.Missing) > 0
}

// publicStands looks at the public view, as nobody.
func (d *showing) publicStands(ctx context.Context, p *party) error {
	b, err := d.comesIn(ctx, p, portal.Auditor)
	if err != nil {
		return err
	}
	for _, path := range []string{"/public", "/public/table/masks-by-month", "/public/table/protective-by-country", "/public/log"} {
		body, _, err := b.get(ctx, b.path(path))
		if err != nil {
			return err
		}
		if path == "/public" && !strings.Contains(body, demoAgreement) {
			d.fault("the public view does not name %s", demoAgreement)
		}
	}
	papers, _, err := b.get(ctx, b.path("/public/log/"+demoCircleName+"/bundle"))
	if err != nil {
		return err
	}
	if c, err := PublicCircle(ctx, Config{}, []byte(papers), ""); err != nil || c.Name != demoCircleName || len(c.Agreements) > 0 {
		d.fault("the papers of the circle that are public hold %d agreements: %v", len(c.Agreements), err)
	}
	return nil
}

// tries are what has been made ready for each who comes in.
func (d *showing) tries(a askedFor, draft string) []portal.Try {
	folder := filepath.Join(d.dir, demoTry)
	if whole, err := filepath.Abs(folder); err == nil {
		folder = whole
	}
	t := func(role portal.Role, to, en, fr, en2, fr2 string) portal.Try {
		return portal.Try{Role: role, Title: guichet.Text{EN: en, FR: fr}, Text: guichet.Text{EN: en2, FR: fr2}, To: to}
	}
	statistician := func(to, en, fr, en2, fr2 string) portal.Try {
		x := t(portal.Officer, to, en, fr, en2, fr2)
		x.Who = guichet.Text{EN: "As a statistician", FR: "Comme statisticien"}
		return x
	}
	ask := "/question?" + circleQuestion("member", "AU,CA,GB,NZ,SG,US", "by", "period,partner", "level", "hs6").Encode()
	return []portal.Try{
		t(portal.Officer, ask, "Ask for masks", "Demander des masques", "A question that is ready to be asked: imports of masks of 2020, of all members. Press Ask, or change it first. Figures of trade are of 2020 here.", "Une demande prête : les importations de masques de 2020, de tous les membres. Appuyez sur Demander, ou changez-la d’abord. Les chiffres du commerce sont ici de 2020."),
		t(portal.Officer, "/question?"+borderQuestion().Encode(), "Ask about borders", "Demander sur les frontières", "Another dataset by the same window: who entered the five, by month and mode, and how long they waited. Its figures are of the first quarter of 2024.", "Un autre jeu de données par le même guichet : les entrées dans les cinq, par mois et par mode, et l’attente. Ses chiffres sont du premier trimestre 2024."),
		t(portal.Officer, a.masks, "An answer of all", "Une réponse de tous", "Who answered, a picture, the table, receipts, files to take along.", "Qui a répondu, une image, le tableau, les reçus, les fichiers à emporter."),
		t(portal.Officer, a.mixed, "Refused, hidden, silent", "Refusé, caché, silencieux", "Medical goods, for risk analysis by customs: some refuse by a clause, the US hides cells in which a trader could be recognised, New Zealand did not answer.", "Des biens médicaux, pour l’analyse de risque douanière : certains refusent selon une clause, les États-Unis cachent les cellules où un opérateur pourrait être reconnu, la Nouvelle-Zélande n’a pas répondu."),
		statistician(a.compared, "Exports beside imports", "Exportations face aux importations", "What Canada says it sent to the US, and what the US says it received, by month and by product, with what makes them differ.", "Ce que le Canada dit avoir envoyé aux États-Unis, et ce que ceux-ci disent avoir reçu, par mois et par produit, et ce qui les sépare."),
		statistician(a.twice, "Two vintages side by side", "Deux millésimes côte à côte", "US imports as published by 31 March 2021, and as revised since.", "Les importations américaines telles que publiées au 31 mars 2021, et telles que révisées depuis."),
		statistician("/codes/382219", "How a code became another", "Comment un code devint un autre", "Test kits had another code before HS 2022.", "Les trousses de test avaient un autre code avant le SH 2022."),
		statistician(a.compared+"/estimated", "What is estimated", "Ce qui est estimé", "In the comparison above, and by whom.", "Dans la comparaison ci-dessus, et par qui."),
		t(portal.Steward, "/intake", "Take in files", "Prendre des fichiers en charge", "Four are ready in "+folder+": months that are new, the same revised, which take their place, declarations of which three lines cannot be read, and crossings of the border that are refused, since one stated total is a hundred too many: say why it is accepted, and the auditor’s page of exceptions tells it.", "Quatre sont prêts dans "+folder+" : des mois nouveaux, les mêmes révisés, qui prennent leur place, des déclarations dont trois lignes ne peuvent être lues, et des passages de frontière qui sont refusés, car un total indiqué compte cent de trop : dites pourquoi il est accepté, et la page des exceptions de l’auditeur le dit."),
		t(portal.Steward, draft, "Sign an agreement", "Signer un accord", "Australia proposes one of both customs; your signature is missing. The passphrase of the demonstration stands in "+d.wordsFile()+".", "L’Australie en propose un des deux douanes ; il manque votre signature. La phrase secrète de la démonstration est dans "+d.wordsFile()+"."),
		t(portal.Steward, "/submissions", "Files taken in", "Fichiers pris en charge", "Each with what it replaced, how it fits its profile, and how to withdraw it.", "Chacun avec ce qu’il a remplacé, comment il répond à son profil, et comment le retirer."),
		t(portal.Auditor, "/agreements/"+demoCircleName+"/"+demoAgreement, "An agreement in two versions", "Un accord en deux versions", "In English and in French; at its end what the second version changed.", "En anglais et en français ; à sa fin, ce que la deuxième version a changé."),
		t(portal.Auditor, "/journal?circle="+demoCircleName+"&what=hidden", "What was hidden", "Ce qui fut caché", "Open the leaf of what the US asked us: which cells were hidden, and by which rule.", "Ouvrez la feuille de ce que les États-Unis nous ont demandé : quelles cellules furent cachées, et selon quelle règle."),
		t(portal.Auditor, "/journal?circle="+demoCircleName+"&what=refused", "What was refused", "Ce qui fut refusé", "To whom, what for, by which clause.", "À qui, dans quel but, selon quelle clause."),
		t(portal.Auditor, "/record", "Who overrode what", "Qui a passé outre", "A file whose totals did not agree, figures withdrawn and put back, a hold, a party suspended.", "Un fichier dont les totaux ne concordaient pas, des chiffres retirés puis remis, un gel, une partie suspendue."),
		t(portal.Operator, "/operator", "How the node does", "Comment va le nœud", "Every member's health, what is to be done, versions, disk, queues.", "La santé de chaque membre, ce qui est à faire, versions, disque, files d’attente."),
	}
}

// wordsFile is where the passphrase of the demonstration stands.
func (d *showing) wordsFile() string {
	if whole, err := filepath.Abs(d.words); err == nil {
		return whole
	}
	return d.words
}
