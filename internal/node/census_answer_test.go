package node_test

import (
	"os"
	"path/filepath"
	"testing"

	"guichet"
	"guichet/internal/node"
)

// answer writes a made-up answer of the Census Bureau's API and takes it in,
// marked as made.
func (h *house) answer(t *testing.T, name, text string) guichet.Submission {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.take(t, node.IngestRequest{File: path, Generated: true}).Submission
}

// importsHead are the columns of the made-up answers of imports.
const importsHead = `[["CTY_CODE","GEN_VAL_MO","CON_VAL_MO","CAL_DUT_MO","AIR_VAL_MO","VES_VAL_MO","GEN_QY1_MO","GEN_QY1_MO_FLAG","UNIT_QY1","I_COMMODITY","COMM_LVL","SUMMARY_LVL","YEAR","MONTH"],
`

// importsHS10 are two countries, their sum, and a group of both.
const importsHS10 = `["1220","30","20","2","10","5","7",null,"KG","9018390020","HS10","DET","2024","01"],
["2010","12","12","0","0","12","0","M","KG","9018390020","HS10","DET","2024","01"],
["-","42","32","2","10","17","7",null,"KG","9018390020","HS10","DET","2024","01"],
["0020","42","32","2","10","17","7",null,"KG","9018390020","HS10","CGP","2024","01"]`

// TestCensusAnswerOfImports: the API's own JSON, with groups of countries, both
// trade systems, quantities that are missing and modes of transport: each
// figure once.
func TestCensusAnswerOfImports(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	sub := h.answer(t, "answer.json", importsHead+importsHS10+"]")
	if sub.Aside != 0 || sub.Lines != 4 || sub.Field("cube") != "us-imports-api-hs10-extract" {
		t.Errorf("%d of %d lines put aside of %s, want none of four of us-imports-api-hs10-extract (%v)", sub.Aside, sub.Lines, sub.Field("cube"), sub.Reasons)
	}
	for _, words := range []string{"product=901839", "product=9018390020", "product=90", ""} {
		a := h.ask(t, "reporter=US flow=imports period=2024-01 "+words)
		want(t, a, "trade_system=general", "value", "42")
		want(t, a, "trade_system=special_relaxed", "value", "32")
	}
	a := h.ask(t, "reporter=US flow=imports period=2024-01 product=9018390020 by=partner,mode trade_system=general")
	for words, sum := range map[string]string{"partner=CA mode=4": "10", "partner=CA mode=1": "5", "partner=CA mode=0": "15", "partner=MX mode=1": "12"} {
		want(t, a, words, "value", sum)
	}
	wantTotal(t, a, "", "42")
	want(t, h.ask(t, "reporter=US flow=imports period=2024-01 product=9018390020 trade_system=special_relaxed measure=duty"), "", "duty", "2")
	a = h.ask(t, "reporter=US flow=imports period=2024-01 product=9018390020 trade_system=general partner=CA,MX by=partner measure=value,quantity")
	want(t, a, "partner=CA", "quantity", "7")
	if q := rows(t, a, "partner=MX")[0]["quantity"]; q != nil {
		t.Errorf("a quantity that is missing stands as %v", q)
	}
	remark(t, a, "quantity_not_reported", "")
}

// TestCensusAnswerOfLevels: ten digits, six, and the total of all goods in one
// answer are never added.
func TestCensusAnswerOfLevels(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	sub := h.answer(t, "answer.json", importsHead+importsHS10+`,
["1220","30","20","2","10","5","0",null,"-","901839","HS6","DET","2024","01"],
["2010","12","12","0","0","12","0",null,"-","901839","HS6","DET","2024","01"],
["-","42","32","2","10","17","0",null,"-","901839","HS6","DET","2024","01"],
["1220","30","20","2","10","5","0",null,"-","-","-","DET","2024","01"],
["2010","12","12","0","0","12","0",null,"-","-","-","DET","2024","01"],
["-","42","32","2","10","17","0",null,"-","-","-","DET","2024","01"]]`)
	if sub.Aside != 0 || sub.Lines != 10 {
		t.Errorf("%d of %d lines put aside, want none of ten (%v)", sub.Aside, sub.Lines, sub.Reasons)
	}
	for _, words := range []string{"product=901839", "product=90", "product=9018390020", "product=9018390020 by=partner", "", "by=hs6", "by=hs2,partner", "by=mode"} {
		a := h.ask(t, "reporter=US flow=imports period=2024-01 "+words)
		wantTotal(t, a, "trade_system=general", "42")
	}
}

// TestCensusAnswerOfExports: domestic and foreign goods and their sum are three
// flows.
func TestCensusAnswerOfExports(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	h.answer(t, "answer.json", `[["E_COMMODITY","ALL_VAL_MO","DF","CTY_CODE","COMM_LVL","time"],
["9018390020","30","1","4190","HS10","2024-01"],
["9018390020","12","2","4190","HS10","2024-01"],
["9018390020","42","-","4190","HS10","2024-01"]]`)
	a := h.ask(t, "reporter=US period=2024-01 product=901839 partner=IE")
	for flow, sum := range map[string]string{"domestic_exports": "30", "re_exports": "12", "exports": "42"} {
		want(t, a, "flow="+flow, "value", sum)
	}
}

// TestCensusAnswerRefused: lines that are parts of other lines by a column that
// is not there, a line without any figure, a month that is not said.
func TestCensusAnswerRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	for name, c := range map[string]struct {
		text string
		kind guichet.Kind
	}{
		"by district, unsaid": {"E_COMMODITY,ALL_VAL_MO,CTY_CODE,COMM_LVL,SUMMARY_LVL2,time\n9018390020,30,4190,HS10,HSDTCY,2024-01\n", guichet.KindTooMany},
		"by district":         {"E_COMMODITY,ALL_VAL_MO,CTY_CODE,COMM_LVL,DISTRICT,time\n9018390020,30,4190,HS10,01,2024-01\n", guichet.KindUnrecognised},
		"no figure":           {"I_COMMODITY,CTY_CODE,COMM_LVL,time\n9018390020,4190,HS10,2024-01\n", guichet.KindTooMany},
		"no month":            {"E_COMMODITY,ALL_VAL_MO,CTY_CODE,COMM_LVL,YEAR\n9018390020,30,4190,HS10,2024\n", guichet.KindTooMany},
		"another level":       {"E_COMMODITY,ALL_VAL_MO,CTY_CODE,COMM_LVL,time\n33451,30,4190,NA5,2024-01\n", guichet.KindUnrecognised},
	} {
		path := filepath.Join(t.TempDir(), "answer.csv")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := h.Ingest(t.Context(), node.IngestRequest{File: path, Generated: true})
		if guichet.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want an error of the kind %s", name, err, c.kind)
		}
	}
	h.check(t)
}
