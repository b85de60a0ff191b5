package seal_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/seal"
)

// TestAlteredRequests alters one thing each.
func TestAlteredRequests(t *testing.T) {
	for name, c := range map[string]struct {
		alter func(r *http.Request)
		body  string
		kind  guichet.Kind
		says  string
	}{
		"body":                   {func(*http.Request) {}, question + " ", guichet.KindUntrusted, "the body is not the one"},
		"digest":                 {func(r *http.Request) { r.Header.Set("Content-Digest", seal.ContentDigest([]byte("x"))) }, "x", guichet.KindUntrusted, "does not hold"},
		"no digest":              {func(r *http.Request) { r.Header.Del("Content-Digest") }, "", guichet.KindInvalid, "Content-Digest is missing"},
		"content type":           {func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, "", guichet.KindUntrusted, "does not hold"},
		"method":                 {func(r *http.Request) { r.Method = http.MethodPut }, "", guichet.KindUntrusted, "does not hold"},
		"path":                   {func(r *http.Request) { r.URL.Path = "/guichet/1/records" }, "", guichet.KindUntrusted, "does not hold"},
		"query":                  {func(r *http.Request) { r.URL.RawQuery = "x=2" }, "", guichet.KindUntrusted, "does not hold"},
		"authority":              {func(r *http.Request) { r.Host = "us.example.org:8443" }, "", guichet.KindUntrusted, "does not hold"},
		"our field added":        {func(r *http.Request) { r.Header.Set("Guichet-More", "1") }, "", guichet.KindUntrusted, "does not cover Guichet-More"},
		"encoding added":         {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, "", guichet.KindUntrusted, "does not cover Content-Encoding"},
		"content type twice":     {func(r *http.Request) { r.Header.Add("Content-Type", "text/html") }, "", guichet.KindInvalid, "stands there 2 times"},
		"another field is free":  {func(r *http.Request) { r.Header.Set("User-Agent", "x") }, "", "", ""},
		"no signature":           {func(r *http.Request) { r.Header.Del("Signature") }, "", guichet.KindInvalid, "Signature is missing"},
		"no input":               {func(r *http.Request) { r.Header.Del("Signature-Input") }, "", guichet.KindInvalid, "Signature-Input is missing"},
		"signature cut":          {edit("Signature", `=:....`, "=:"), "", guichet.KindUntrusted, "does not hold"},
		"signature turned":       {edit("Signature", `=:.`, "=:/"), "", guichet.KindUntrusted, "does not hold"},
		"signature of text":      {edit("Signature", `=.*`, `="x"`), "", guichet.KindInvalid, "no byte sequence"},
		"signature with more":    {edit("Signature", `$`, `;x=1`), "", guichet.KindInvalid, "no plain member"},
		"another label":          {edit("Signature", `guichet=`, "other="), "", guichet.KindInvalid, "no plain member"},
		"label twice":            {twice, "", guichet.KindInvalid, "a label twice"},
		"two labels":             {second, "", guichet.KindInvalid, "2 signatures, not one"},
		"no tag":                 {edit("Signature-Input", `;tag="guichet"`, ""), "", guichet.KindInvalid, `tag is ""`},
		"another tag":            {edit("Signature-Input", `tag="guichet"`, `tag="gate"`), "", guichet.KindInvalid, `tag is "gate"`},
		"no nonce":               {edit("Signature-Input", `;nonce="[^"]*"`, ""), "", guichet.KindInvalid, "nonce has 0 characters"},
		"short nonce":            {edit("Signature-Input", `nonce="[^"]*"`, `nonce="123"`), "", guichet.KindInvalid, "nonce has 3 characters"},
		"nonce of number":        {edit("Signature-Input", `nonce="[^"]*"`, `nonce=1`), "", guichet.KindInvalid, "nonce is a text"},
		"another nonce":          {edit("Signature-Input", `nonce="[^"]*"`, `nonce="0123456789abcdef"`), "", guichet.KindUntrusted, "does not hold"},
		"no key id":              {edit("Signature-Input", `;keyid="[^"]*"`, ""), "", guichet.KindInvalid, "keyid has 0"},
		"another key id":         {edit("Signature-Input", `keyid="[^"]*"`, `keyid="0123456789abcdef"`), "", guichet.KindUntrusted, "no key 0123456789abcdef"},
		"no created":             {edit("Signature-Input", `;created=\d+`, ""), "", guichet.KindInvalid, "created is missing"},
		"no expires":             {edit("Signature-Input", `;expires=\d+`, ""), "", guichet.KindInvalid, "expires is missing"},
		"created of text":        {edit("Signature-Input", `created=\d+`, `created="1"`), "", guichet.KindInvalid, "whole number"},
		"created of decimal":     {edit("Signature-Input", `created=(\d+)`, `created=$1.5`), "", guichet.KindInvalid, "whole number"},
		"created twice":          {edit("Signature-Input", `;created=(\d+)`, `;created=1;created=$1`), "", guichet.KindInvalid, "not written in the form"},
		"lives for an hour":      {edit("Signature-Input", `expires=\d+`, `expires=1795266000`), "", guichet.KindInvalid, "made to live for"},
		"never lives":            {edit("Signature-Input", `expires=\d+`, `expires=1`), "", guichet.KindInvalid, "made to live for"},
		"algorithm named":        {edit("Signature-Input", `$`, `;alg="rsa-pss-sha512"`), "", guichet.KindUntrusted, "names the algorithm"},
		"digest uncovered":       {edit("Signature-Input", ` "content-digest"`, ""), "", guichet.KindUntrusted, "does not cover content-digest"},
		"method uncovered":       {edit("Signature-Input", `"@method" `, ""), "", guichet.KindUntrusted, "does not cover @method"},
		"query uncovered":        {edit("Signature-Input", ` "@query"`, ""), "", guichet.KindUntrusted, "does not cover @query"},
		"covered twice":          {edit("Signature-Input", `"@method"`, `"@method" "@method"`), "", guichet.KindInvalid, "covered twice"},
		"unknown component":      {edit("Signature-Input", `"@method"`, `"@method" "@moon"`), "", guichet.KindInvalid, "not known here"},
		"unknown parameter":      {edit("Signature-Input", `"@method"`, `"@method" "date";x`), "", guichet.KindInvalid, `the parameter "x"`},
		"status of a request":    {edit("Signature-Input", `"@method"`, `"@method" "@status"`), "", guichet.KindInvalid, "a request has no status"},
		"req of a request":       {edit("Signature-Input", `"@method"`, `"@method" "@path";req`), "", guichet.KindInvalid, "only a response has a request"},
		"field not there":        {edit("Signature-Input", `"@method"`, `"@method" "date"`), "", guichet.KindInvalid, "no such field"},
		"capital letters":        {edit("Signature-Input", `"@method"`, `"@method" "Date"`), "", guichet.KindInvalid, "no name of a component"},
		"itself":                 {edit("Signature-Input", `"@method"`, `"@method" "@signature-params"`), "", guichet.KindInvalid, "no name of a component"},
		"token for text":         {edit("Signature-Input", `"@method"`, `"@method" date`), "", guichet.KindInvalid, "no name of a component"},
		"two spaces":             {edit("Signature-Input", `"@method" `, `"@method"  `), "", guichet.KindInvalid, "not written in the form"},
		"item, not list":         {edit("Signature-Input", `=.*`, `="x"`), "", guichet.KindInvalid, "no list of components"},
		"garbage":                {edit("Signature-Input", `.*`, "((((("), "", guichet.KindInvalid, "cannot be read"},
		"open quotation":         {edit("Signature-Input", `tag="guichet"`, `tag="guichet`), "", guichet.KindInvalid, "cannot be read"},
		"much input":             {edit("Signature-Input", `$`, `;x="`+strings.Repeat("x", 9<<10)+`"`), "", guichet.KindHostile, "more than 8192"},
		"much signature":         {edit("Signature", `$`, strings.Repeat("x", 9<<10)), "", guichet.KindHostile, "more than 4096"},
		"many lines":             {lines, "", guichet.KindHostile, "lines"},
		"many components":        {edit("Signature-Input", `"@method"`, `"@method"`+strings.Repeat(` "date"`, 80)), "", guichet.KindHostile, "more than 64"},
		"digest twice":           {edit("Content-Digest", `^(.*)$`, "$1, $1"), "", guichet.KindInvalid, "stands in it twice"},
		"digest by md5 alone":    {edit("Content-Digest", `sha-256`, "md5"), "", guichet.KindInvalid, "neither sha-256 nor sha-512"},
		"digest of another kind": {edit("Content-Digest", `=.*`, "=1"), "", guichet.KindInvalid, "no plain byte sequence"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			r := w.request(t)
			c.alter(r)
			body := question
			if c.body != "" {
				body = c.body
			}
			err := w.read(r, body)
			if guichet.KindOf(err) != c.kind || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v (%s), want %q (%s)", err, guichet.KindOf(err), c.says, c.kind)
			}
		})
	}
}

