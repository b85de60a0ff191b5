package mirror

import (
	"math/big"
	"slices"
	"time"

	"guichet"
)

// SharedSource is a pair of countries whose figures on each other are not two
// measurements.
type SharedSource struct {
	A, B   string // either may export
	From   time.Time
	Source guichet.Text
}

// SharedSources returns the pairs known. Each takes its exports to the other
// from the other's imports.
func SharedSources() []SharedSource {
	return []SharedSource{{
		A: "CA", B: "US", From: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		Source: guichet.Text{
			EN: "data exchange between Statistics Canada and the US Census Bureau, memorandum of understanding of 1987, in force from January 1990",
			FR: "échange de données entre Statistique Canada et le Census Bureau des États-Unis, protocole d’entente de 1987, en vigueur depuis janvier 1990",
		},
	}}
}

// SharedSourceOf returns the exchange that holds between two countries in a
// span, in whole or in part.
func SharedSourceOf(exporter, importer string, span guichet.Span) (SharedSource, bool) {
	for _, s := range SharedSources() {
		pair := s.A == exporter && s.B == importer || s.A == importer && s.B == exporter
		late := !span.IsZero() && span.To.End().Before(s.From)
		if pair && !late {
			return s, true
		}
	}
	return SharedSource{}, false
}

// CIFFactor is a published or measured share t of freight and insurance:
// FOB = CIF / (1 + t).
type CIFFactor struct {
	Reporter string          // importer; "" any
	From, To int             // years that t was taken from
	T        guichet.Decimal // 0.06
	Source   string
	// Measured on records of the reporter that carry both values; else an
	// average over countries. On other goods and years either is an estimate.
	Measured bool
}

// CIFFactors returns the table, never a constant: reporter, years, source.
// The measured rows are the sum of CIF over the sum of FOB where rows carry
// both, at six digits (ores, inorganic chemicals, cobalt, nickel, batteries,
// electric vehicles): single products run from 0.4 to 30 %.
func CIFFactors() []CIFFactor {
	const comtrade = "UN Comtrade, imports of 21 to 34 codes whose rows carry both CIF and FOB"
	t := func(tenThousandths int64) guichet.Decimal { return guichet.NewDecimal(big.NewInt(tenThousandths), 4) }
	return []CIFFactor{
		{Reporter: "AU", From: 2018, To: 2021, T: t(325), Source: comtrade, Measured: true},
		{Reporter: "NZ", From: 2019, To: 2021, T: t(357), Source: comtrade, Measured: true},
		{Reporter: "US", From: 2019, To: 2019, T: t(216), Source: comtrade, Measured: true},
		{From: 1995, To: 2014, T: t(600), Source: "OECD, International Transport and Insurance Costs (ITIC), average over countries and goods"},
	}
}

// CIFFactorOf returns the factor for a reporter: its own, else the average.
func CIFFactorOf(reporter string) CIFFactor {
	all := CIFFactors()
	i := slices.IndexFunc(all, func(f CIFFactor) bool { return f.Reporter == reporter || f.Reporter == "" })
	return all[i]
}

// TerritoryParts returns the areas that lie within a reporter's statistical
// territory though others may list them apart: UN, International Merchandise
// Trade Statistics, national metadata of the reporters; US Census Bureau,
// Guide to Foreign Trade Statistics (the 50 states, DC, PR, VI); INSEE and
// French customs (overseas departments); Swiss customs (customs union of 1923).
func TerritoryParts(reporter string) []string {
	switch reporter {
	case "US":
		return []string{"PR", "VI"}
	case "FR":
		return []string{"GF", "GP", "MC", "MQ", "RE", "YT"}
	case "CH":
		return []string{"LI"}
	}
	return nil
}
