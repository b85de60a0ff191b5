package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// The style is made by tools/assets.sh of govuk-frontend and tools/pages; the script
// is our own. Both are committed as they are served.
//
//go:embed assets/guichet.css assets/guichet.js assets/guichet.svg
var assetFiles embed.FS

// assets are files that a page names by their content: what an address holds never
// changes, so that a browser asks once.
type assets struct {
	at   map[string]asset  // by the name in the address
	name map[string]string // that name by the file's own
}

type asset struct {
	kind        string
	plain, zipd []byte
}

func loadAssets() (*assets, error) {
	a := &assets{map[string]asset{}, map[string]string{}}
	for _, file := range []string{"guichet.css", "guichet.js", "guichet.svg"} {
		plain, err := assetFiles.ReadFile("assets/" + file)
		if err != nil {
			return nil, fmt.Errorf("asset: %w", err)
		}
		var zipd bytes.Buffer
		z, err := gzip.NewWriterLevel(&zipd, gzip.BestCompression)
		if err != nil {
			return nil, fmt.Errorf("asset: %w", err)
		}
		if _, err := z.Write(plain); err != nil {
			return nil, fmt.Errorf("asset: %w", err)
		}
		if err := z.Close(); err != nil {
			return nil, fmt.Errorf("asset: %w", err)
		}
		digest := sha256.Sum256(plain)
		ext := path.Ext(file)
		name := strings.TrimSuffix(file, ext) + "-" + hex.EncodeToString(digest[:8]) + ext
		a.at[name], a.name[file] = asset{kind: mime.TypeByExtension(ext), plain: plain, zipd: zipd.Bytes()}, name
	}
	return a, nil
}

// to is the address of a file.
func (a *assets) to(file string) (string, error) {
	name, ok := a.name[file]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", file)
	}
	return "/assets/" + name, nil
}

// ServeHTTP serves a file.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.at[r.PathValue("file")]
	if !ok {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.zipd
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
