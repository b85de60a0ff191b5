package demo

// good is one subheading of HS2022 with the national lines that its trade
// stands under. All are goods of the COVID-19 list.
type good struct {
	hs6      string
	name     string   // our own wording
	size     int64    // trade of the whole world in a year, US dollars
	perKg    int64    // US cents a kilogram
	perUnit  int64    // US cents a piece or pair; 0: counted in kilograms
	pairs    bool     // counted in pairs
	us       []string // HTS, ten digits
	nz       string   // NZ working tariff, ten digits
	nzUnit   string   // "" where NZ collects no quantity
	gb       []string // Combined Nomenclature, eight digits
	gbSITC   string   // five digits, as HMRC prints them
	gbSecond bool     // HMRC prints a supplementary unit
}

func goods() []good {
	return []good{
		{hs6: "220710", name: "Alcohol, not denatured, 80 % or more", size: 2e9, perKg: 110, us: []string{"2207106010", "2207106090"}, nz: "2207101900", nzUnit: "LTR", gb: []string{"22071000"}, gbSITC: "51215", gbSecond: true},
		{hs6: "340111", name: "Soap for the toilet", size: 3e9, perKg: 290, us: []string{"3401115000"}, nz: "3401110001", nzUnit: "KGM", gb: []string{"34011100"}, gbSITC: "55411"},
		{hs6: "340130", name: "Washing lotions for the skin", size: 4e9, perKg: 360, us: []string{"3401305000"}, nz: "3401300000", nzUnit: "KGM", gb: []string{"34013000"}, gbSITC: "55422"},
		{hs6: "380894", name: "Disinfectants", size: 3e9, perKg: 420, us: []string{"3808945010", "3808945095"}, nz: "3808940040", gb: []string{"38089410", "38089420", "38089490"}, gbSITC: "59140"},
		{hs6: "382219", name: "Test kits and reagents for diagnosis", size: 9e9, perKg: 9500, us: []string{"3822190030", "3822190080"}, nz: "3822190000", gb: []string{"38221900"}, gbSITC: "59869"},
		{hs6: "392690", name: "Plastic articles, face shields among them", size: 8e9, perKg: 800, us: []string{"3926909950"}, nz: "3926906979", gb: []string{"39269060", "39269097"}, gbSITC: "89399"},
		{hs6: "401512", name: "Rubber gloves, medical", size: 3e9, perKg: 950, perUnit: 12, pairs: true, us: []string{"4015121010", "4015129000"}, nz: "4015120000", nzUnit: "NPR", gb: []string{"40151200"}, gbSITC: "84822", gbSecond: true},
		{hs6: "401519", name: "Rubber gloves, other", size: 2e9, perKg: 620, perUnit: 9, pairs: true, us: []string{"4015191110", "4015191150"}, nz: "4015190990", nzUnit: "NPR", gb: []string{"40151900"}, gbSITC: "84822", gbSecond: true},
		{hs6: "621010", name: "Garments of felt or nonwovens, gowns", size: 2e9, perKg: 1300, perUnit: 260, us: []string{"6210105010", "6210105090"}, nz: "6210100200", nzUnit: "NMB", gb: []string{"62101092", "62101098"}, gbSITC: "84521"},
		{hs6: "630790", name: "Made-up textile articles, masks among them", size: 6e9, perKg: 1100, perUnit: 18, us: []string{"6307909842", "6307909844", "6307909870", "6307909875", "6307909891"}, nz: "6307902810", gb: []string{"63079093", "63079095", "63079098"}, gbSITC: "65893"},
		{hs6: "900490", name: "Goggles and safety glasses", size: 1e9, perKg: 3100, perUnit: 240, us: []string{"9004900010"}, nz: "9004900109", nzUnit: "NMB", gb: []string{"90049010", "90049090"}, gbSITC: "88423"},
		{hs6: "901920", name: "Ventilators and oxygen therapy", size: 4e9, perKg: 8800, perUnit: 41000, us: []string{"9019200000"}, nz: "9019200000", gb: []string{"90192010", "90192020", "90192090"}, gbSITC: "87233"},
	}
}

// place is a country or part of one, under the keys of every office; "" where
// an office does not have it.
type place struct {
	iso      string
	makes    int64 // per mille of what the world makes
	needs    int64 // per mille of what it needs
	census   string
	m49      string // UN Comtrade's, which is not ISO's number for the US, France ...
	iso3     string
	comtrade string // UN Comtrade's name
	nz       string // Stats NZ's name
	hmrc     string // HMRC's sequence, EU only
	part     bool   // of another country: NZ alone lists it
}

