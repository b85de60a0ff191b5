package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"guichet"
	"guichet/internal/portal"
)

// browser is somebody at the pages of a demonstration's node.
type browser struct {
	base string // "http://127.0.0.1:8080"
	lang string
	http *http.Client
}

// longestSeen bounds what is read of a page.
const longestSeen = 8 << 20

// comesIn opens the pages as one of the demonstration's people.
func (d *showing) comesIn(ctx context.Context, p *party, role portal.Role) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}
	b := &browser{base: strings.TrimSuffix(p.found, "/"), lang: d.lang(), http: &http.Client{Jar: jar, Timeout: time.Minute}}
	body, _, err := b.get(ctx, "/sign-in")
	if err != nil {
		return nil, err
	}
	_, err = b.post(ctx, "/sign-in", url.Values{"role": {string(role)}, "to": {b.path("/")}, "csrf": {hidden(body)["csrf"]}})
	return b, err
}

// path is a page in the demonstration's language.
func (b *browser) path(to string) string { return "/" + b.lang + to }

// get opens a page; at is where it led.
func (b *browser) get(ctx context.Context, path string) (body, at string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		return "", "", fmt.Errorf("open %s: %w", path, err)
	}
	return b.do(req)
}

// post sends a form.
func (b *browser) post(ctx context.Context, path string, form url.Values) (at string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("send %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, at, err = b.do(req)
	return at, err
}

// send sends a file.
func (b *browser) send(ctx context.Context, path, token, name string, file []byte) (body, at string, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	err = w.WriteField("csrf", token)
	if part, perr := w.CreateFormFile("file", name); perr == nil {
		_, perr = part.Write(file)
		err = errors.Join(err, perr)
	}
	err = errors.Join(err, w.Close())
	req, rerr := http.NewRequestWithContext(ctx, http.MethodPost, b.base+path, &out)
	if err = errors.Join(err, rerr); err != nil {
		return "", "", fmt.Errorf("send %s: %w", path, err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(req)
}

func (b *browser) do(req *http.Request) (body, at string, err error) {
	res, err := b.http.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("page %s: %w", req.URL.Path, err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, longestSeen))
	_ = res.Body.Close() // it was read, or its error says so
	if err != nil {
		return "", "", fmt.Errorf("page %s: %w", req.URL.Path, err)
	}
	if res.StatusCode != http.StatusOK {
		return "", "", guichet.Errorf(guichet.KindInternal, "the page %s answers %d", req.URL.RequestURI(), res.StatusCode)
	}
	return string(text), res.Request.URL.RequestURI(), nil
}

// hidden are the hidden fields of a page's forms; of one name the last, since the
// page's own form follows its frame.
func hidden(body string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		out[html.UnescapeString(m[1])] = html.UnescapeString(m[2])
	}
	return out
}

// asksPage asks what the page at an address would ask, waits until it is answered, and
// returns where the answer stands, without its language.
func (b *browser) asksPage(ctx context.Context, path string, q url.Values) (body, at string, err error) {
	body, at, err = b.get(ctx, b.path(path)+"?"+q.Encode())
	if err != nil {
		return "", "", err
	}
	fields := hidden(body)
	if fields["once"] == "" {
		return "", "", guichet.Errorf(guichet.KindInternal, "the page %s asks nothing", at)
	}
	if at, err = b.post(ctx, b.path(path), url.Values{"csrf": {fields["csrf"]}, "once": {fields["once"]}, "query": {fields["query"]}}); err != nil {
		return "", "", err
	}
	for tries := 0; ; tries++ {
		if body, _, err = b.get(ctx, at); err != nil {
			return "", "", err
		}
		if !strings.Contains(body, "data-events=") {
			return body, strings.TrimPrefix(at, "/"+b.lang), nil
		}
		if tries > 300 {
			return "", "", guichet.Errorf(guichet.KindInternal, "the page %s is not answered", at)
		}
		select {
		case <-ctx.Done():
			return "", "", fmt.Errorf("page %s: %w", at, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
