package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
)

// objectsYAML is the small profile for rows of JSON objects, with what stands
// beside them.
func objectsYAML() string {
	text := strings.Replace(smallYAML, "{kind: csv}", "{kind: json-objects, at: data.rows, beside: [{name: error, only: [\"\"], optional: true}, {name: data.count}]}", 1)
	text = strings.Replace(text, "{name: value}", "{name: value, number: true}\n  - {name: note, optional: true, ignored: true}", 1)
	return text + "controls:\n  - {name: rows, stated: {tail: data.count}, found: {lines: true}}\n"
}

const objectsText = `{"took": 5.2E-05, "meta": {"a": [1, {"b": null}, []], "c": {}}, "error": "",
 "data": {"count": 2, "rows": [
  {"month": "2025-01", "code": "0101", "country": "AU", "value": 10.0, "note": true},
  {"value": -20.50, "country": "\u00c9\ud83d\ude00\"", "code": "0102", "month": "2025-01"}
 ]}, "last": false}
`

func objects(tb testing.TB) []*ingest.Profile {
	tb.Helper()
	return []*ingest.Profile{parse(tb, objectsYAML())}
}

func TestObjectsThatAreTaken(t *testing.T) {
	const (
		head = "_line,month,code,country,value,note\n"
		rows = head + "1,2025-01,0101,AU,10.0,true\n2,2025-01,0102,\"É😀\"\"\",-20.50,\n"
	)
	root := strings.Replace(objectsYAML(), ", at: data.rows, beside: [{name: error, only: [\"\"], optional: true}, {name: data.count}]", "", 1)
	root, _, _ = strings.Cut(root, "controls:")
	for _, c := range []struct {
		name, profile string
		file          []byte
		want          string
	}{
		{"as it is", objectsYAML(), []byte(objectsText), rows},
		{"byte order mark", objectsYAML(), []byte("\xef\xbb\xbf" + objectsText), rows},
		{"gzip", objectsYAML(), gz(t, []byte(objectsText)), rows},
		{"in one line", objectsYAML(), []byte(strings.ReplaceAll(objectsText, "\n", "")), rows},
		{"CRLF", objectsYAML(), []byte(strings.ReplaceAll(objectsText, "\n", "\r\n")), rows},
		{"null", objectsYAML(), []byte(strings.Replace(objectsText, "10.0", "null", 1)), strings.Replace(rows, "10.0", "", 1)},
		{"a figure as text", objectsYAML(), []byte(strings.Replace(objectsText, "10.0", `"10.0"`, 1)), rows},
		{"a missing key", objectsYAML(), []byte(strings.Replace(objectsText, `"country": "\u00c9\ud83d\ude00\"", `, "", 1)), head + "1,2025-01,0101,AU,10.0,true\n2,\"month=2025-01, code=0102, value=-20.50\"\n"},
		{"a code as a number", objectsYAML(), []byte(strings.Replace(objectsText, `"0102"`, "102", 1)), head + "1,2025-01,0101,AU,10.0,true\n2,\"month=2025-01, code=102, country=É😀\"\", value=-20.50\"\n"},
		{"none", objectsYAML(), []byte(`{"data": {"rows": [], "count": 0}}`), head},
		{"the whole document", root, []byte(`[{"month":"2025-01","code":"01","country":"AU","value":1}]`), head + "1,2025-01,01,AU,1,\n"},
		{"the whole document, none", root, []byte(" [ ] "), head},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := prepareBy(t, write(t, "file", c.file), ingest.Options{Profiles: []*ingest.Profile{parse(t, c.profile)}})
			if err != nil {
				t.Fatal(err)
			}
			text, _ := taken(t, "", got)
			if diff := cmp.Diff(c.want, text); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, k := range got.Controls {
				if !k.OK() {
					t.Errorf("the control %s: stated %s, found %s", k.Name, k.Stated, k.Found)
				}
			}
		})
	}
}

