package node_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/internal/journal"
)

// TestTheListsOfTheCircle: what an agreement says of every answer, and what may
// be found in journals, stands in docs/json.md, each code once and nothing else.
func TestTheListsOfTheCircle(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../agreement/notice.go")
	if err != nil {
		t.Fatal(err)
	}
	var notices []string
	for _, m := range regexp.MustCompile(`(?m)^\tNotice\w+ += "([a-z_]+)"$`).FindAllStringSubmatch(string(source), -1) {
		notices = append(notices, m[1])
	}
	findings := []string{"unreachable", "unbelieved"} // a journal that nobody can look at, or nobody can believe
	for _, c := range journal.Codes() {
		findings = append(findings, string(c))
	}
	for title, want := range map[string][]string{"Codes of notices": notices, "Codes of findings": findings} {
		_, list, ok := strings.Cut(string(text), "\n## "+title+"\n")
		if !ok || len(want) == 0 {
			t.Fatalf("docs/json.md has no list %q, or %d codes should be in it", title, len(want))
		}
		list, _, _ = strings.Cut(list, "\n## ")
		var told []string
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .+ \\|$").FindAllStringSubmatch(list, -1) {
			told = append(told, m[1])
		}
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%s: docs/json.md lists %v, and there are %v", title, told, want)
		}
	}
}
