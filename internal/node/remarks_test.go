package node_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/internal/desk"
	"guichet/internal/mirror"
	"guichet/internal/node"
	"guichet/trade"
	"guichet/travel"
)

// TestTheListOfRemarks: what the dataset, the desk and the mirror can say stands
// in docs/json.md, each code once and nothing else, and whoever prints a code
// of the first two finds its sentence in the descriptor.
func TestTheListOfRemarks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(text), "\n## Codes of remarks\n")
	if !ok {
		t.Fatal("docs/json.md has no list of the codes of remarks")
	}
	list, _, _ = strings.Cut(list, "\n## ")
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.+) \\|$").FindAllStringSubmatch(list, -1) {
		told = append(told, m[1])
	}
	want := slices.Concat(trade.RemarkCodes(), desk.RemarkCodes(), []string{travel.RemarkPortNotListed, node.RemarkCopy})
	for _, code := range mirror.Codes() {
		if en, fr := mirror.Text(code, "en"), mirror.Text(code, "fr"); en == "" || fr == "" || en == fr {
			t.Errorf("%s: the mirror says %q, %q", code, en, fr)
		}
		if !slices.Contains(want, code) {
			want = append(want, code)
		}
	}
	for _, code := range want {
		if !slices.Contains(told, code) {
			t.Errorf("docs/json.md does not list the remark %s", code)
		}
	}
	for i, code := range told {
		if !slices.Contains(want, code) || slices.Contains(told[:i], code) {
			t.Errorf("docs/json.md lists %s, which nobody says, or twice", code)
		}
	}
	ds := node.Dataset()
	for _, code := range slices.Concat(trade.RemarkCodes(), desk.RemarkCodes()) {
		if en, fr := ds.RemarkText(code, "en"), ds.RemarkText(code, "fr"); en == "" || fr == "" || en == fr {
			t.Errorf("%s: %q, %q", code, en, fr)
		}
	}
}