func TestObjectsCountThatDiffers(t *testing.T) {
	got, err := prepareBy(t, write(t, "f", []byte(strings.Replace(objectsText, `"count": 2`, `"count": 360`, 1))), ingest.Options{Profiles: objects(t)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Controls) != 1 || got.Controls[0].OK() || got.Controls[0].Stated.String() != "360" || got.Controls[0].Found.String() != "2" {
		t.Errorf("controls %+v, want 360 stated and 2 found", got.Controls)
	}
}

func TestObjectsThatAreRefused(t *testing.T) {
	deep := `"last": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, c := range []struct {
		name, old, new string
		kind           guichet.Kind
		says           string
	}{
		{"another place", `"rows"`, `"lines"`, guichet.KindUnrecognised, `no JSON with rows of objects at "data.rows"`},
		{"not JSON", `{"took"`, `took`, guichet.KindUnrecognised, "no JSON"},
		{"a missing key in the first row", `"country": "AU", `, "", guichet.KindUnrecognised, "column 'country' is missing"},
		{"an unknown key in the first row", `"note"`, `"notes"`, guichet.KindUnrecognised, "column 'notes' is not known"},
		{"twice in the first row", `"note"`, `"month"`, guichet.KindUnrecognised, "column 'month' stands twice"},
		{"a code as a number in the first row", `"0101"`, "101", guichet.KindUnrecognised, "column 'code' is a number"},
		{"nested", "10.0", "[10.0]", guichet.KindUnrecognised, "'['"},
		{"an unknown key later", `"value": -20.50`, `"value": -20.50, "mode": 1`, guichet.KindInvalid, "row 2: column 'mode' is not known"},
		{"twice later", `"value": -20.50`, `"value": -20.50, "value": 1`, guichet.KindInvalid, "row 2, byte 223: the key 'value' stands twice"},
		{"nested later", "-20.50", `{"usd": 1}`, guichet.KindInvalid, "row 2"},
		{"an exponent", "-20.50", "2e1", guichet.KindInvalid, "exponent"},
		{"a leading zero", "-20.50", "020", guichet.KindInvalid, "no plain number: 020"},
		{"a word", "-20.50", "nil", guichet.KindInvalid, "row 2"},
		{"a NUL", "0102", `\u0000`, guichet.KindInvalid, "NUL"},
		{"a comma too many", "-20.50, ", "-20.50,, ", guichet.KindInvalid, "','"},
		{"a comma after the last row", "\n ]}", "\n ,]}", guichet.KindInvalid, "']'"},
		{"cut", `"2025-01"}` + "\n ]}, \"last\": false}\n", `"2025`, guichet.KindInvalid, "truncated: the JSON ends in row 2"},
		{"cut after the rows", ", \"last\": false}\n", "", guichet.KindInvalid, "truncated"},
		{"more after the end", "false}\n", "false}\n{}", guichet.KindInvalid, "after the end"},
		{"the rows twice", `"last": false`, `"data": {"count": 2, "rows": []}`, guichet.KindInvalid, "stands twice"},
		{"an error beside", `"error": ""`, `"error": "too many"`, guichet.KindInvalid, `"too many" as its error`},
		{"an error beside, twice", `"error": ""`, `"error": "", "error": "x"`, guichet.KindUnrecognised, `"error" stands twice`},
		{"no count", `"count": 2, `, "", guichet.KindInvalid, `no "data.count" beside its rows`},
		{"a count that is none", `"count": 2`, `"count": "two"`, guichet.KindInvalid, "which is no number"},
		{"too deep", `"last": false`, deep, guichet.KindHostile, "nested more than 32 deep"},
		{"a broken number beside", "5.2E-05", "5.2E", guichet.KindUnrecognised, "no number"},
		{"a long row", "0102", strings.Repeat("1", 2<<20), guichet.KindHostile, "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(objectsText, c.old, c.new, 1)
			if text == objectsText {
				t.Fatal("the case changes nothing")
			}
			_, err := prepareBy(t, write(t, "f", []byte(text)), ingest.Options{Profiles: objects(t)})
			if guichet.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v (%s), want %s and %q", err, guichet.KindOf(err), c.kind, c.says)
			}
		})
	}
}

