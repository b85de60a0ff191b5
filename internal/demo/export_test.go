package demo

// Good and Place open the tables to tests.
type (
	Good struct {
		HS6, NZ string
		US, GB  []string
	}
	Place struct{ ISO, Census, M49, ISO3, NZ, HMRC string }
)

// Goods returns the goods that are traded.
func Goods() []Good {
	var out []Good
	for _, g := range goods() {
		out = append(out, Good{HS6: g.hs6, NZ: g.nz, US: g.us, GB: g.gb})
	}
	return out
}

// Places returns the countries that trade.
func Places() []Place {
	var out []Place
	for _, p := range places() {
		out = append(out, Place{p.iso, p.census, p.m49, p.iso3, p.nz, p.hmrc})
	}
	return out
}
