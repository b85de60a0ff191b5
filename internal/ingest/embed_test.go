package ingest_test

import (
	"strings"
	"testing"

	"guichet/trade"
)

func TestEmbeddedProfilesHaveNoFault(t *testing.T) {
	for _, p := range profiles(t) {
		if err := p.Check(trade.Dataset()); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(p.Version(), "1+") || len(p.Version()) != 10 {
			t.Errorf("%s has the version %q", p.Name, p.Version())
		}
		for _, use := range p.Conformity(trade.Dataset()) {
			if use.Required && use.How == "absent" {
				t.Errorf("%s does not fill %s", p.Name, use.Field)
			}
		}
	}
}
