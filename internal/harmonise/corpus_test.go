package harmonise_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/harmonise"
)

var update = flag.Bool("update", false, "write what is judged into the corpus; review it like code")

// TestCorpus judges the cases of testdata/*.txtar. An archive holds groups as
// JSON, each followed by its cases: a key, its parts by " | ", then what is
// judged, the values in the order of the fields, and remarks after a
// semicolon; or the reason for putting the rows aside after an exclamation
// mark. "" is the empty text. Lines that begin with # are comments.
//
//	-- us-imports.json --
//	{"name": ...}
//	-- us-imports.cases --
//	6307909870 | 2024-01 => 630790 | 2022 ; not_listed
//	X | 2024-01 => !not_a_code
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := judgeAll(t, string(want))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s: judged otherwise (-want +got):\n%s", name, diff)
			}
		})
	}
}

// judgeAll returns the archive with what is judged now.
func judgeAll(t *testing.T, archive string) string {
	t.Helper()
	var out, group strings.Builder
	var judge *harmonise.Judge
	inGroup := false
	cases := 0
	for line := range strings.Lines(archive) {
		switch {
		case strings.HasPrefix(line, "-- "):
			inGroup = strings.HasSuffix(line, ".json --\n")
			if inGroup {
				group.Reset()
			} else {
				judge = judgeOf(t, group.String())
			}
		case inGroup:
			group.WriteString(line)
		case judge != nil && strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#"):
			key, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
			line = key + " => " + write(judge.Verdict(parts(key))) + "\n"
			cases++
		}
		out.WriteString(line)
	}
	if cases == 0 {
		t.Fatal("no case")
	}
	return out.String()
}

func judgeOf(t *testing.T, text string) *harmonise.Judge {
	t.Helper()
	var g guichet.KeyGroup
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if err := harmonise.Check(g); err != nil {
		t.Fatal(err)
	}
	j, err := harmonise.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func parts(key string) []string {
	out := strings.Split(key, " | ")
	for i, p := range out {
		if p == `""` {
			out[i] = ""
		}
	}
	return out
}

func write(v guichet.Verdict) string {
	if v.Reject != "" {
		return "!" + v.Reject
	}
	values := make([]string, len(v.Values))
	for i, x := range v.Values {
		values[i] = x
		if x == "" {
			values[i] = `""`
		}
	}
	text := strings.Join(values, " | ")
	if len(v.Remarks) > 0 {
		text += " ; " + strings.Join(v.Remarks, " ")
	}
	return text
}

func ExampleJudge_Verdict() {
	j, err := harmonise.New(guichet.KeyGroup{
		Name: "product", Rule: "commodity", Columns: []string{"hts10"}, Fields: []string{"hs", "edition", "level", "conf_status"},
		Params: map[string]string{"list": "us-hts", "country": "US", "flow": "imports", "period": "2024"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(write(j.Verdict([]string{"6307909842"})))
	fmt.Println(write(j.Verdict([]string{"2918000000"})))
	// Output:
	// 630790 | 2022 | 10 | free
	// 2918 | 2022 | 4 | rolled_up ; not_listed rolled_up
}
