package ingest

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed profiles/*.yaml
var embedded embed.FS

// Profiles returns the embedded profiles by name.
func Profiles() ([]*Profile, error) {
	entries, err := embedded.ReadDir("profiles")
	if err != nil {
		return nil, fmt.Errorf("read embedded profiles: %w", err)
	}
	var out []*Profile
	for _, e := range entries {
		text, err := embedded.ReadFile(path.Join("profiles", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read embedded profile: %w", err)
		}
		p, err := ParseProfile(e.Name(), text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Profile) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
