package node_test

import (
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
)

func asksFor(id string, version, witnesses int) guichet.Agreement {
	return guichet.Agreement{ID: id, Version: version, Security: guichet.SecurityMinimum{Witnesses: witnesses}}
}

// TestDoctorCountsCosigners: what our agreements ask of each journal is looked at.
func TestDoctorCountsCosigners(t *testing.T) {
	ours := []guichet.Agreement{asksFor("one", 1, 1), asksFor("two", 1, 3)}
	for _, c := range []struct {
		size      int64
		witnesses int
		ours      []guichet.Agreement
		state     string
	}{
		{0, 0, ours, "well"},
		{9, 3, ours, "well"},
		{9, 2, ours, "watch"},
		{9, 0, ours, "watch"},
		{9, 0, nil, "watch"},
		{9, 1, nil, "well"},
		{9, 1, ours[:1], "well"},
	} {
		f := node.CosignedFinding(c.size, c.size, c.witnesses, c.ours)
		if f.State != c.state || (f.State == "watch") != (f.Do.EN != "" && f.Do.FR != "") {
			t.Errorf("%d leaves, %d cosigners, %d agreements: %+v, want %s", c.size, c.witnesses, len(c.ours), f, c.state)
		}
	}
	f := node.CosignedFinding(9, 9, 2, ours)
	if !strings.Contains(f.Text.EN, "the agreement two asks for 3") || !strings.Contains(f.Text.FR, "l'accord two en demande 3") {
		t.Errorf("it is not said who asks for how many: %+v", f.Text)
	}
}

// TestReceiptsSayHowManyAreToCosign by the very version that the leaf names.
func TestReceiptsSayHowManyAreToCosign(t *testing.T) {
	c := guichet.Circle{Agreements: []guichet.Agreement{asksFor("one", 2, 1), asksFor("two", 1, 3)}}
	for _, x := range []struct {
		id            string
		version, want int
	}{{"two", 1, 3}, {"one", 2, 1}, {"one", 1, 0}, {"three", 1, 0}, {"", 0, 0}} {
		if got := node.WitnessesWanted(guichet.Leaf{Agreement: x.id, Version: x.version}, c); got != x.want {
			t.Errorf("%s v%d: %d, want %d", x.id, x.version, got, x.want)
		}
	}
}
