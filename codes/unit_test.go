package codes_test

import (
	"testing"

	"guichet/codes"
)

func unit(t *testing.T, list, key string) codes.Unit {
	t.Helper()
	u, ok := codes.UnitIn(list, key)
	if !ok {
		t.Fatalf("unit %s of %s is not known", key, list)
	}
	return u
}

func TestFactorsAreExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list, from, to string
		num, den       int64
	}{
		{"rec20", "LBR", "KGM", 45359237, 100000000},
		{"rec20", "ONZ", "KGM", 45359237, 1600000000},
		{"rec20", "APZ", "GRM", 19439673, 625000}, // 31.1034768 g
		{"rec20", "TNE", "KGM", 1000, 1},
		{"rec20", "STN", "LBR", 2000, 1},
		{"rec20", "CTM", "GRM", 1, 5},
		{"rec20", "LTR", "MTQ", 1, 1000},
		{"rec20", "BLL", "GLL", 42, 1},
		{"rec20", "DZN", "NMB", 12, 1},
		{"rec20", "GRO", "DZN", 12, 1},
		{"rec20", "DPR", "NPR", 12, 1},
		{"rec20", "INH", "MMT", 127, 5},
		{"rec20", "FTK", "INK", 144, 1},
		{"rec20", "MWH", "JOU", 3600000000, 1},
		{"us", "DOZ", "NO", 12, 1},
		{"us", "PFL", "L", 0, 0},
		{"us", "K", "NO", 1000, 1},
		{"us", "DPR", "PRS", 12, 1},
		{"nz", "tne", "KGM", 1000, 1},
		{"nz", "NPR", "KGM", 0, 0},
		{"ca", "PAR", "NMB", 0, 0},
		{"ca", "TSD", "KSD", 1000, 1},
		{"ca", "TMQ", "MTQ", 1000, 1},
		{"comtrade", "2u", "kg", 0, 0},
		{"comtrade", "8", "21", 1, 1000},
		{"comtrade", "kg", "kg N", 0, 0},
		{"comtrade", "N/A", "N/A", 0, 0},
		{"wco", "1000u", "u", 1000, 1},
		{"eu", "PA", "P/ST", 0, 0},
		{"rec20", "SET", "H87", 0, 0},
	} {
		num, den, ok := codes.Factor(unit(t, c.list, c.from), unit(t, c.list, c.to))
		if num != c.num || den != c.den || ok != (c.num != 0) {
			t.Errorf("%s: one %s is %d/%d %s (%v), want %d/%d", c.list, c.from, num, den, c.to, ok, c.num, c.den)
		}
	}
}

func TestFactorsInvert(t *testing.T) {
	t.Parallel()
	byMeasure := map[string][]codes.Unit{}
	for _, r := range codes.RecUnits() {
		byMeasure[r.Measure] = append(byMeasure[r.Measure], r)
	}
	pairs := 0
	for measure, units := range byMeasure {
		for _, a := range units {
			for _, b := range units {
				n1, d1, ok1 := codes.Factor(a, b)
				n2, d2, ok2 := codes.Factor(b, a)
				if ok1 != ok2 || ok1 && (n1 != d2 || d1 != n2 || n1 <= 0 || d1 <= 0) {
					t.Errorf("%s, %s: %d/%d (%v) one way, %d/%d (%v) the other", a.Code, b.Code, n1, d1, ok1, n2, d2, ok2)
				}
				if ok1 {
					pairs++
				}
				if (measure == "" || measure == "none") && ok1 {
					t.Errorf("%s, %s: a factor without a measure", a.Code, b.Code)
				}
			}
		}
	}
	if pairs < 5000 {
		t.Errorf("only %d pairs have a factor", pairs)
	}
}

func TestUnitsHaveNames(t *testing.T) {
	t.Parallel()
	for _, l := range codes.UnitLists() {
		if l == "rec20" {
			continue
		}
		for _, key := range codes.UnitKeys(l) {
			u := unit(t, l, key)
			if u.NameEN == "" || u.NameFR == "" || u.Measure == "" {
				t.Errorf("%s %q: %+v", l, key, u)
			}
			if v, ok := codes.UnitByCode(u.Code); !ok || v != u {
				t.Errorf("%s is not found by its own code", u.Code)
			}
		}
	}
	for key, want := range map[string]string{"PAR": "PR", "PRS": "PR", "Paires": "PR", "pares": "PR", "docena": "DZN", "Kg": "KGM", "UNIDAD": "H87", "m²": "MTK"} {
		if u, ok := codes.UnitIn("common", key); !ok || u.Code != want {
			t.Errorf("the common unit %q is %q, want %s", key, u.Code, want)
		}
	}
	if u, ok := codes.UnitIn("us", " kg "); !ok || u.Code != "KGM" {
		t.Errorf("a unit between spaces: %v %v", u, ok)
	}
	for _, c := range [][2]string{{"us", "QQQ"}, {"nowhere", "KGM"}, {"us", ""}, {"common", "TON"}, {"common", "CAJA"}} {
		if u, ok := codes.UnitIn(c[0], c[1]); ok {
			t.Errorf("%v should lead nowhere, got %s", c, u.Code)
		}
	}
}