func places() []place {
	return []place{
		{iso: "AU", makes: 12, needs: 30, census: "6021", m49: "36", iso3: "AUS", comtrade: "Australia", nz: "Australia"},
		{iso: "BE", makes: 25, needs: 20, census: "4231", m49: "56", iso3: "BEL", comtrade: "Belgium", nz: "Belgium", hmrc: "017"},
		{iso: "CA", makes: 40, needs: 60, census: "1220", m49: "124", iso3: "CAN", comtrade: "Canada", nz: "Canada"},
		{iso: "CH", makes: 30, needs: 20, census: "4419", m49: "757", iso3: "CHE", comtrade: "Switzerland", nz: "Switzerland"},
		{iso: "CN", makes: 330, needs: 90, census: "5700", m49: "156", iso3: "CHN", comtrade: "China", nz: "China, People's Republic of"},
		{iso: "DE", makes: 90, needs: 90, census: "4280", m49: "276", iso3: "DEU", comtrade: "Germany", nz: "Germany", hmrc: "004"},
		{iso: "ES", makes: 20, needs: 40, census: "4700", m49: "724", iso3: "ESP", comtrade: "Spain", nz: "Spain", hmrc: "011"},
		{iso: "FJ", makes: 1, needs: 2, census: "6863", m49: "242", iso3: "FJI", comtrade: "Fiji", nz: "Fiji"},
		{iso: "FR", makes: 40, needs: 60, census: "4279", m49: "251", iso3: "FRA", comtrade: "France", nz: "France", hmrc: "001"},
		{iso: "GB", makes: 35, needs: 70, census: "4120", m49: "826", iso3: "GBR", comtrade: "United Kingdom", nz: "United Kingdom"},
		{iso: "IE", makes: 30, needs: 10, census: "4190", m49: "372", iso3: "IRL", comtrade: "Ireland", nz: "Ireland", hmrc: "007"},
		{iso: "IN", makes: 30, needs: 30, census: "5330", m49: "699", iso3: "IND", comtrade: "India", nz: "India"},
		{iso: "IT", makes: 30, needs: 40, census: "4759", m49: "380", iso3: "ITA", comtrade: "Italy", nz: "Italy", hmrc: "005"},
		{iso: "JP", makes: 40, needs: 70, census: "5880", m49: "392", iso3: "JPN", comtrade: "Japan", nz: "Japan"},
		{iso: "KR", makes: 25, needs: 30, census: "5800", m49: "410", iso3: "KOR", comtrade: "Rep. of Korea", nz: "Korea, Republic of"},
		{iso: "MX", makes: 50, needs: 30, census: "2010", m49: "484", iso3: "MEX", comtrade: "Mexico", nz: "Mexico"},
		{iso: "MY", makes: 80, needs: 10, census: "5570", m49: "458", iso3: "MYS", comtrade: "Malaysia", nz: "Malaysia"},
		{iso: "NL", makes: 35, needs: 40, census: "4210", m49: "528", iso3: "NLD", comtrade: "Netherlands", nz: "Netherlands", hmrc: "003"},
		{iso: "NZ", makes: 8, needs: 8, census: "6141", m49: "554", iso3: "NZL", comtrade: "New Zealand", nz: "New Zealand"},
		{iso: "PL", makes: 20, needs: 20, census: "4550", m49: "616", iso3: "POL", comtrade: "Poland", nz: "Poland", hmrc: "060"},
		{iso: "PR", needs: 3, nz: "Puerto Rico", part: true},
		{iso: "SE", makes: 15, needs: 10, census: "4010", m49: "752", iso3: "SWE", comtrade: "Sweden", nz: "Sweden", hmrc: "030"},
		{iso: "SG", makes: 20, needs: 15, census: "5590", m49: "702", iso3: "SGP", comtrade: "Singapore", nz: "Singapore"},
		{iso: "TH", makes: 35, needs: 10, census: "5490", m49: "764", iso3: "THA", comtrade: "Thailand", nz: "Thailand"},
		{iso: "US", makes: 110, needs: 280, census: "1000", m49: "842", iso3: "USA", comtrade: "USA", nz: "United States of America"},
		{iso: "VN", makes: 50, needs: 10, census: "5520", m49: "704", iso3: "VNM", comtrade: "Viet Nam", nz: "Viet Nam"},
	}
}

// near tells how much more two neighbours trade than their sizes say.
func near(a, b string) int64 {
	switch a + b {
	case "AUNZ", "NZAU":
		return 12
	case "CAUS", "USCA":
		return 5
	case "NZFJ", "AUFJ":
		return 9
	case "IEGB", "NLGB", "BEGB":
		return 3
	}
	return 1
}
