package ingest

import "fmt"

// ProfileText returns the text of an embedded profile by its name, nil when
// there is none.
func ProfileText(name string) ([]byte, error) {
	entries, err := embedded.ReadDir("profiles")
	if err != nil {
		return nil, fmt.Errorf("read embedded profiles: %w", err)
	}
	for _, e := range entries {
		text, err := embedded.ReadFile("profiles/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read embedded profile: %w", err)
		}
		p, err := ParseProfile(e.Name(), text)
		if err != nil {
			return nil, err
		}
		if p.Name == name {
			return text, nil
		}
	}
	return nil, nil
}
