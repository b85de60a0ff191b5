package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestServiceUnit: systemd reads the unit that comes with guichet, and has nothing to
// say of it; it is confined as the paper says.
func TestServiceUnit(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "contrib", "guichet.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Type=notify", "DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "LimitCORE=0", "LoadCredentialEncrypted=node-passphrase"} {
		if !strings.Contains(string(text), "\n"+line+"\n") {
			t.Errorf("the unit does not say %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("systemd-analyze is not here (on Debian and Ubuntu: the package systemd)")
	}
	if err != nil {
		t.Skip("systemd-analyze is not here: the unit was not verified")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "guichet.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/guichet", exe)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "guichet.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
