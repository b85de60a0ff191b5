package codes_test

import (
	"strings"
	"testing"

	"guichet/codes"
)

func TestAreaInMeansOneThing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list, key, code string
		kind            codes.AreaKind
	}{
		{"iso2", "NA", "NA", codes.Country},
		{"iso2", "na", "NA", codes.Country},
		{"iso3", "PRI", "PR", codes.Part},
		{"m49", "004", "AF", codes.Country},
		{"m49", "4", "AF", codes.Country},
		{"m49", "001", "W0", codes.World},
		{"comtrade", "842", "US", codes.Country},
		{"comtrade", "0", "W0", codes.World},
		{"comtrade", "000", "W0", codes.World},
		{"comtrade", "492", "_NE.EU", codes.NES},
		{"comtrade", "490", "_NE.ASIA", codes.NES},
		{"comtrade", "200", "CSHH", codes.Country},
		{"comtrade", "412", "XK", codes.NoISO},
		{"comtrade", "381", "IT", codes.Country},
		{"comtrade", "97", "G:EU", codes.Group},
		{"us-schedule-c", "5082", "PS-GZ", codes.Part},
		{"us-schedule-c", "4803", "XK", codes.NoISO},
		{"us-schedule-c", "7920", "NA", codes.Country},
		{"us-schedule-c", "-", "W0", codes.World},
		{"us-census-names", "ST VINCENT AND THE GRENADINES", "VC", codes.Country},
		{"us-census-names", "KOREA, SOUTH", "KR", codes.Country},
		{"uk-hmrc", "XS", "RS", codes.Country},
		{"uk-hmrc", "YY", "_SU.EU", codes.Suppressed},
		{"uk-hmrc", "QS", "_ST.XEU", codes.Stores},
		{"uk-hmrc", "ZY", "_ES.XEU", codes.Unallocated},
		{"uk-hmrc", "RE", "RE", codes.Part},
		{"uk-hmrc", "  ", "_NB", codes.NotBrokenDown},
		{"uk-hmrc-seq", "011", "ES", codes.Country},
		{"uk-hmrc-seq", "977", "_SU.EU", codes.Suppressed},
		{"nz-names", "China, People's Republic of", "CN", codes.Country},
		{"nz-names", "Ships' Stores", "_ST", codes.Stores},
		{"nz-names", "Ships' Bunkering", "_BK", codes.Bunkers},
		{"nz-names", "Passengers' Effects", "_PE", codes.Passengers},
		{"nz-names", "Destination Unknown - EU", "_UN.EU", codes.Unknown},
		{"nz-names", "Côte d’Ivoire", "CI", codes.Country},
		{"nz-names", " saint  barthelemy ", "BL", codes.Part},
		{"indonesia-names", "Inggris", "GB", codes.Country},
		{"french-names", "Allemagne", "DE", codes.Country},
		{"french-names", "ETATS-UNIS", "US", codes.Country},
		{"french-names", "Germany", "DE", codes.Country},
		{"names", "Other countries", "_NE", codes.NES},
		{"names", "AREAS, NES", "_NE", codes.NES},
		{"names", "Otros países", "_NE", codes.NES},
		{"names", "Bahamas, The", "BS", codes.Country},
		{"names", "Congo, Dem. Rep.", "CD", codes.Country},
		{"names", "CONGO, D.R.", "CD", codes.Country},
		{"names", "St. Vincent", "VC", codes.Country},
		{"names", "Holland", "NL", codes.Country},
		{"names", "CARICOM", "G:CARICOM", codes.Group},
		{"names", "CEDEAO", "G:ECOWAS", codes.Group},
		{"french-names", "Pays non précisés", "_NE", codes.NES},
		{"french-names", "Autres pays", "_NE", codes.NES},
		{"french-names", "PAYS BAS", "NL", codes.Country},
		{"french-names", "Guinée Bissau", "GW", codes.Country},
		{"french-names", "Hong-Kong", "HK", codes.Country},
		{"french-names", "Cap-Vert", "CV", codes.Country},
		{"french-names", "Fédération de Russie", "RU", codes.Country},
		{"french-names", "Rép. Dém. du Congo", "CD", codes.Country},
		{"french-names", "Corée (République de)", "KR", codes.Country},
		{"french-names", "COTE D'IVOIRE", "CI", codes.Country},
		{"french-names", "Centrafrique", "CF", codes.Country},
		{"au-abs", "XZ", "_SEA", codes.HighSeas},
		{"au-abs", "AN", "AN", codes.Country},
	} {
		a, ok := codes.AreaIn(c.list, c.key)
		if !ok || a.Code != c.code || a.Kind != c.kind {
			t.Errorf("%s %q: got %s (%s), want %s (%s)", c.list, c.key, a.Code, a.Kind, c.code, c.kind)
		}
	}
	for _, c := range [][2]string{{"iso2", ""}, {"iso2", "ZZ"}, {"comtrade", ""}, {"nowhere", "FR"}, {"nz-names", "Atlantis"}, {"names", "-"}, {"iso3", "FR"}} {
		if a, ok := codes.AreaIn(c[0], c[1]); ok {
			t.Errorf("%s %q should lead nowhere, got %s", c[0], c[1], a.Code)
		}
	}
}

