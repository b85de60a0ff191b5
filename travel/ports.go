package travel

import (
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
)

// Port is a place where a border is crossed.
type Port struct {
	Code  string // UN/LOCODE, five signs: "CATOR"
	Name  string // as the place is called there: "Toronto"
	Modes []Mode // by which it is crossed
}

// Country is whose border it is, ISO 3166-1 alpha-2.
func (p Port) Country() string { return p.Code[:2] }

//go:embed ports.csv
var portsFile string

// portList decodes the embedded list at first use. It is part of the binary and a
// test decodes it, so a fault here is a broken build: it panics.
//
//nolint:gochecknoglobals // decoded once, never changed
var portList = sync.OnceValue(func() []Port {
	rows, err := csv.NewReader(strings.NewReader(portsFile)).ReadAll()
	if err != nil {
		panic("travel: embedded ports: " + err.Error())
	}
	var out []Port
	for _, r := range rows[1:] {
		p := Port{Code: r[0], Name: r[1]}
		for m := range strings.FieldsSeq(r[2]) {
			p.Modes = append(p.Modes, Mode(m))
		}
		out = append(out, p)
	}
	return out
})

// Ports returns the ports that are held, by code; those of a country where it is
// named. The caller owns them.
func Ports(country string) []Port {
	return slices.DeleteFunc(slices.Clone(portList()), func(p Port) bool { return country != "" && p.Country() != country })
}

// PortBy returns the port of a UN/LOCODE, which may be written with a space, as
// UNECE does: "CA TOR".
func PortBy(code string) (Port, bool) {
	code = PortCode(code)
	i := slices.IndexFunc(portList(), func(p Port) bool { return p.Code == code })
	if i < 0 {
		return Port{}, false
	}
	return portList()[i], true
}

// PortCode writes a UN/LOCODE as it is kept: five signs, upper case, no space. What
// is none comes back as "".
//
// UNECE Recommendation 16: two letters of ISO 3166-1, then three letters, or
// digits from 2 to 9 where the letters are used up.
func PortCode(code string) string {
	code = strings.ToUpper(strings.ReplaceAll(code, " ", ""))
	if len(code) != 5 {
		return ""
	}
	for i := range len(code) {
		letter := code[i] >= 'A' && code[i] <= 'Z'
		digit := i >= 2 && code[i] >= '2' && code[i] <= '9'
		if !letter && !digit {
			return ""
		}
	}
	return code
}

// Version names the list of ports, "ports-" and the first twelve hex digits of
// its SHA-256.
func Version() string {
	sum := sha256.Sum256([]byte(portsFile))
	return "ports-" + hex.EncodeToString(sum[:6])
}
