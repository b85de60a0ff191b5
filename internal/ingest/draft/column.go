package draft

import (
	"strconv"
	"strings"
	"unicode"
)

// most bounds the distinct values that are looked at in a column: enough for
// every national list of goods.
const most = 30_000

// column is a column of the table, with what is known of it.
type column struct {
	at     int
	name   string
	words  []string       // of its name, folded: "Re_export_FOB" is re, export, fob
	joined string         // the words without anything between them
	values map[string]int // distinct texts that are not empty -> rows
	order  []string       // the same in the order in which they were met
	rows   int
	empty  int

	numbers numbers
	role    string
	share   float64 // of the values that speak for the role
	only    string  // a constant by which the file may be recognised
}

// numbers is what a column's values are as figures.
type numbers struct {
	share     float64 // of distinct values that are figures, absent texts left out
	comma     bool    // the decimal sign is a comma
	thousands bool    // separators of thousands
	grouped   string  // which, where a profile can take it out
	shift     int     // places that the header's words move the decimal sign: 3 of thousands
	either    bool    // 1,234 may be thousands or thousandths
	decimals  int     // the most seen
	negative  bool
	zeros     int      // rows
	absent    []string // texts that stand where a figure should
}

func newColumn(at int, name string, rows [][]string) *column {
	c := &column{at: at, name: name, words: words(name), values: map[string]int{}}
	c.joined = strings.Join(c.words, "")
	for _, r := range rows {
		c.rows++
		v := strings.TrimSpace(r[at])
		if v == "" {
			c.empty++
			continue
		}
		if _, seen := c.values[v]; !seen {
			if len(c.values) >= most {
				continue
			}
			c.order = append(c.order, v)
		}
		c.values[v]++
	}
	c.numbers = c.readNumbers()
	return c
}

// constant says whether every row holds the one text.
func (c *column) constant() bool { return len(c.order) == 1 && c.empty == 0 }

// figure says whether the column can hold a measure.
func (c *column) figure() bool {
	return len(c.order) > 0 && c.numbers.share >= 0.9 && len(c.numbers.absent) <= 4
}

func (c *column) toldRole() string {
	if c.role == "" || c.role == "strange" {
		return "undecided"
	}
	return c.role
}

// readNumbers looks at the values as figures: 12, -3.5, 0,25.
func (c *column) readNumbers() numbers {
	var n numbers
	var figures []string
	good, commas, commaElse, points := 0, 0, 0, 0
	for _, v := range c.order {
		kind, decimals := numberOf(v)
		switch kind {
		case notNumber:
			n.absent = append(n.absent, v)
			continue
		case withThousands:
			n.thousands = true
		case withComma:
			commas++
			if decimals != 3 || strings.IndexByte(strings.TrimPrefix(v, "-"), ',') > 3 {
				commaElse++
			}
		case withPoint:
			points++
		case plainNumber:
		}
		good++
		figures = append(figures, v)
		n.decimals = max(n.decimals, decimals)
		n.negative = n.negative || v[0] == '-'
		if strings.Trim(v, "-0.,") == "" {
			n.zeros += c.values[v]
		}
	}
	// 1,234 alone may be thousands as well as thousandths: where no other
	// comma has one, two or four digits after it, or more than three in front,
	// nobody can tell.
	n.comma = commas > 0 && points == 0
	switch {
	case n.thousands:
		n.settleGroups(figures)
	case commas > 0 && points > 0 && commaElse > 0:
		n.thousands = true // 1,5 and 1.5 in one column: no one sign reads them
	case commas > 0 && (points > 0 || commaElse == 0):
		n.either = points == 0
		n.thousands, n.comma, n.grouped = true, false, ","
	}
	if len(c.order) > 0 {
		n.share = float64(good) / float64(len(c.order))
	}
	if n.share < 0.9 {
		n.absent = nil
	}
	return n
}

