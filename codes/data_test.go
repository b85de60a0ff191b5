package codes_test

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dataFile opens a file of the shared data, which is not part of the project.
func dataFile(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the shared data is needed under CI: %v", err)
		}
		t.Skipf("skipped: the shared data is not here: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// rowsOf reads a CSV file of the shared data by column name.
func rowsOf(t *testing.T, name string) []map[string]string {
	t.Helper()
	var in io.Reader = dataFile(t, name)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in = z
	}
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	all, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out := make([]map[string]string, 0, len(all))
	for _, line := range all[1:] {
		m := map[string]string{}
		for i, c := range all[0] {
			if i < len(line) {
				m[strings.TrimPrefix(c, "\ufeff")] = line[i]
			}
		}
		out = append(out, m)
	}
	return out
}

// filesUnder lists the CSV files of a folder of the shared data.
func filesUnder(t *testing.T, folder string) []string {
	t.Helper()
	root := dataFile(t, folder).Name()
	var out []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".csv") {
			rel, _ := filepath.Rel(root, path)
			out = append(out, filepath.Join(folder, rel))
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return out
}
