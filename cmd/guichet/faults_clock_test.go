package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"guichet/internal/guichettest"
)

// TestOnlyABuildForFaultsMovesItsClock: what is released reads the machine's
// clock, whatever its surroundings say.
func TestOnlyABuildForFaultsMovesItsClock(t *testing.T) {
	for program, want := range map[string]time.Duration{"guichet": 0, guichettest.Build(t, "faults"): -48 * time.Hour} {
		cmd := exec.CommandContext(t.Context(), program, "init", "--home", guichettest.Home(t), "--member", "NZ", "--json")
		cmd.Env = append(os.Environ(), "GUICHET_TEST_CLOCK_OFFSET=-48h")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		var told struct{ Home struct{ Created time.Time } }
		if err := json.Unmarshal(out, &told); err != nil {
			t.Fatal(err)
		}
		if off := time.Until(told.Home.Created) - want; off.Abs() > time.Hour {
			t.Errorf("the clock of %s is %s off, want %s", program, time.Until(told.Home.Created), want)
		}
	}
}
