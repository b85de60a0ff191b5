package harmonise_test

import (
	"fmt"
	"testing"

	"guichet"
	"guichet/internal/harmonise"
)

// TestPorts: a port in the list, one that is only written as one, and what is none.
func TestPorts(t *testing.T) {
	t.Parallel()
	j, err := harmonise.New(guichet.KeyGroup{Name: "port", Rule: harmonise.RulePort, Columns: []string{"port"}, Fields: []string{"port"}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"CATOR": "[CATOR] [] ", "ca tor": "[CATOR] [] ", "CAXYZ": "[CAXYZ] [port_not_listed] ",
		"": "[] [] no_port", "Toronto": "[] [] not_a_port", "12345": "[] [] not_a_port",
	} {
		v := j.Verdict([]string{text})
		if got := fmt.Sprintf("%v %v %s", v.Values, v.Remarks, v.Reject); got != want {
			t.Errorf("%q is judged %q, not %q", text, got, want)
		}
	}
	for _, g := range []guichet.KeyGroup{
		{Name: "port", Rule: "port", Columns: []string{"a", "b"}, Fields: []string{"port"}},
		{Name: "port", Rule: "port", Columns: []string{"a"}, Fields: []string{"port", "mode"}},
		{Name: "port", Rule: "port", Columns: []string{"a"}, Fields: []string{"port"}, Params: map[string]string{"list": "x"}},
	} {
		if err := harmonise.Check(g); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%+v is taken: %v", g, err)
		}
	}
}
