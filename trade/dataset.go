package trade

import (
	_ "embed"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/hs"
	"guichet/mark"
)

// draftsFile holds agreements over trade to begin with.
//
//go:embed drafts.json
var draftsFile []byte

// Dataset returns the descriptor of the trade dataset. Field ids are Iceberg
// field ids: appended, never changed, never used again.
func Dataset() *guichet.Dataset {
	return &guichet.Dataset{
		Name:    "trade",
		Version: 1,
		Title:   guichet.Text{EN: "Merchandise trade", FR: "Commerce de marchandises"},
		Owner:   "the member that runs the node",
		Licence: "as each source says",
		Regime:  "statistical",
		Grains:  []string{GrainAggregate, GrainLine},
		Fields:  slices.Concat(rowFields(), lineFields(), submissionFields()),
		Sort:    []string{"code", "partner", "period"},
		Key: []string{
			"cube", "reporter", "flow", "trade_system", "procedure", "coverage", "list", "code",
			"partner", "partner_role", "partner2", "mode", "port", "freq", "period",
		},
		UnitFields: []string{"flow"},
		Breakdowns: []guichet.Breakdown{
			{Field: "partner", Kind: "partner_kind", Whole: []string{"world", "not_broken_down"}, Aside: []string{"group"}, Parts: true},
			{Field: "partner2", Kind: "partner2", Whole: []string{Whole}},
			{Field: "procedure", Kind: "procedure", Whole: []string{Whole}},
			{Field: "mode", Kind: "mode", Whole: []string{Whole}},
		},
		Classifications: []guichet.Classification{{
			Name: "product", Code: "code", Common: "hs", Edition: "edition", Level: "level", Subtotal: "subtotal", List: "list", Relation: "relation",
			Levels: []guichet.Level{
				{Name: "hs2", Digits: 2, Title: guichet.Text{EN: "chapter", FR: "chapitre"}},
				{Name: "hs4", Digits: 4, Title: guichet.Text{EN: "heading", FR: "position"}},
				{Name: "national", Digits: 0, Title: guichet.Text{EN: "national line", FR: "ligne nationale"}},
				{Name: "hs6", Digits: 6, Title: guichet.Text{EN: "subheading", FR: "sous-position"}},
			},
			Resolve: Resolve,
			Alone:   alone,
			InForce: inForce,
			Hidden:  [2]string{"conf_status", "rolled_up"},
			Label:   ProductLabel,
			// What is sensitive: groups.go and tier.go.
			Editions: heldEditions(), Tiers: tierNames(), Tier: tierOf,
		}},
		Derived: []guichet.Derived{{
			Name: "value_usd", From: "value", By: guichet.ByRate,
			Title: guichet.Text{EN: "Value, US dollars (estimated)", FR: "Valeur, dollars des États-Unis (estimée)"},
		}},
		Main:        "value",
		Contributor: []string{"trader_group", "trader"},
		By:          []string{"reporter"},
		Drafts:      func() []guichet.Draft { return guichet.ReadDrafts(draftsFile) },
		Marks:       marks(),
		RemarkText:  RemarkText,
		Rate:        Rate, RatesVersion: RatesVersion(),
	}
}

// alone: groups, codes of a named list and national codes are no members of a
// family of the HS.
func alone(expr string) bool {
	_, national := nationalOnly(expr, "")
	return national || isTotal(expr) || strings.ContainsAny(expr, "/:") || strings.Trim(expr, "0123456789. +") != ""
}

// inForce is the edition of the HS in which a reporter's list stood on a day.
func inForce(reporter string, dims map[string]string, list string, on time.Time) int {
	return int(hs.InForce(reporter, dims["flow"], list, on).Edition)
}

// marks are the remarks that are said of single figures. What a row is (goods that an
// office rolled up, little value, stores) is none: its figure is as good as any.
func marks() []mark.Mark {
	quantities := []string{"quantity", "quantity2"}
	estimated := []mark.Mark{{Code: RemarkEstimate, Sign: "e"}, {Code: RemarkMassEstimated, Sign: "m", Of: []string{"net_kg"}}, {Code: RemarkQtyEstimated, Sign: "q", Of: quantities}}
	lacking := []mark.Mark{{Code: RemarkQtyNotReported, Sign: "n", Of: quantities, At: mark.Either}, {Code: RemarkUnknownUnit, Sign: "u", Of: quantities, At: mark.Either}}
	return append(append(estimated, lacking...), mark.Mark{Code: RemarkPreliminary, Sign: "p"})
}

func text(en, fr string) guichet.Text { return guichet.Text{EN: en, FR: fr} }

