package circle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"guichet"
)

// Names of target files. A name is checked against these before it becomes part
// of a path: none holds "..", a backslash or a leading slash.
//
//	circle.json                       the charter, by a threshold of all
//	members/CA.json                   a member's paper, by itself
//	withdrawals/b5-covid-CA.json      a member's notice on an agreement, by itself
//	agreements/b5-covid.json          the agreement in force, by all its parties
//	agreements/b5-covid.v1.json       an older version of it
//	codes/areas.json, products/x.json lists, by a threshold of all
const charterPath = "circle.json"

type patterns struct {
	code, name, withdrawal, agreement, list *regexp.Regexp
}

//nolint:gochecknoglobals // compiled once, never changed
var shapes = sync.OnceValue(func() patterns {
	const name = `[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?`
	return patterns{
		code:       regexp.MustCompile(`^[A-Z]{2}$`),
		name:       regexp.MustCompile(`^` + name + `$`),
		withdrawal: regexp.MustCompile(`^withdrawals/(` + name + `)-([A-Z]{2})\.json$`),
		agreement:  regexp.MustCompile(`^agreements/(` + name + `)(?:\.v([1-9][0-9]{0,5}))?\.json$`),
		list:       regexp.MustCompile(`^(?:codes|products)/[a-z0-9](?:[a-z0-9_-]|\.[a-z0-9]){0,62}$`),
	}
})

// checkCode refuses what is no member's code ("CA").
func checkCode(code string) error {
	if !shapes().code.MatchString(code) {
		return guichet.Errorf(guichet.KindInvalid, "%q is no member's code", clip(code)).
			WithHint("write two capital letters, as ISO 3166 does: CA")
	}
	return nil
}

// checkName refuses what is no name of a circle or of an agreement.
func checkName(what, name string) error {
	if !shapes().name.MatchString(name) {
		return guichet.Errorf(guichet.KindInvalid, "%q is no name of %s", clip(name), what).
			WithHint("write small letters, digits and hyphens, at most 64: border-five")
	}
	return nil
}

// checkList refuses what is no name of a code list or product group.
func checkList(name string) error {
	if !shapes().list.MatchString(name) {
		return guichet.Errorf(guichet.KindInvalid, "%q is no name of a list", clip(name)).
			WithHint("write codes/NAME or products/NAME with small letters, digits, dots, hyphens")
	}
	return nil
}

func memberRole(code string) string     { return "member-" + code }
func agreementRole(id string) string    { return "agreement-" + id }
func memberPath(code string) string     { return "members/" + code + ".json" }
func agreementPath(id string) string    { return "agreements/" + id + ".json" }
func noticePath(id, code string) string { return "withdrawals/" + id + "-" + code + ".json" }
func versionPath(id string, n int) string {
	return "agreements/" + id + ".v" + strconv.Itoa(n) + ".json"
}

// memberOf is the member's code in "member-CA".
func memberOf(role string) (string, bool) {
	code, ok := strings.CutPrefix(role, "member-")
	return code, ok && checkCode(code) == nil
}

// agreementOf is the agreement's id in "agreement-b5-covid".
func agreementOf(role string) (string, bool) {
	id, ok := strings.CutPrefix(role, "agreement-")
	return id, ok && checkName("an agreement", id) == nil
}

// paths are the patterns that a delegation may sign, as TUF writes them. A star
// stands for no slash.
func paths(role string) []string {
	if code, ok := memberOf(role); ok {
		return []string{memberPath(code), "withdrawals/*-" + code + ".json"}
	}
	if id, ok := agreementOf(role); ok {
		return []string{agreementPath(id), "agreements/" + id + ".v*.json"}
	}
	return nil
}

// mayHold says whether a role may sign a target of that name. Top-level targets
// also keep the papers of those who have left: their delegation is gone.
func mayHold(role, target string) bool {
	s := shapes()
	if code, ok := memberOf(role); ok {
		m := s.withdrawal.FindStringSubmatch(target)
		return target == memberPath(code) || m != nil && m[2] == code
	}
	if id, ok := agreementOf(role); ok {
		m := s.agreement.FindStringSubmatch(target)
		return m != nil && m[1] == id
	}
	if role != "targets" {
		return false
	}
	dir, file := path.Split(target)
	code, isPaper := strings.CutSuffix(file, ".json")
	return target == charterPath || s.list.MatchString(target) || s.withdrawal.MatchString(target) ||
		dir == "members/" && isPaper && checkCode(code) == nil
}

// stored is where a target lies in a repository with consistent snapshots:
// targets/members/<sha256>.CA.json.
func stored(target string, sum []byte) string {
	dir, file := path.Split(target)
	return "targets/" + dir + hex.EncodeToString(sum) + "." + file
}

// KeyID is the id of a key in a member's paper: the first 16 hex digits of the
// SHA-256 of the public key.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// sameName refuses the papers of another circle. Where two circles have the same
// members with the same keys, every signature of the one is good in the other: what
// tells them apart is what was signed.
func (l *loader) sameName() error {
	want, got := l.name, l.out.content.charter.Name
	if want == "" && l.prev != nil {
		want = l.prev.content.charter.Name
	}
	if want != "" && got != want {
		return guichet.Errorf(guichet.KindUntrusted, "these are papers of the circle %s, not of %s", clip(got), want).
			WithHint("name the circle that they are of with --circle; if another member gave them as %s's, ask it why", want)
	}
	return nil
}

// clip shortens a word from outside before it is shown.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
