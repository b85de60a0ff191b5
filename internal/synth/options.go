package synth

import (
	"slices"
	"strings"

	"guichet"
)

// Options say what to make.
type Options struct {
	Members      []string // ISO 3166-1 alpha-2, at least two of Members()
	From, To     string   // first and last month, "2019-01"
	Declarations int64    // lines for both sides together, before those that are not declared; 1 to MaxDeclarations
	Seed         uint64
	Gzip         bool   // declaration lines as .csv.gz
	Dir          string // a folder that is not there yet, or an empty one
}

// MaxDeclarations is the most that one run makes.
const MaxDeclarations = 1_000_000_000

// Members returns the members whose formats are known, in the order of files.
func Members() []string {
	var out []string
	for _, o := range offices() {
		out = append(out, o.iso)
	}
	return out
}

func (o Options) has(iso string) bool { return slices.Contains(o.Members, iso) }

// check refuses what cannot be made, KindInvalid.
func (o Options) check() error {
	known := strings.Join(Members(), ", ")
	for i, m := range o.Members {
		if !slices.Contains(Members(), m) {
			return guichet.Errorf(guichet.KindInvalid, "no format of declarations is known for the member %q", m).WithHint("name some of %s", known)
		}
		if slices.Contains(o.Members[:i], m) {
			return guichet.Errorf(guichet.KindInvalid, "the member %s is named twice", m).WithHint("name each once")
		}
	}
	if len(o.Members) < 2 {
		return guichet.Errorf(guichet.KindInvalid, "trade needs at least two members, not %d", len(o.Members)).WithHint("name some of %s", known)
	}
	if o.Declarations < 1 || o.Declarations > MaxDeclarations {
		return guichet.Errorf(guichet.KindInvalid, "%d declaration lines cannot be made", o.Declarations).WithHint("name a number from 1 to %d", MaxDeclarations)
	}
	if o.Dir == "" {
		return guichet.Errorf(guichet.KindInvalid, "no folder is named").WithHint("name one that is not there yet, or an empty one")
	}
	return nil
}

// consignments is how many lines each side is asked for.
func (o Options) consignments() int64 { return (o.Declarations + 1) / 2 }
