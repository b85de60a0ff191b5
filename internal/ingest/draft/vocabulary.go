package draft

import (
	"slices"
	"strings"
)

// Words of headers in English, French, Spanish, Portuguese, German and
// Indonesian, folded as words folds them. They are our own list, from the
// headers of files seen and the everyday words of the trade.
func vocabulary(what string) []string {
	switch what {
	case "period":
		return []string{"period", "periode", "periodo", "zeitraum", "date", "fecha", "data", "datum", "tanggal", "time", "month", "mois", "mes", "bulan", "monat", "year", "annee", "ano", "anio", "tahun", "jahr", "quarter", "trimestre", "quartal", "kuartal"}
	case "year":
		return []string{"year", "annee", "ano", "anio", "tahun", "jahr"}
	case "month":
		return []string{"month", "mois", "mes", "bulan", "monat"}
	case "commodity":
		return []string{"hs", "sh", "ncm", "nandina", "hts", "htsus", "hts10", "htsus10", "hs2", "hs4", "hs6", "hs8", "hs10", "cn", "cn8", "kn8", "taric", "ahecc", "commodity", "cmd", "tariff", "tarif", "arancel", "arancelaria", "partida", "fraccion", "posicion", "subpartida", "nomenclature", "nomenclatura", "warennummer", "zolltarif", "product", "produit", "producto", "produto", "produk", "barang", "komoditas", "goods"} //nolint:misspell // five languages beside English
	case "partner":
		return []string{"partner", "partenaire", "socio", "parceiro", "mitra", "counterpart", "country", "pays", "pais", "negara", "land", "cty", "destination", "destino", "tujuan", "bestimmung", "bestimmungsland", "origin", "origine", "origen", "origem", "asal", "ursprung", "ursprungsland", "herkunft", "provenance", "procedencia", "dispatch"}
	case "reporter":
		return []string{"reporter", "reporting", "pelapor", "informante", "meldeland", "rapporteur", "declarante"}
	case "second":
		return []string{"2nd", "second", "partner2", "seconde", "segundo", "zweites", "kedua"}
	case "flow":
		return []string{"flow", "flux", "flujo", "fluxo", "arus", "verkehrsrichtung", "richtung", "movimiento", "operacion", "tradeflow"}
	case "value":
		return []string{"value", "val", "valor", "valeur", "nilai", "wert", "amount", "montant", "monto", "importe", "price", "prix", "precio", "preco", "preis", "harga", "fob", "cif", "caf", "fas", "vfd", "primaryvalue", "cifvalue", "fobvalue"}
	case "quantity":
		return []string{"qty", "quantity", "quantite", "cantidad", "quantidade", "jumlah", "kuantitas", "menge", "qy1", "qy2", "volume"} //nolint:misspell // five languages beside English
	case "mass":
		return []string{"kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes", "kilogramos", "weight", "wgt", "mass", "masse", "massa", "masa", "poids", "peso", "gewicht", "eigenmasse", "berat", "netweight", "netwgt", "netmass"}
	case "gross":
		return []string{"gross", "brut", "brute", "bruto", "bruta", "brutto", "kotor"}
	case "unit":
		return []string{"unit", "units", "unite", "unidad", "unidade", "satuan", "einheit", "masseinheit", "uom", "uqc"}
	case "description":
		return []string{"desc", "description", "descripcion", "descricao", "deskripsi", "uraian", "libelle", "designation", "bezeichnung", "name", "nom", "nombre", "nome", "nama", "label"} //nolint:misspell // five languages beside English
	case "duty":
		return []string{"duty", "duties", "droits", "derechos", "direitos", "zoll", "bea"}
	case "dutiable":
		return []string{"dutiable", "imposable", "imponible", "zollwert"}
	case "status":
		return []string{"status", "statut", "estado", "finality"}
	case "edition":
		return []string{"classification", "classificationcode", "clasificacion", "classificacao", "klassifikasi", "edition"}
	case "mode":
		return []string{"air", "ves", "vessel", "cnt", "container", "truck", "rail"}
	}
	return nil
}

// says whether a column's name has a word of the vocabulary. A word of five
// letters or more may also stand within another: tradevalue.
func (c *column) says(what string) bool {
	return slices.ContainsFunc(vocabulary(what), func(w string) bool {
		return slices.Contains(c.words, w) || len(w) >= 5 && strings.Contains(c.joined, w)
	})
}

// flowWord is the flow that a text names: "Import", "ekspor", "M"; "" none.
// Letters and numbers stand for flows only in a column that says so.
func flowWord(text string, coded bool) string {
	w := strings.Join(words(text), "")
	for flow, all := range map[string][]string{
		"imports":          {"import", "imports", "importation", "importations", "importacion", "importaciones", "importacao", "importacoes", "impor", "einfuhr", "einfuhren", "arrivals", "imp", "generalimports"},
		"exports":          {"export", "exports", "exportation", "exportations", "exportacion", "exportaciones", "exportacao", "exportacoes", "ekspor", "ausfuhr", "ausfuhren", "dispatches", "exp", "totalexports"},
		"domestic_exports": {"domesticexport", "domesticexports", "exportationsnationales"},
		"re_exports":       {"reexport", "reexports", "reexportation", "reexportations", "reexportacion", "reexportaciones", "reexportacao", "reekspor", "wiederausfuhr"},
		"re_imports":       {"reimport", "reimports", "reimportation", "reimportations", "reimportacion", "reimportaciones", "reimpor", "wiedereinfuhr"},
	} {
		if slices.Contains(all, w) {
			return flow
		}
	}
	if !coded {
		return ""
	}
	// 1 to 4 are UN Comtrade's older codes of flows, M X RX RM its present ones.
	return map[string]string{
		"m": "imports", "i": "imports", "1": "imports", "x": "exports", "e": "exports", "2": "exports",
		"dx": "domestic_exports", "rx": "re_exports", "3": "re_exports", "rm": "re_imports", "4": "re_imports",
	}[w]
}

// flowOf is the flow that a name speaks of by one or two of its words:
// "Re_export_FOB" is re_exports, "Negara Tujuan Ekspor" is exports; "" none.
func flowOf(words []string) string {
	found := ""
	for i, w := range words {
		if i > 0 {
			if f := flowWord(words[i-1]+w, false); f != "" {
				return f
			}
		}
		if f := flowWord(w, false); f != "" && len(w) > 2 && found == "" {
			found = f
		}
	}
	return found
}

// outward says whether goods of a flow leave.
func outward(flow string) bool {
	return flow == "exports" || flow == "domestic_exports" || flow == "re_exports"
}