func TestAreasHoldTogether(t *testing.T) {
	t.Parallel()
	all := codes.Areas()
	iso := map[string]bool{}
	for _, a := range all {
		if a.ISO3 != "" {
			iso[a.Code] = true
		}
	}
	if len(iso) != 249 {
		t.Errorf("%d areas of ISO 3166-1, want 249", len(iso))
	}
	for _, a := range all {
		if b, ok := codes.AreaByCode(a.Code); !ok || a != b {
			t.Errorf("%s is not found by its own code", a.Code)
		}
		if a.NameEN == "" || a.NameFR == "" || strings.ContainsAny(a.NameEN+a.NameFR, "*|") || strings.HasSuffix(a.NameFR, "(le)") {
			t.Errorf("%s has a poor name: %q, %q", a.Code, a.NameEN, a.NameFR)
		}
		if a.PartOf != "" && !iso[a.PartOf] {
			t.Errorf("%s is part of %q, which is no country", a.Code, a.PartOf)
		}
		if s, ok := codes.AreaByCode(a.Superset); a.Superset != "" && (!ok || s.Kind != codes.Group) {
			t.Errorf("%s has the superset %q, which is no group", a.Code, a.Superset)
		}
		if a.Kind == codes.Part && a.PartOf == "" {
			t.Errorf("%s is part of nothing", a.Code)
		}
		own := strings.ContainsAny(a.Code, "_:-.0123456789") || len(a.Code) == 4 || a.Code == "XK" || a.To != "" || a.Code == "FX"
		if !iso[a.Code] && !own {
			t.Errorf("%s looks like a code of ISO, and is not", a.Code)
		}
		if in := a.Kind.InTotal(); in == (a.Kind == codes.World || a.Kind == codes.Group || a.Kind == codes.NotBrokenDown) {
			t.Errorf("%s, %s: in the total: %v", a.Code, a.Kind, in)
		}
	}
	if fr, _ := codes.AreaByCode("NL"); fr.NameFR != "Pays-Bas" || codes.AreaKind("").InTotal() {
		t.Errorf("the Netherlands are %q in French", fr.NameFR)
	}
	if ps, _ := codes.AreaByCode("AF"); ps.NameFR != "Afghanistan" {
		t.Errorf("Afghanistan is %q in French", ps.NameFR)
	}
	if len(codes.AreaLists()) != 15 {
		t.Errorf("lists: %v", codes.AreaLists())
	}
}

func FuzzAreaIn(f *testing.F) {
	f.Add("nz-names", "St. Lucia & more")
	f.Add("m49", "000")
	f.Fuzz(func(t *testing.T, list, key string) {
		if a, ok := codes.AreaIn(list, key); ok != (a.Code != "") {
			t.Errorf("AreaIn(%q, %q) = %v, %v", list, key, a, ok)
		}
		if once := codes.FoldName(key); codes.FoldName(once) != once {
			t.Errorf("folding %q twice gives %q, then %q", key, once, codes.FoldName(once))
		}
	})
}

func BenchmarkAreaIn(b *testing.B) {
	codes.AreaIn("iso2", "FR")
	for _, c := range [][2]string{{"us-schedule-c", "5700"}, {"nz-names", "China, People's Republic of"}, {"us-census-names", "ST LUCIA"}} {
		b.Run(c[0], func(b *testing.B) {
			for b.Loop() {
				codes.AreaIn(c[0], c[1])
			}
		})
	}
}