// dim, attr and num make a field of place "row": a dimension, an attribute and a
// measure.
func dim(id int, name, concept, list string, t guichet.Text) guichet.Field {
	return guichet.Field{ID: id, Name: name, Concept: concept, Title: t, Type: guichet.TypeText, Role: guichet.Dimension, Place: guichet.InRow, List: list}
}

func attr(id int, name, concept, list string, t guichet.Text) guichet.Field {
	f := dim(id, name, concept, list, t)
	f.Role = guichet.Attribute
	return f
}

func num(id int, name, unit string, t guichet.Text) guichet.Field {
	return guichet.Field{ID: id, Name: name, Concept: "OBS_VALUE", Title: t, Type: guichet.TypeDecimal, Role: guichet.Measure, Place: guichet.InRow, Unit: unit}
}

// lineFields are what a declaration line has beside what any figure has; a
// published aggregate has none of them. Ids 38 to 53.
//
// Those of the role private name traders and their papers: they are kept for
// whoever runs the node and never leave it.
func lineFields() []guichet.Field {
	day := func(id int, name string, t guichet.Text) guichet.Field {
		f := attr(id, name, "", "", t)
		f.Type = guichet.TypeDate
		return f
	}
	private := func(id int, name string, t guichet.Text) guichet.Field {
		f := attr(id, name, "", "", t)
		f.Role = guichet.Private
		return f
	}
	line := func(f guichet.Field) guichet.Field { f.Grain = GrainLine; return f }
	return []guichet.Field{
		line(day(38, "lodged", text("Lodged on", "Déposée le"))),
		line(day(39, "accepted", text("Accepted on", "Acceptée le"))),
		line(day(40, "released", text("Released on", "Mainlevée le"))),
		// Not "office": that is who publishes, field 111.
		line(attr(41, "customs_office", "", "", text("Customs office of lodgement", "Bureau de douane du dépôt"))),
		line(attr(42, "incoterm", "", "Incoterms2020", text("Incoterm", "Incoterm"))),
		line(attr(43, "origin", "", "CL_AREA", text("Country of origin", "Pays d’origine"))),
		line(attr(44, "consignment", "", "CL_AREA", text("Country of consignment", "Pays de provenance ou dernière destination connue"))),
		num(45, "freight", "currency", text("Freight", "Fret")),
		num(46, "insurance", "currency", text("Insurance", "Assurance")),
		num(47, "inland_freight", "currency", text("Inland freight", "Fret intérieur")),
		private(48, "declaration", text("Declaration and line", "Déclaration et article")),
		private(49, "trader", text("Importer or exporter", "Importateur ou exportateur")),
		private(50, "trader_group", text("Group of enterprises", "Groupe d’entreprises")),
		private(51, "declarant", text("Declarant", "Déclarant en douane")),
		private(52, "transport_document", text("Transport document", "Document de transport")),
		private(53, "secrecy", text("Confidentiality asked for", "Confidentialité demandée")),
	}
}

