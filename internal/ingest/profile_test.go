package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

// faultsOf returns what parsing, or else checking, says of a profile.
func faultsOf(text string) string {
	p, err := ingest.ParseProfile("small.yaml", []byte(text))
	if err == nil {
		err = p.Check(trade.Dataset())
	}
	if err == nil {
		return ""
	}
	if guichet.KindOf(err) != guichet.KindInvalid {
		return "of the wrong kind: " + err.Error()
	}
	return err.Error()
}

// faultCase is a change to the profile without fault, and what is said of it.
type faultCase struct {
	name, old, new string
	want           []string
}

func TestFaultsOfProfiles(t *testing.T) {
	if got := faultsOf(smallYAML); got != "" {
		t.Fatalf("the profile without fault has one: %s", got)
	}
	for _, c := range slices.Concat(faultsOfForm(), faultsOfMeaning(), faultsOfRecords()) {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(smallYAML, c.old, c.new, 1)
			if text == smallYAML {
				t.Fatalf("the case changes nothing: %q is not in the profile", c.old)
			}
			got := faultsOf(text)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in:\n%s", want, got)
				}
			}
		})
	}
}

// faultsOfForm are found without knowing the dataset.
func faultsOfForm() []faultCase {
	return []faultCase{
		{"nothing", smallYAML, "", []string{"line 1: the profile is empty"}},
		{"broken", "format: {kind: csv}", "format: {kind: csv", []string{"no YAML"}},
		{"unknown key", "office: Test", "offfice: Test", []string{`line 5: profile: the key "offfice" is not known`}},
		{"unknown key within", "format: {kind: csv}", "format: {kind: csv, separator: ';'}", []string{`line 10: format: the key "separator" is not known`}},
		{"key twice", "reporter: NZ", "reporter: NZ\nreporter: AU", []string{`line 7: profile: the key "reporter" stands twice; first on line 6`}},
		{"anchor", "reporter: NZ", "reporter: &r NZ", []string{"line 6: reporter: anchors and aliases are not read"}},
		{"alias", "name: small\n", "name: &n small\nremarks: [*n]\n", []string{"anchors and aliases"}},
		{"merge", "name: small\n", "name: small\n<<: {version: 2}\n", []string{"a key must be a plain text"}},
		{"null", "reporter: NZ", "reporter:", []string{"line 6: reporter: a value is missing"}},
		{"second document", "update: {action", "---\nupdate: {action", []string{"a second one begins"}},
		{"text for a number", "version: 1", "version: one", []string{`line 2: version: "one" is no whole number`}},
		{"text for a truth", "redistribute: true", "redistribute: yes", []string{`"yes" is neither true nor false`}},
		{"text for a list", "columns: [code, month]", "columns: code", []string{"keys.commodity.columns: a list must stand here"}},
		{"a list for a text", "reporter: NZ", "reporter: [NZ]", []string{"reporter: one value must stand here"}},
		{"NUL", "office: Test", "office: \x00", []string{"no YAML"}},
		{"two at once", "reporter: NZ\nsource", "reporterr: NZ\nsourc", []string{`line 6: profile: the key "reporterr"`, `line 7: profile: the key "sourc"`, "2 faults"}},
		{"bad name", "name: small", "name: Small Profile", []string{`line 1: name: "Small Profile" must be lower-case`}},
		{"no redistribute", "redistribute: true\n", "", []string{"redistribute: must be said"}},
		{"no French", "fr: Petit", `fr: ""`, []string{"title.fr: must be said"}},
		{"kind", "kind: csv", "kind: xml", []string{`line 10: format.kind: "xml" is not known; known are csv, json-arrays, records`}},
		{"container", "kind: csv", "kind: csv, container: [rar]", []string{`format.container[0]: "rar" is not known`}},
		{"encoding", "kind: csv", "kind: csv, encoding: [ebcdic]", []string{`format.encoding[0]: "ebcdic" is not known`}},
		{"delimiter", "kind: csv", "kind: csv, delimiter: '||'", []string{"format.delimiter"}},
		{"members", "kind: csv", "kind: csv, members: '('", []string{"line 10: format.members: no regular expression"}},
		{"captured twice", "kind: csv", "kind: csv, members: '(?P<code>x)'", []string{`the name "code" is taken by a column`}},
		{"column twice", "{name: country}", "{name: code}", []string{`line 14: columns[2].name: the name "code" is taken by a column`}},
		{"position", "{name: country}", "{name: country, from: 3, to: 4}", []string{"positions are only for the kind records"}},
		{"our column", "{name: country}", "{name: _line}", []string{`the name "_line" is taken`}},
	}
}