// settleGroups finds the sign between groups of three digits and the decimal
// sign by which all figures of a column can be read, at least one of them in
// groups. Where no two do, grouped stays empty.
func (n *numbers) settleGroups(figures []string) {
	n.comma = false
	for _, signs := range []struct{ grouped, point string }{
		{",", "."}, {" ", "."}, {"'", "."}, {".", ","}, {" ", ","}, {"'", ","},
	} {
		decimals, ok := groupedBy(figures, signs.grouped, signs.point)
		if ok {
			n.grouped, n.comma, n.decimals = signs.grouped, signs.point == ",", decimals
			return
		}
	}
}

// groupedBy says whether all figures are plain or in groups parted by a sign,
// with this decimal sign, and with how many decimals at most. A space is any
// space.
func groupedBy(figures []string, sign, point string) (decimals int, ok bool) {
	for _, v := range figures {
		v = strings.TrimPrefix(v, "-")
		if sign == " " {
			v = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(v)
		}
		whole, frac, _ := strings.Cut(v, point)
		parts := strings.Split(whole, sign)
		for i, part := range parts {
			if strings.Trim(part, "0123456789") != "" || len(parts) > 1 && (i > 0 && len(part) != 3 || len(part) > 3) {
				return 0, false
			}
		}
		if strings.Trim(frac, "0123456789") != "" {
			return 0, false
		}
		decimals, ok = max(decimals, len(frac)), ok || len(parts) > 1
	}
	return decimals, ok
}

// Kinds of what may be a number.
const (
	notNumber = iota
	plainNumber
	withPoint
	withComma
	withThousands
)

// numberOf says how a text writes a number, and with how many decimals.
func numberOf(v string) (kind, decimals int) {
	v = strings.TrimPrefix(v, "-")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v)
	if digits == "" || v[0] < '0' || v[0] > '9' || v[len(v)-1] < '0' || v[len(v)-1] > '9' {
		return notNumber, 0
	}
	others := strings.Trim(v, "0123456789")
	others = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, others)
	switch others {
	case "":
		return plainNumber, 0
	case ".":
		return withPoint, len(v) - strings.IndexByte(v, '.') - 1
	case ",":
		return withComma, len(v) - strings.IndexByte(v, ',') - 1
	}
	if strings.Trim(others, ".,' \u00a0\u202f") == "" && grouped(v) {
		return withThousands, 0
	}
	return notNumber, 0
}

// grouped says whether a number is written in groups of three: 1.234.567,8.
func grouped(v string) bool {
	parts := strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	for i, part := range parts {
		last := i == len(parts)-1
		if i == 0 && len(part) > 3 || i > 0 && !last && len(part) != 3 {
			return false
		}
	}
	return len(parts) > 1
}

// words cuts a name into words without accents, in lower case:
// "netWgt" is net wgt, "Berat (Kg)" is berat kg, "Trade Value (US$)" is trade
// value us$.
func words(name string) []string {
	var b strings.Builder
	last := rune(0)
	for _, r := range name {
		switch {
		case unicode.IsUpper(r) && unicode.IsLower(last):
			b.WriteByte(' ')
			b.WriteString(fold(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '$' || r == '€' || r == '£':
			b.WriteString(fold(r))
		default:
			b.WriteByte(' ')
		}
		last = r
	}
	return strings.Fields(b.String())
}

// fold brings a letter to lower case without its accent, for the letters of
// the six languages.
func fold(r rune) string {
	r = unicode.ToLower(r)
	const from, to = "àáâãäåçèéêëìíîïñòóôõöùúûüý", "aaaaaaceeeeiiiinooooouuuuy"
	if r == 'ß' {
		return "ss"
	}
	i := 0
	for _, f := range from {
		if f == r {
			return to[i : i+1]
		}
		i++
	}
	return string(r)
}

// percent writes a share for people: "98.4 %".
func percent(share float64) string {
	if share >= 1 {
		return "100 %"
	}
	return strconv.FormatFloat(float64(int(share*1000))/10, 'f', 1, 64) + " %"
}
