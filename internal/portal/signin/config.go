package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Config says which provider names the persons of a home, and what they may be. Its
// file is JSON:
//
//	{
//	  "issuer": "https://accounts.customs.example/realms/staff",
//	  "client_id": "guichet",
//	  "client_secret_file": "client-secret",
//	  "roles_claim": "realm_access.roles",
//	  "roles": {"trade-desk": "officer", "data-unit": "steward", "audit-court": "auditor", "it": "operator"},
//	  "address": "https://window.customs.example"
//	}
type Config struct {
	// Issuer is the provider's name, letter by letter as its discovery document says it.
	// https, but for a provider on this machine.
	Issuer string `json:"issuer"`
	// ClientID is the name under which the provider knows the pages.
	ClientID string `json:"client_id"`
	// SecretFile holds the client's secret and nothing else; beside the configuration
	// unless the path is absolute. Others on the machine must not be able to read it.
	SecretFile string `json:"client_secret_file"`
	// RolesClaim is where the provider says a person's roles: a claim, or a path into
	// one. Looked for in the ID token, then in the answer of the userinfo endpoint.
	// "roles" if empty.
	RolesClaim string `json:"roles_claim"`
	// Roles is what the provider's names mean here. Empty: the provider uses our words.
	// Names that are not here give nothing.
	Roles map[string]Role `json:"roles"`
	// Address is where browsers reach the pages: scheme, host, port. The provider must
	// know ADDRESS/sign-in/callback and ADDRESS/sign-out/done as addresses to come
	// back to, and ADDRESS/sign-out/back-channel as the one to tell of sessions that
	// are over. https, but on this machine.
	Address string `json:"address"`
	// CAFile names certificates (PEM) to trust instead of the system's, for a provider
	// that stands under an authority of its own.
	CAFile string `json:"ca_file"`
	// Idle ends a session in which nothing was asked for so long; 30 minutes if zero.
	Idle time.Duration `json:"-"`
	// Longest ends any session; 10 hours if zero. What the provider changed about a
	// person is noticed no later.
	Longest time.Duration `json:"-"`
}

const (
	defaultIdle    = 30 * time.Minute
	defaultLongest = 10 * time.Hour
	maxLongest     = 24 * time.Hour
	maxConfig      = 64 << 10
	maxSecret      = 4 << 10
	maxRoleNames   = 200
)

// ReadConfig reads the configuration of a provider and reports all its faults at
// once. Unknown keys are faults.
func ReadConfig(path string) (*Config, error) {
	text, err := readBounded(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no configuration of a provider at %s: %w", path, err).
			WithHint("docs/design/signin.md shows one")
	}
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "read %s: %w", path, err)
	}
	var file struct {
		Config
		Idle    string `json:"idle"`
		Longest string `json:"longest"`
	}
	read := json.NewDecoder(strings.NewReader(string(text)))
	read.DisallowUnknownFields()
	if err := read.Decode(&file); err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is not a configuration of a provider: %w", path, err).
			WithHint("docs/design/signin.md shows one, with every key")
	}
	c := file.Config
	var faults []string
	for _, t := range []struct {
		key, text string
		at        *time.Duration
	}{{"idle", file.Idle, &c.Idle}, {"longest", file.Longest, &c.Longest}} {
		if t.text == "" {
			continue
		}
		if *t.at, err = time.ParseDuration(t.text); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %q is no time such as 30m or 10h", t.key, clip(t.text, 40)))
		}
	}
	for _, name := range []*string{&c.SecretFile, &c.CAFile} {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(filepath.Dir(path), *name)
		}
	}
	faults = append(faults, c.faults()...)
	if _, err := c.secret(); err != nil && c.SecretFile != "" {
		faults = append(faults, err.Error())
	}
	if len(faults) > 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s: %s", path, strings.Join(faults, "; ")).
			WithHint("docs/design/signin.md says what each key means")
	}
	return &c, nil
}

func (c Config) check() error {
	if faults := c.faults(); len(faults) > 0 {
		return guichet.Errorf(guichet.KindInvalid, "the configuration of the provider: %s", strings.Join(faults, "; "))
	}
	return nil
}

// faults is what is wrong, in the order of the keys.
func (c Config) faults() []string {
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if why := addressFault(c.Issuer); why != "" {
		add("issuer: %s", why)
	}
	if c.ClientID == "" {
		add("client_id is missing")
	}
	if c.SecretFile == "" {
		add("client_secret_file is missing")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Roles)) {
		if !slices.Contains(Roles(), c.Roles[name]) {
			add("roles: %q is none of officer, steward, auditor, operator", c.Roles[name])
		}
	}
	if len(c.Roles) > maxRoleNames {
		add("roles: more than %d names", maxRoleNames)
	}
	if why := addressFault(c.Address); why != "" {
		add("address: %s", why)
	} else if u, err := url.Parse(c.Address); err != nil || u.Path != "" {
		add("address: %s has a path; scheme, host and port are enough", c.Address)
	}
	c = c.withDefaults()
	if c.Idle < time.Minute || c.Longest < c.Idle || c.Longest > maxLongest {
		add("idle and longest: a minute <= %s <= %s <= %s must hold", c.Idle, c.Longest, maxLongest)
	}
	return faults
}

// addressFault says why an address is none that secrets may be sent to.
func addressFault(address string) string {
	if address == "" {
		return "is missing"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Sprintf("%q is no address such as https://accounts.customs.example", clip(address, 200))
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Host):
		return ""
	default:
		return clip(address, 200) + " is not https, and not on this machine"
	}
}

func (c Config) withDefaults() Config {
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	if c.Longest == 0 {
		c.Longest = defaultLongest
	}
	if c.RolesClaim == "" {
		c.RolesClaim = "roles"
	}
	return c
}

// secret reads the client's secret.
func (c Config) secret() (string, error) {
	info, err := os.Stat(c.SecretFile)
	if err != nil {
		return "", guichet.Errorf(guichet.KindNotFound, "client_secret_file: there is no %s: %w", c.SecretFile, errors.Unwrap(err))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", guichet.Errorf(guichet.KindRefused, "client_secret_file: others on this machine may read %s (chmod 600)", c.SecretFile)
	}
	text, err := readBounded(c.SecretFile, maxSecret)
	if err != nil {
		return "", guichet.Errorf(guichet.KindInvalid, "client_secret_file: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", guichet.Errorf(guichet.KindInvalid, "client_secret_file: %s is empty", c.SecretFile)
	}
	return secret, nil
}

// law is a digest of what a session rests on. When it changes, what was sealed under
// the older one opens no more: nobody keeps a role that the configuration took away.
func (c Config) law() string {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // strings and durations; New's seals would then all be of one law
	}
	sum := sha256.Sum256(fmt.Appendf(text, "%s %s", c.Idle, c.Longest))
	return hex.EncodeToString(sum[:8])
}

// rolesOf translates the provider's names; none is no role.
func (c Config) rolesOf(names []string) []Role {
	var mine []Role
	for _, role := range Roles() {
		if slices.ContainsFunc(names, func(name string) bool {
			if len(c.Roles) == 0 {
				return name == string(role)
			}
			return c.Roles[name] == role
		}) {
			mine = append(mine, role)
		}
	}
	return mine
}

// rolesWanted names what the provider must give a person, for the page that says that
// it gave none.
func (c Config) rolesWanted() string {
	if len(c.Roles) == 0 {
		return "officer, steward, auditor, operator"
	}
	return strings.Join(slices.Sorted(maps.Keys(c.Roles)), ", ")
}
