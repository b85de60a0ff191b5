package node_test

import (
	"os"
	"path/filepath"
	"testing"
)

// publishDemo lets a demonstration's home publish a table, its agreements and its log.
func publishDemo(t *testing.T, home string) {
	t.Helper()
	const text = `{"format":1,"until":"2999-01-01","contact":"statistics@example.org","agreements":true,"questions":true,"log":true,"generated":true,
"terms":[{"dataset":"trade","grains":["aggregate"],"picks":{"product":["6307"]},"where":{"flow":["imports"]},"measures":["value"],"levels":{"product":"hs6","partner":"country","period":"month"},"periods":{"from":"2019-01"},"disclosure":{"threshold":3,"dominance_top":1,"dominance_per_cent":75},"licence":"none","attribution":{"en":"Source: Statistics Canada (made figures).","fr":"Source : Statistique Canada (chiffres fabriqués)."}}],
"tables":[{"name":"masks-2020","title":{"en":"Masks imported in 2020","fr":"Masques importés en 2020"},"question":{"dataset":"trade","where":{"flow":["imports"],"product":["630790"]},"period":"2020-01:2020-12","by":["period","partner"],"measures":["value"]}}]}`
	file := filepath.Join(home, "public.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
}
