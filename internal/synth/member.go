package synth

// office is how a member records: its currency, its lists, what it values a
// flow at, and from which value on a line must be declared.
type office struct {
	iso, currency string
	// lists of goods by direction, the first that knows a subheading decides.
	importLists, exportLists []listOf
	importDigits             int
	exportDigits             int
	cif                      bool // imports are valued with freight and insurance
	atDoor                   bool // imports are valued without freight inside the exporting country
	dollars                  bool // amounts are whole units of the currency
	// Lines below are not declared; in cents of the currency.
	importLeast, exportLeast int64
	blank                    bool // confidential cells are left blank, not rolled up
	dates                    layout
	units                    map[string]string // our unit code to the office's
	ports                    [4]string
	append                   func(*lineWriter, []byte, *record) []byte
	head                     string
}

// listOf is a list of goods and what fills its codes up to the length that is
// declared: the last digits of a longer number that the list does not have.
type listOf struct {
	name, suffix string
}

// offices are the members, by area. Thresholds: US imports below 800 dollars
// (19 USC 1321 as in force 2016 to 2025) and exports to 2,500 dollars (15 CFR
// 30.37(a)) are not declared line by line; Canada's exports below C$2,000
// (Reporting of Exported Goods Regulations), Australia's imports to A$1,000 and
// exports below A$2,000, New Zealand's imports and exports below NZ$1,000, the
// United Kingdom's trade below 873 pounds (HMRC's low value threshold of
// statistics). Canada's imports to C$3,300 come by a scheme of their own;
// 2,500 was the limit before. That everybody else declares is an assumption.
func offices() [members]office {
	return [members]office{
		au: {
			iso: "AU", currency: "AUD", importDigits: 10, exportDigits: 8,
			importLists: []listOf{{"au-tariff", ""}}, exportLists: []listOf{{"au-ahecc", ""}},
			importLeast: 1_000_00, exportLeast: 2_000_00, blank: true, dates: dayFirst,
			units: map[string]string{"KGM": "KG", "H87": "NO", "PR": "PR", "LTR": "L", "LPA": "LA", "MTK": "SM", "TNE": "T", "MTQ": "CU", "DZN": "DZ"},
			ports: [4]string{"AUSYD", "AUMEL", "AUBNE", "AUFRE"}, append: (*lineWriter).australia, head: auHead,
		},
		ca: {
			iso: "CA", currency: "CAD", importDigits: 10, exportDigits: 8, atDoor: true,
			importLists: []listOf{{"ca-tariff", ""}},
			importLeast: 2_500_00, exportLeast: 2_000_00, blank: true, dates: isoDate,
			units: map[string]string{"KGM": "KGM", "H87": "NMB", "PR": "PAR", "DZN": "DZN", "LTR": "LTR", "LPA": "LPA", "MTK": "MTK", "MTQ": "MTQ"},
			ports: [4]string{"0497", "0395", "0809", "0453"}, append: (*lineWriter).canada, head: caHead,
		},
		nz: {
			iso: "NZ", currency: "NZD", importDigits: 10, exportDigits: 10, cif: true,
			importLists: []listOf{{"nz-tariff", ""}, {"nz-tariff8", "00"}}, exportLists: []listOf{{"nz-tariff", ""}, {"nz-tariff8", "00"}},
			importLeast: 1_000_00, exportLeast: 1_000_00, dates: dayFirst,
			units: map[string]string{"KGM": "KGM", "H87": "NMB", "PR": "NPR", "LTR": "LTR", "LPA": "LPA", "MTK": "MTK", "MTQ": "MTQ"},
			ports: [4]string{"NZAKL", "NZTRG", "NZLYT", "NZWLG"}, append: (*lineWriter).newZealand, head: nzHead,
		},
		gb: {
			iso: "GB", currency: "GBP", importDigits: 10, exportDigits: 8, cif: true,
			importLists: []listOf{{"uk-taric", ""}, {"uk-cn", "00"}, {"eu-cn", "00"}}, exportLists: []listOf{{"uk-cn", ""}, {"eu-cn", ""}},
			importLeast: 873_00, exportLeast: 873_00, dates: compact,
			units: map[string]string{"H87": "NAR", "PR": "NPR", "LTR": "LTR", "LPA": "LPA", "MTK": "MTK", "MTQ": "MTQ"},
			ports: [4]string{"GBFXT", "GBSOU", "GBLHR", "GBDVR"}, append: (*lineWriter).unitedKingdom, head: gbHead,
		},
		us: {
			iso: "US", currency: "USD", importDigits: 10, exportDigits: 10, atDoor: true, dollars: true,
			importLists: []listOf{{"us-hts", ""}}, exportLists: []listOf{{"us-schedule-b", ""}},
			importLeast: 800_00, exportLeast: 2_500_01, dates: monthFirst,
			units: map[string]string{"KGM": "KG", "H87": "NO", "DZN": "DOZ", "DPR": "DPR", "PR": "PRS", "LTR": "L", "MTK": "M2", "GRO": "GR", "MTQ": "M3"},
			ports: [4]string{"2704", "1001", "3001", "0901"}, append: (*lineWriter).unitedStates, head: usHead,
		},
	}
}

// valueColumns name the column of the main value in a member's lines, of
// exports and of imports, after the word for the direction.
func valueColumns(member area) [2]string {
	return [members][2]string{
		au: {"EXD FOB_VALUE", "N10 CUSTOMS_VALUE"},
		ca: {"EXPORT FOB_VALUE", "IMPORT VALUE_FOR_DUTY"},
		nz: {"EXP FOB_VALUE", "IMP CIF_VALUE"},
		gb: {"EX DE_8_6_STAT_VALUE", "IM DE_8_6_STAT_VALUE"},
		us: {"E FAS_VALUE", "I CUSTOMS_VALUE"},
	}[member]
}