// edit replaces what an expression finds in a field.
func edit(field, expression, by string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set(field, regexp.MustCompile(expression).ReplaceAllString(r.Header.Get(field), by))
	}
}

func twice(r *http.Request) {
	for _, f := range []string{"Signature", "Signature-Input"} {
		r.Header.Add(f, r.Header.Get(f))
	}
}

func second(r *http.Request) {
	for _, f := range []string{"Signature", "Signature-Input"} {
		r.Header.Add(f, strings.Replace(r.Header.Get(f), "guichet=", "other=", 1))
	}
}

func lines(r *http.Request) {
	for range 20 {
		r.Header.Add("Signature", "x=:AA==:")
	}
}

func TestAlteredResponses(t *testing.T) {
	for name, c := range map[string]struct {
		alter func(r *answer)
		says  string
	}{
		"status":        {func(r *answer) { r.StatusCode = 201 }, "does not hold"},
		"leaf":          {func(r *answer) { r.Header.Set("Guichet-Leaf", "18") }, "does not hold"},
		"leaf away":     {func(r *answer) { r.Header.Del("Guichet-Leaf") }, "no such field"},
		"field added":   {func(r *answer) { r.Header.Set("Guichet-New", "1") }, "does not cover Guichet-New"},
		"content type":  {func(r *answer) { r.Header.Set("Content-Type", "text/html") }, "does not hold"},
		"request away":  {func(r *answer) { r.Request = nil }, "is not known"},
		"unbound":       {func(r *answer) { editResponse(r, ` "signature";req`) }, "does not cover signature;req"},
		"method away":   {func(r *answer) { editResponse(r, ` "@method";req`) }, "does not cover @method;req"},
		"request added": {func(r *answer) { r.Request.Header.Add("Signature", "more=:AA==:") }, "does not hold"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			resp := w.response(t, w.request(t), "reply")
			c.alter(resp)
			if err := w.readReply(resp, "reply"); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	w := newWire(t)
	if err := w.readReply(w.response(t, w.request(t), "reply"), "repla"); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("an altered body: %v", err)
	}
}

func editResponse(r *answer, away string) {
	r.Header.Set("Signature-Input", strings.Replace(r.Header.Get("Signature-Input"), away, "", 1))
}