// faultsOfMeaning are in what is said of the whole file.
func faultsOfMeaning() []faultCase {
	return []faultCase{
		{"dataset", "dataset: trade", "dataset: fish", []string{`line 4: dataset: the dataset is called "trade"`}},
		{"reporter", "reporter: NZ", "reporter: QQ", []string{`line 6: reporter: "QQ" is no area`}},
		{"currency", "currency: NZD", "currency: NZX", []string{`fields.currency: "NZX" is no currency`}},
		{"regime", "regime: statistical", "regime: secret", []string{`fields.regime: "secret" is not known`}},
		{"submission field", "currency: NZD,", "", []string{`the dataset needs the field "currency"`}},
		{"unknown submission field", "currency: NZD,", "currency: NZD, flow: imports,", []string{`fields.flow: the dataset has no such field of a submission`}},
		{"cube twice", "currency: NZD,", "currency: NZD, cube: x,", []string{"fields.cube: is said elsewhere"}},
		{"covers", "product: all", "weather: all", []string{`cube.covers.weather: "weather" is no dimension`}},
		{"covers how", "product: all", "product: some", []string{`cube.covers.product: "some" is not known`}},
		{"action", "action: replace", "action: merge", []string{`update.action: "merge" is not known`}},
		{"scope", "scope: [flow, period]", "scope: [flow, weather]", []string{`update.scope[1]: "weather" is no dimension`}},
		{"scope not filled", "scope: [flow, period]", "scope: [flow, port]", []string{`update.scope[1]: nothing fills the field "port"`}},
		{"scope of no period", "scope: [flow, period]", "scope: [file_period]", []string{"does not say where the file names its period"}},
		{"no scope", "scope: [flow, period]", "scope: []", []string{"update.scope: must be said"}},
	}
}

