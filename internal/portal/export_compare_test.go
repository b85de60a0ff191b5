package portal

import "guichet"

// Besides sets two answers beside each other.
func Besides(first, second Answer) Answer { return besides(first, second) }

// Marks are the marks of rows, in their order.
func Marks(a Answer) []string {
	var out []string
	for _, r := range a.Answer.Rows {
		out = append(out, plain(r["mark"]))
	}
	return out
}

// Between and Ratio are what lies between two figures; "" not known.
func Between(x, m *guichet.Decimal) string { return text(between(x, m)) }

// Ratio is m for one of x.
func Ratio(m, x *guichet.Decimal) string { return text(ratio(m, x)) }

func text(d *guichet.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}
