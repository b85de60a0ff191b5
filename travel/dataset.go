package travel

import (
	_ "embed"
	"fmt"

	"guichet"
)

// Name is what the dataset is called.
const Name = "travel.crossings"

// Bands are the steps in which waiting times are counted, in whole minutes: a wait
// of w minutes is in the first band whose bound is not below w. The last is open.
//
// The bounds are those at which offices promise service (25 and 45 minutes at
// British ports, 30 in Australia and Canada lie on or between them), closer where
// most wait. Other bounds would be other measures: they are appended, never moved.
func Bands() []guichet.Band {
	var out []guichet.Band
	for _, upTo := range []int{5, 10, 15, 20, 25, 30, 45, 60, 90, 120} {
		out = append(out, guichet.Band{Field: fmt.Sprintf("wait_to_%d", upTo), UpTo: upTo})
	}
	return append(out, guichet.Band{Field: "wait_over_120"})
}

// Dataset returns the descriptor. Field ids are Iceberg field ids: appended, never
// changed, never used again.
func Dataset() *guichet.Dataset {
	percentile := func(name string, share int, en, fr string) guichet.Derived {
		return guichet.Derived{Name: name, By: guichet.ByBands, Share: share, Bands: Bands(), Title: text(en, fr)}
	}
	return &guichet.Dataset{
		Name:    Name,
		Version: 1,
		Title:   text("Border crossings of persons, and waiting times", "Passages de frontière de personnes, et temps d’attente"),
		Owner:   "the member that runs the node",
		Licence: "as each source says",
		Regime:  "administrative",
		Grains:  []string{GrainAggregate},
		Fields:  append(append(rowFields(), bandFields()...), submissionFields()...),
		Sort:    []string{"port", "nationality", "period"},
		Key:     []string{"cube", "reporter", "direction", "port", "mode", "nationality", "freq", "period"},

		UnitFields: []string{"direction"},
		// A total is stated beside the nationalities, and it alone has waiting times.
		Breakdowns: []guichet.Breakdown{{Field: "nationality", Kind: "nationality_kind", Whole: []string{"world", "not_broken_down"}, Aside: []string{"group"}}},
		Derived: []guichet.Derived{
			percentile("wait_p50", 50, "Median wait, minutes (estimated)", "Attente médiane, minutes (estimée)"),
			percentile("wait_p90", 90, "90 % waited no longer, minutes (estimated)", "90 % n’ont pas attendu plus, minutes (estimé)"),
		},
		Main:       "crossings",
		Counts:     "crossings",
		By:         []string{"reporter"},
		Drafts:     func() []guichet.Draft { return guichet.ReadDrafts(draftsFile) },
		RemarkText: RemarkText,
		Values:     List,
		ValueText:  ValueText,
	}
}

const (
	persons = "persons"
	minutes = "minutes"
)

// rowFields are the fields that vary within a file. Ids 1 to 13.
func rowFields() []guichet.Field {
	dim := func(id int, name, concept, list, en, fr string) guichet.Field {
		return guichet.Field{ID: id, Name: name, Concept: concept, Title: text(en, fr), Type: guichet.TypeText, Role: guichet.Dimension, Place: guichet.InRow, List: list}
	}
	as := func(f guichet.Field, r guichet.Role) guichet.Field { f.Role = r; return f }
	must := func(f guichet.Field) guichet.Field { f.Required = true; return f }
	num := func(id int, name, unit, en, fr string) guichet.Field {
		f := as(dim(id, name, "OBS_VALUE", "", en, fr), guichet.Measure)
		f.Type, f.Unit = guichet.TypeDecimal, unit
		return f
	}
	stated := func(f guichet.Field) guichet.Field { f.Alone = true; return f }
	direction := must(dim(5, "direction", "", ListDirection, "Direction", "Sens"))
	direction.Separate = true
	period := must(dim(4, "period", "TIME_PERIOD", "", "Period", "Période"))
	period.Type = guichet.TypeDate
	nationality := must(dim(8, "nationality", "CITIZENSHIP", "CL_AREA", "Nationality", "Nationalité"))
	nationality.KindOf = "nationality_kind"
	return []guichet.Field{
		must(as(dim(1, "submission", "", "", "Submission", "Envoi"), guichet.Attribute)),
		must(dim(2, "reporter", "REF_AREA", "CL_AREA", "Reporter", "Déclarant")),
		must(dim(3, "freq", "FREQ", "CL_FREQ", "Frequency", "Fréquence")),
		period,
		direction,
		must(dim(6, "port", "", ListPort, "Port", "Lieu de passage")),
		must(dim(7, "mode", "TRANSPORT_MODE", ListMode, "Mode", "Mode")),
		nationality,
		must(as(dim(9, "nationality_kind", "", "CL_AREA_KIND", "Kind of nationality", "Nature de la nationalité"), guichet.Attribute)),
		must(num(10, "crossings", persons, "Crossings", "Passages")),
		stated(num(11, "stated_p50", minutes, "Median wait as stated, minutes", "Attente médiane indiquée, minutes")),
		stated(num(12, "stated_p90", minutes, "90th percentile of the wait as stated, minutes", "90e centile de l’attente indiqué, minutes")),
		as(dim(13, "remark", "COMMENT_OBS", "CL_REMARK", "Remarks", "Remarques"), guichet.Attribute),
	}
}

// bandFields count those who waited, by band. Ids from 14, in the order of Bands: a new
// table gets ids without a hole.
func bandFields() []guichet.Field {
	const first = 14
	var out []guichet.Field
	from := 0
	for i, b := range Bands() {
		t := text(fmt.Sprintf("Waited %d to %d minutes", from, b.UpTo), fmt.Sprintf("Ont attendu de %d à %d minutes", from, b.UpTo))
		if b.UpTo == 0 {
			t = text(fmt.Sprintf("Waited %d minutes or more", from), fmt.Sprintf("Ont attendu %d minutes ou plus", from))
		}
		out = append(out, guichet.Field{ID: first + i, Name: b.Field, Concept: "OBS_VALUE", Title: t, Type: guichet.TypeDecimal, Role: guichet.Measure, Place: guichet.InRow, Unit: persons})
		from = b.UpTo + 1
	}
	return out
}

// submissionFields are constant for a file and stand once. Ids from 101.
func submissionFields() []guichet.Field {
	f := func(id int, name, list, en, fr string, role guichet.Role) guichet.Field {
		return guichet.Field{ID: id, Name: name, Title: text(en, fr), Type: guichet.TypeText, Role: role, Place: guichet.InSubmission, List: list, Required: true}
	}
	grain := f(102, "grain", "CL_GRAIN", "Grain", "Grain", guichet.Dimension)
	grain.Separate = true
	office := f(105, "office", "", "Office", "Office", guichet.Attribute)
	office.Required = false
	return []guichet.Field{
		f(101, "cube", "", "Table of the office", "Tableau de l’office", guichet.Dimension),
		grain,
		f(103, "regime", "CL_REGIME", "Legal regime", "Régime juridique", guichet.Attribute),
		f(104, "licence", "", "Licence", "Licence", guichet.Attribute),
		office,
		f(106, "source", "", "Where it is published", "Lieu de publication", guichet.Attribute),
	}
}

// draftsFile holds agreements over crossings to begin with.
//
//go:embed drafts.json
var draftsFile []byte