// faultsOfRecords are in keys, records and what makes them.
func faultsOfRecords() []faultCase {
	return []faultCase{
		{"rule", "rule: area", "rule: country", []string{`line 24: keys.partner.rule: "country" is not known`}},
		{"parameter", "params: {list: iso2}", "params: {list: iso2, lang: en}", []string{"keys.partner.params.lang: the rule area has no such parameter"}},
		{"area list", "list: iso2", "list: iso9", []string{`keys.partner.params.list: the list "iso9" is not known`}},
		{"commodity list", "list: hs,", "list: nz-btki,", []string{`the list "nz-btki" is not known`}},
		{"key column", "columns: [country]", "columns: [land]", []string{`keys.partner.columns[0]: there is no column "land"`}},
		{"key field", "fields: [partner, partner_kind]", "fields: [partner, kind]", []string{`the dataset has no field "kind" in its rows`}},
		{"key fills measure", "fields: [freq, period]", "fields: [freq, period, duty]", []string{`"duty" is a measure`}},
		{"key not used", "keys: [commodity, partner, period]", "keys: [commodity, partner]", []string{"keys.period: no record uses it", `nothing fills the required field "period"`}},
		{"no such key", "keys: [commodity, partner, period]", "keys: [commodity, partner, period, unit]", []string{`records[0].keys[3]: there is no key "unit"`}},
		{"a required field", "flow: imports, trade_system: general, ", "flow: imports, ", []string{`line 27: records[0]: nothing fills the required field "trade_system"`}},
		{"two columns for one field", "measures: {value", "texts: {partner: value}\n    measures: {value", []string{`the field "partner" is filled twice: by the column value and by the key partner`}},
		{"reporter twice", "fields: [partner, partner_kind]", "fields: [partner, partner_kind, reporter]", []string{`the field "reporter" is filled twice`}},
		{"a constant contradicts", "records:", "every: {constants: {flow: exports}}\nrecords:", []string{`the field "flow" is filled twice: by a constant and by a constant`}},
		{"constant", "flow: imports, trade", "flow: inward, trade", []string{`records[0].constants.flow: "inward" is not known`}},
		{"exports have no origin", "flow: imports, trade", "flow: exports, trade", []string{"goods of the flow exports go to a partner: its role cannot be origin"}},
		{"a code read as a figure", "{column: value,", "{column: code,", []string{`the national code "code" is read as the figure "value"`}},
		{"a code read as a number", "- {name: code}", "- {name: code, number: true}", []string{"would be read as a number and lose its leading zeros"}},
		{"figure may be missing", "required: true, ", "", []string{`"value" stands for all others: it must be required`}},
		{"decimals", "decimals: 3", "decimals: 4", []string{"figures are kept with 0 to 3 decimals"}},
		{"measure", "measures: {value:", "measures: {worth:", []string{`the dataset has no field "worth"`}},
		{"not used", "  - {name: value}\n", "  - {name: value}\n  - {name: port}\n", []string{`line 16: columns[4]: the column "port" is neither used nor said to be ignored`}},
		{"ignored and used", "{name: value}", "{name: value, ignored: true}", []string{`the column "value" is said to be ignored, and used`}},
		{"twins", "update:", "  - constants: {flow: imports, trade_system: general, valuation: cif, partner_role: origin}\n    measures: {value: {column: value, required: true}}\n    keys: [commodity, partner, period]\nupdate:", []string{"they would be counted twice"}},
		{"remark", "update:", "remarks: [nonsense]\nupdate:", []string{`remarks[0]: there is no remark "nonsense"`}},
		{"mark", "params: {list: hs, flow", "marks: [{pattern: '^99$', common: $1, fields: {coverage: normal}}]\n    params: {list: hs, flow", []string{"the pattern has no part $1", "is not among the fields that this key fills"}},
		{"tail without one", "update:", "controls: [{name: x, stated: {tail: total}, found: {sum: [value]}}]\nupdate:", []string{`controls[0].stated.tail: the tail line has no column "total"`}},
		{"derive", "cube:", "derive: [{name: _x, cases: [{when: [{column: land, in: [a]}], value: b}]}]\ncube:", []string{`there is no column "land"`}},
		{"derive what", "cube:", "derive: [{name: _x, cases: [{when: [{column: code, in: [a], zero: true}], value: b}]}]\ncube:", []string{"exactly one of in, same, matches, zero and over"}},
	}
}

func TestVersionIsOfTheText(t *testing.T) {
	a, b := parse(t, smallYAML), parse(t, smallYAML+"# a comment\n")
	if a.Version() == b.Version() || !strings.HasPrefix(a.Version(), "1+") {
		t.Errorf("versions %s and %s", a.Version(), b.Version())
	}
}

func TestConformity(t *testing.T) {
	got := map[string]string{}
	for _, u := range small(t).Conformity(trade.Dataset()) {
		got[u.Field] = u.How + " " + u.From
	}
	want := map[string]string{
		"submission": "house ", "reporter": "constant NZ", "flow": "constant imports", "value": "column value",
		"partner": "judged area over country (list iso2)", "currency": "constant NZD", "duty": "absent ",
	}
	for f, w := range want {
		if diff := cmp.Diff(w, got[f]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f, diff)
		}
	}
}

// Codes are texts, whatever YAML takes them for.
func TestYAMLKeepsCodes(t *testing.T) {
	text := strings.Replace(smallYAML, "records:\n", "derive:\n  - name: _x\n    cases: [{when: [{column: code, in: [008, 0x10, NO, 1e3]}], value: 010}]\nrecords:\n", 1)
	p := parse(t, text)
	if diff := cmp.Diff([]string{"008", "0x10", "NO", "1e3"}, p.Derive[0].Cases[0].When[0].In); diff != "" || p.Derive[0].Cases[0].Text != "010" {
		t.Errorf("codes were changed (-want +got):\n%s", diff)
	}
}
