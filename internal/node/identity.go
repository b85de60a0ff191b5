package node

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/ingest"
)

// identity is what makes a submission the same one: the unpacked content, the
// profile and the tables by which it was read, and what the operator added.
// The first sixteen digits are its id.
func identity(o order, p *ingest.Prepared) string {
	parts := []string{p.Digest, p.Profile.Name, p.Profile.Version(), TablesVersion()}
	for _, k := range slices.Sorted(maps.Keys(o.Given)) {
		parts = append(parts, k+"="+o.Given[k])
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

// candidates returns the profiles that a file may fit: all embedded ones, the
// one named, or the one given as a file.
func candidates(name string, yaml []byte) ([]*ingest.Profile, error) {
	if len(yaml) > 0 {
		p, err := ingest.ParseProfile(name, yaml)
		if err != nil {
			return nil, err
		}
		ds, err := DatasetBy(p.Dataset)
		if err != nil || p.Dataset == "" {
			ds = Dataset() // whose check says what is wrong, with its line
		}
		if err := p.Check(ds); err != nil {
			return nil, err
		}
		return []*ingest.Profile{p}, nil
	}
	all, err := ingest.Profiles()
	if err != nil || name == "" {
		return all, err
	}
	for _, p := range all {
		if p.Name == name {
			return []*ingest.Profile{p}, nil
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no profile %q, and no such file", name).WithHint("list them: guichet profile list")
}

// profileFile reads a profile named as a file; nothing when it names an
// embedded one.
func profileFile(name string) ([]byte, error) {
	if name == "" || !strings.ContainsAny(name, "/.") {
		return nil, nil
	}
	b, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "the profile %s cannot be read: %w", name, err)
	}
	const most = 1 << 20
	if len(b) > most {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is larger than 1 MiB; it is no profile", name)
	}
	if len(strings.TrimSpace(string(b))) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "the profile %s is empty", name)
	}
	return b, nil
}
