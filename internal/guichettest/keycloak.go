//go:build linux

package guichettest

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The realms of a Keycloak for tests, which both have the persons amina (trade-desk and
// audit-court), bilal (it) and chloe (no role), and their password.
const (
	KeycloakRealm    = "customs"
	KeycloakHasty    = "hasty"                      // whose codes are good for a second
	KeycloakPassword = "a long walk by the harbour" //nolint:gosec // of persons that are made up
)

// KeycloakConfig says whom a Keycloak is the provider of.
type KeycloakConfig struct {
	Address    string // of the pages of its client guichet
	AddressTwo string // of the pages of its client guichet-by-person
	Secret     string // of both
}

// Keycloak is a real provider of OpenID Connect, started for one test.
type Keycloak struct {
	Address string
	cmd     *exec.Cmd
	done    chan struct{}
	log     output
}

// StartKeycloak starts the distribution in the folder that GUICHET_KEYCLOAK names, with
// the realm of signin's testdata, in memory. tools/keycloak.sh gets it; the test is
// skipped without it. One at a time: the realms lie in its folder.
func StartKeycloak(tb testing.TB, c KeycloakConfig) *Keycloak {
	tb.Helper()
	home := os.Getenv("GUICHET_KEYCLOAK")
	if home == "" {
		tb.Skip("no provider: GUICHET_KEYCLOAK names no folder with Keycloak's distribution (make test-signin gets it)")
	}
	c.writeRealms(tb, home)
	address := FreeAddr(tb)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatal(err)
	}
	k := &Keycloak{Address: "http://" + address, done: make(chan struct{})}
	k.cmd = exec.Command(filepath.Join(home, "bin", "kc.sh"), "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", "--http-port="+port, "--cache=local", "--import-realm") //nolint:gosec,noctx // whoever runs the test names the program; stop ends it
	k.cmd.Env = append(os.Environ(), "KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD="+KeycloakPassword, "JAVA_OPTS_KC_HEAP=-Xms128m -Xmx768m")
	k.cmd.Stdout, k.cmd.Stderr = &k.log, &k.log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // kc.sh starts Java beside itself
	if err := k.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(k.done)
		_ = k.cmd.Wait() // how it ended, its log tells
	}()
	tb.Cleanup(k.Stop)
	k.answers(tb)
	return k
}

// writeRealms puts the realms where Keycloak takes them in as it starts.
func (c KeycloakConfig) writeRealms(tb testing.TB, home string) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(root(tb), "internal", "portal", "signin", "testdata", "realm.json"))
	if err != nil {
		tb.Fatal(err)
	}
	folder := filepath.Join(home, "data", "import")
	if err := os.MkdirAll(folder, 0o700); err != nil { //nolint:gosec // whoever runs the test names the folder
		tb.Fatal(err)
	}
	for name, seconds := range map[string]string{KeycloakRealm: "60", KeycloakHasty: "1"} {
		r := strings.NewReplacer("REALM", name, `"CODE_SECONDS"`, seconds, "ADDRESS_TWO", c.AddressTwo, "ADDRESS", c.Address, "SECRET", c.Secret, "PASSWORD", KeycloakPassword)
		paper := filepath.Join(folder, name+"-realm.json")
		if err := os.WriteFile(paper, []byte(r.Replace(string(text))), 0o600); err != nil { //nolint:gosec // as above
			tb.Fatal(err)
		}
	}
}

// answers waits until it does.
func (k *Keycloak) answers(tb testing.TB) {
	tb.Helper()
	for range 600 {
		select {
		case <-k.done:
			tb.Fatalf("the provider ended:\n%s", k.log.String())
		case <-time.After(400 * time.Millisecond):
		}
		res, err := http.Get(k.Issuer(KeycloakHasty) + "/.well-known/openid-configuration") //nolint:noctx // the loop is bounded
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
	}
	k.Stop()
	tb.Fatalf("the provider does not answer:\n%s", k.log.String())
}

// Issuer is the name of a realm as a provider.
func (k *Keycloak) Issuer(realm string) string { return k.Address + "/realms/" + realm }

// Log returns the last lines of what it has written.
func (k *Keycloak) Log() string { return tail(k.log.String(), 20) }

// Stop ends the provider and what it started, and waits; more than once too.
func (k *Keycloak) Stop() {
	select {
	case <-k.done:
		return // the number may be another's by now
	default:
	}
	_ = syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL) // that it has ended is what is wanted
	<-k.done
}

// <form id="kc-form-login" ... action="http://...&amp;..." method="post">
var keycloakForm = regexp.MustCompile(`(?s)<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"`)

// KeycloakForm is where the login form on one of its pages goes to; "" where there is
// none.
func KeycloakForm(page string) string {
	m := keycloakForm.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// KeycloakLogin is what somebody types into its login form.
func KeycloakLogin(user, password string) url.Values {
	return url.Values{"username": {user}, "password": {password}}
}

// LogOut ends all sessions of a person, as an administrator of the provider does.
func (k *Keycloak) LogOut(tb testing.TB, user string) {
	tb.Helper()
	var token struct {
		Access string `json:"access_token"`
	}
	k.call(tb, http.MethodPost, "/realms/master/protocol/openid-connect/token", "", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {KeycloakPassword},
	}, &token)
	users := "/admin/realms/" + KeycloakRealm + "/users"
	var found []struct {
		ID string `json:"id"`
	}
	k.call(tb, http.MethodGet, users+"?exact=true&username="+url.QueryEscape(user), token.Access, nil, &found)
	if len(found) != 1 {
		tb.Fatalf("%d persons are called %s", len(found), user)
	}
	k.call(tb, http.MethodPost, users+"/"+found[0].ID+"/logout", token.Access, nil, nil)
}

// call asks it for something, and reads the reply into out.
func (k *Keycloak) call(tb testing.TB, method, path, token string, form url.Values, out any) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, k.Address+path, strings.NewReader(form.Encode()))
	if err != nil {
		tb.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err == nil && res.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		tb.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
}
