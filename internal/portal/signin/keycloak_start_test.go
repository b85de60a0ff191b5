package signin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// keycloak is the real provider, started for one test.
type keycloak struct {
	address string
	cmd     *exec.Cmd
	done    chan struct{}
	log     *bytes.Buffer
}

// startKeycloak starts the distribution in the folder that GUICHET_KEYCLOAK names, with
// the realm of testdata, in memory. tools/keycloak.sh gets it.
func startKeycloak(t *testing.T, address, addressTwo string) *keycloak {
	t.Helper()
	home := os.Getenv("GUICHET_KEYCLOAK")
	if home == "" {
		t.Skip("no provider: GUICHET_KEYCLOAK names no folder with Keycloak's distribution (make test-signin gets it)")
	}
	text, err := os.ReadFile("testdata/realm.json")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(home, "data", "import")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, seconds := range map[string]string{realm: "60", hastyRealm: "1"} {
		r := strings.NewReplacer("REALM", name, `"CODE_SECONDS"`, seconds, "ADDRESS_TWO", addressTwo, "ADDRESS", address, "SECRET", clientSecret, "PASSWORD", realmPassword)
		if err := os.WriteFile(filepath.Join(folder, name+"-realm.json"), []byte(r.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	k := &keycloak{address: fmt.Sprintf("http://127.0.0.1:%d", port), done: make(chan struct{}), log: &bytes.Buffer{}}
	k.cmd = exec.Command(filepath.Join(home, "bin", "kc.sh"), "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", fmt.Sprintf("--http-port=%d", port), "--cache=local", "--import-realm")
	k.cmd.Env = append(os.Environ(), "KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD="+realmPassword, "JAVA_OPTS_KC_HEAP=-Xms128m -Xmx768m")
	k.cmd.Stdout, k.cmd.Stderr = k.log, k.log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(k.done)
		_ = k.cmd.Wait()
	}()
	t.Cleanup(k.stop)
	began := time.Now()
	for range 600 {
		select {
		case <-k.done:
			t.Fatalf("the provider ended:\n%s", k.log)
		case <-time.After(400 * time.Millisecond):
		}
		res, err := http.Get(k.address + "/realms/" + hastyRealm + "/.well-known/openid-configuration")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Logf("the provider answers after %s", time.Since(began).Round(time.Second))
			return k
		}
	}
	k.stop()
	t.Fatalf("the provider does not answer:\n%s", k.log)
	return nil
}

// stop ends the provider and what it started, and waits.
func (k *keycloak) stop() {
	_ = syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL)
	<-k.done
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// logOut ends all sessions of a person, as an administrator of the provider does.
func (k *keycloak) logOut(t *testing.T, user string) {
	t.Helper()
	call := func(method, address, token string, form url.Values) []byte {
		r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		} else {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode >= 300 {
			t.Fatalf("%s: %d %v %s", address, res.StatusCode, err, text)
		}
		return text
	}
	var token struct {
		Access string `json:"access_token"`
	}
	reply := call(http.MethodPost, k.address+"/realms/master/protocol/openid-connect/token", "", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {realmPassword},
	})
	if err := json.Unmarshal(reply, &token); err != nil {
		t.Fatal(err)
	}
	var users []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(call(http.MethodGet, k.address+"/admin/realms/"+realm+"/users?exact=true&username="+user, token.Access, nil), &users); err != nil || len(users) != 1 {
		t.Fatalf("%d users, %v", len(users), err)
	}
	call(http.MethodPost, k.address+"/admin/realms/"+realm+"/users/"+users[0].ID+"/logout", token.Access, nil)
}