// rowFields are the fields that vary within a file and that any figure may
// have. Ids 1 to 37.
func rowFields() []guichet.Field {
	must := func(f guichet.Field) guichet.Field { f.Required = true; return f }
	apart := func(f guichet.Field) guichet.Field { f.Separate = true; return f }
	whole := func(f guichet.Field) guichet.Field { f.Whole = Whole; return f }
	outliers := func(f guichet.Field) guichet.Field { f.Outliers = true; return f }
	typed := func(f guichet.Field, t guichet.Type) guichet.Field { f.Type = t; return f }
	partner := must(dim(15, "partner", "COUNTERPART_AREA_1", "CL_AREA", text("Partner", "Partenaire")))
	partner.KindOf = "partner_kind"
	return []guichet.Field{
		must(attr(1, "submission", "", "", text("Submission", "Envoi"))),
		must(dim(2, "reporter", "REF_AREA", "CL_AREA", text("Reporter", "Déclarant"))),
		must(apart(dim(3, "flow", "TRADE_FLOW", "CL_FLOW", text("Flow", "Flux")))),
		must(apart(dim(4, "trade_system", "TRADE_SYSTEM", "CL_TRADE_SYSTEM", text("Trade system", "Système commercial")))),
		whole(dim(5, "procedure", "CUSTOMS_PROC", "", text("Customs procedure", "Régime douanier"))),
		dim(6, "coverage", "", "CL_COVERAGE", text("Coverage", "Couverture")),
		must(dim(7, "freq", "FREQ", "CL_FREQ", text("Frequency", "Fréquence"))),
		must(typed(dim(8, "period", "TIME_PERIOD", "", text("Period", "Période")), guichet.TypeDate)),
		must(dim(9, "code", "COMMODITY_1", "", text("National code", "Code national"))),
		dim(10, "hs", "COMMODITY_1", "HS", text("HS code", "Code SH")),
		typed(attr(11, "edition", "", "CL_HS_EDITION", text("HS edition", "Édition du SH")), guichet.TypeInt),
		typed(attr(12, "level", "", "", text("Digits published", "Chiffres publiés")), guichet.TypeInt),
		typed(attr(13, "subtotal", "", "", text("Total over finer rows", "Total de lignes plus fines")), guichet.TypeBool),
		attr(14, "relation", "", "CL_RELATION", text("Relation to the HS", "Relation au SH")),
		partner,
		must(attr(16, "partner_kind", "COUNTERPART_AREA_1_TYPE", "CL_AREA_KIND", text("Kind of partner", "Nature du partenaire"))),
		whole(dim(17, "partner2", "COUNTERPART_AREA_2", "CL_AREA", text("Second partner", "Second partenaire"))),
		whole(dim(18, "mode", "TRANSPORT_MODE", "Rec19", text("Mode of transport", "Mode de transport"))),
		dim(19, "port", "", "", text("Port", "Port")),
		must(num(20, "value", "currency", text("Value", "Valeur"))),
		must(apart(dim(21, "valuation", "VALUATION", "CL_VALUATION", text("Valuation", "Évaluation")))),
		num(22, "cif_value", "currency", text("CIF value", "Valeur CAF")),
		num(23, "fob_value", "currency", text("FOB value", "Valeur FAB")),
		num(24, "dutiable_value", "currency", text("Dutiable value", "Valeur imposable")),
		num(25, "duty", "currency", text("Calculated duty", "Droits calculés")),
		num(26, "quantity", "unit", text("Quantity", "Quantité")),
		attr(27, "unit", "UNIT_MEASURE", "Rec20", text("Unit", "Unité")),
		num(28, "quantity2", "unit2", text("Second quantity", "Seconde quantité")),
		attr(29, "unit2", "UNIT_MEASURE", "Rec20", text("Second unit", "Seconde unité")),
		outliers(num(30, "net_kg", "KGM", text("Net mass, kg", "Masse nette, kg"))),
		attr(31, "quantity_status", "", "CL_QUANTITY_STATUS", text("Status of the quantity", "État de la quantité")),
		attr(32, "conf_status", "CONF_STATUS", "CL_CONF_STATUS", text("Confidentiality", "Confidentialité")),
		attr(33, "obs_status", "OBS_STATUS", "CL_OBS_STATUS", text("Observation status", "Statut d'observation")),
		attr(34, "finality", "", "CL_FINALITY", text("Finality", "Caractère définitif")),
		attr(35, "remark", "COMMENT_OBS", "CL_REMARK", text("Remarks", "Remarques")),
		must(apart(dim(36, "partner_role", "COUNTERPART_AREA_1_TYPE", "CL_PARTNER_ROLE", text("Role of the partner", "Rôle du partenaire")))),
		must(attr(37, "list", "", "CL_LIST", text("National list", "Liste nationale"))),
	}
}

// submissionFields are constant for a file and stand once. Ids from 101.
func submissionFields() []guichet.Field {
	f := func(id int, name, concept, list string, t guichet.Text, role guichet.Role) guichet.Field {
		return guichet.Field{ID: id, Name: name, Concept: concept, Title: t, Type: guichet.TypeText, Role: role, Place: guichet.InSubmission, List: list}
	}
	must := func(f guichet.Field) guichet.Field { f.Required = true; return f }
	apart := func(f guichet.Field) guichet.Field { f.Separate = true; return f }
	return []guichet.Field{
		must(f(101, "cube", "", "", text("Table of the office", "Tableau de l'office"), guichet.Dimension)),
		must(apart(f(102, "grain", "", "CL_GRAIN", text("Grain", "Grain"), guichet.Dimension))),
		must(f(103, "regime", "", "CL_REGIME", text("Legal regime", "Régime juridique"), guichet.Attribute)),
		must(f(104, "licence", "", "", text("Licence", "Licence"), guichet.Attribute)),
		must(apart(f(105, "currency", "UNIT_MEASURE", "ISO4217", text("Currency", "Monnaie"), guichet.Dimension))),
		f(107, "partner2_role", "COUNTERPART_AREA_2_TYPE", "CL_PARTNER_ROLE", text("Role of the second partner", "Rôle du second partenaire"), guichet.Attribute),
		must(f(109, "basis", "", "CL_TIME_BASIS", text("Time basis", "Base temporelle"), guichet.Attribute)),
		f(110, "territory", "", "", text("Statistical territory", "Territoire statistique"), guichet.Attribute),
		f(111, "office", "", "", text("Office", "Office"), guichet.Attribute),
		must(f(112, "source", "", "", text("Where it is published", "Lieu de publication"), guichet.Attribute)),
	}
}
