package ingest_test

import (
	"strings"
	"testing"

	"guichet"
	"guichet/trade"
	"guichet/travel"
)

func TestEmbeddedProfilesHaveNoFault(t *testing.T) {
	held := map[string]*guichet.Dataset{}
	for _, ds := range []*guichet.Dataset{trade.Dataset(), travel.Dataset()} {
		held[ds.Name] = ds
	}
	for _, p := range profiles(t) {
		ds := held[p.Dataset]
		if ds == nil {
			t.Fatalf("%s is of the dataset %q, which nobody describes", p.Name, p.Dataset)
		}
		if err := p.Check(ds); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(p.Version(), "1+") || len(p.Version()) != 10 {
			t.Errorf("%s has the version %q", p.Name, p.Version())
		}
		for _, use := range p.Conformity(ds) {
			if use.Required && use.How == "absent" {
				t.Errorf("%s does not fill %s", p.Name, use.Field)
			}
		}
	}
}