// A row that breaks a limit is refused whatever it is made of: many values, one
// key, one text.
func TestObjectsLimits(t *testing.T) {
	for name, row := range map[string]string{
		"a value": `"note": "` + strings.Repeat("x", 600) + `"`,
		"a key":   `"` + strings.Repeat("x", 600) + `": 1`,
		"values":  `"country": "` + strings.Repeat("A", 300) + `", "note": "` + strings.Repeat("x", 300) + `"`,
	} {
		text := strings.Replace(objectsText, `"value": -20.50, "country": "\u00c9\ud83d\ude00\""`, `"value": 1, `+row, 1)
		_, err := prepareBy(t, write(t, "f", []byte(text)), ingest.Options{Profiles: objects(t), Limits: ingest.Limits{Line: 512}})
		if guichet.KindOf(err) != guichet.KindHostile || !strings.Contains(err.Error(), "row 2 is longer than 512 bytes") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestObjectsProfileFaults(t *testing.T) {
	for _, c := range []struct{ name, old, new, says string }{
		{"another kind", "kind: json-objects", "kind: csv", "format.at: is only for the kind json-objects"},
		{"beside of another kind", "kind: json-objects, at: data.rows", "kind: csv", "format.beside: is only for the kind json-objects"},
		{"beside nothing", "at: data.rows, ", "", "nothing stands beside it"},
		{"a path twice", "{name: error,", "{name: data.count,", `the path "data.count" stands twice`},
		{"the rows themselves", "{name: data.count}", "{name: data.rows}", `the path "data.rows" stands twice`},
		{"no name", "{name: data.count}", "{name: \"\"}", "format.beside[1].name: must be said"},
		{"a control of nothing", "tail: data.count", "tail: count", `no column "count"`},
		{"several members", "at: data.rows", `at: data.rows, members: '(?P<part>\d+).json'`, "several members are not added up"},
	} {
		text := strings.Replace(objectsYAML(), c.old, c.new, 1)
		if text == objectsYAML() {
			t.Fatalf("%s changes nothing", c.name)
		}
		_, err := ingest.ParseProfile("p.yaml", []byte(text))
		if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
}

func FuzzObjects(f *testing.F) {
	for _, s := range []string{
		objectsText, `{"data":{"rows":[{"code":"1"}]}}`, `{"data":{"rows":[{"value":1e3}]}}`, `{"data":{"rows":[{"code":1,"code":2}]}}`,
		`{"a":[[[1]]],"data":{"rows":[]}}`, `{"data":{"rows":[{"month":true}]`, `{"data":{"rows":[{"note":null},{}]}} x`, "[]", "{}",
	} {
		f.Add([]byte(s))
	}
	p := parse(f, objectsYAML())
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ingest.ObjectRows(bytes.NewReader(b), p, fuzzLimit)
		if err != nil {
			if k := guichet.KindOf(err); k == guichet.KindInternal {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		// What we take, the library takes too, with as many rows and the same values.
		var want map[string]any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q is read, and is no JSON: %v", b, err)
		}
		// Of two objects of one name the library keeps the last.
		if !utf8.Valid(b) || bytes.Count(b, []byte(`"data"`)) != 1 || bytes.Count(b, []byte(`"rows"`)) != 1 || bytes.Contains(b, []byte(`\u`)) {
			return
		}
		outer, _ := want["data"].(map[string]any)
		list, _ := outer["rows"].([]any)
		if len(list) != len(rows) {
			t.Fatalf("%q: %d rows, want %d", b, len(rows), len(list))
		}
		for i, of := range list {
			row, _ := of.(map[string]any)
			for j, name := range []string{"month", "code", "country", "value", "note"} {
				w := row[name]
				if w == nil {
					w = ""
				}
				if fmt.Sprint(w) != rows[i][j] {
					t.Fatalf("%q: row %d, %s is %q, want %q", b, i, name, rows[i][j], w)
				}
			}
		}
	})
}
