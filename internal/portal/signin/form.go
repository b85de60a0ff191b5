package signin

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxForm   = 1 << 20 // bytes of what is typed into one form
	maxFields = 2000
	maxFirst  = 64 << 10 // within which a form with files shows its token
	maxDrain  = 1 << 30  // of a form with files, read to find what was typed: a browser shows what we say only when it has sent the file
)

// maxDraining is how long such a form may take.
const maxDraining = 10 * time.Minute

const (
	encoded     = "application/x-www-form-urlencoded"
	encodedFile = "multipart/form-data"
)

// guard lets through what only reads, and what comes from a form that a page of ours
// made for this session. Where the session behind the form is over, what was typed is
// kept.
func (d *Door) guard(w http.ResponseWriter, r *http.Request, v *visit, s *session) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	if err := d.origins.Check(r); err != nil {
		noStore(w)
		d.fail(w, r, &failure{status: http.StatusForbidden, key: "signin.origin", next: "/", cause: err})
		return false
	}
	token, err := formToken(w, r)
	if err != nil {
		noStore(w)
		d.fail(w, r, formFailure(err))
		return false
	}
	if s != nil && same(token, v.token()) || d.isVisitors(r, token) {
		return true
	}
	noStore(w)
	switch owner := d.ofPerson(token); {
	case owner == "":
		d.fail(w, r, &failure{status: http.StatusForbidden, key: "signin.form", next: "/"})
	case r.URL.Path == SignOutPath:
		return true // whoever wants to be out is let out
	case s != nil && s.Pseudonym != owner:
		d.fail(w, r, &failure{status: http.StatusForbidden, key: "signin.other_person", next: "/"})
	default:
		d.keep(w, r, owner, s)
	}
	return false
}

func formFailure(err error) *failure {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &failure{
			status: http.StatusRequestEntityTooLarge, key: "signin.too_large", cause: err,
			values: map[string]string{"kilobytes": strconv.Itoa(maxForm >> 10)},
		}
	}
	return &failure{status: http.StatusBadRequest, key: "signin.form", next: "/", cause: err}
}

// formToken reads the token without taking the body away from who comes next. A form
// of text is read whole; of a form with files only the first field.
func formToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if token := r.Header.Get(TokenHeader); token != "" {
		return token, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil //nolint:nilerr // no form, so no token in it
	}
	switch kind {
	case encoded:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
		if err != nil {
			return "", err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		for _, f := range fieldsOf(string(body)) {
			if f.Name == TokenField {
				return f.Value, nil
			}
		}
	case encodedFile:
		return firstField(r, params["boundary"]), nil
	}
	return "", nil
}

// firstField returns the token of a form with files, and puts back what was read.
func firstField(r *http.Request, boundary string) string {
	var read bytes.Buffer
	body := r.Body
	parts := multipart.NewReader(io.TeeReader(io.LimitReader(body, maxFirst), &read), boundary)
	token := ""
	if part, err := parts.NextPart(); err == nil && part.FormName() == TokenField {
		if value, err := io.ReadAll(io.LimitReader(part, 512)); err == nil {
			token = string(value)
		}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, body), body}
	return token
}

// Form is what somebody typed into a page whose session was over when they sent it.
type Form struct {
	Action  string   // where it goes: a path of ours
	Enctype string   // how it was sent: pages must send it so again
	Fields  []Field  // in the order of the page; without the token
	Files   []string // names of the files that must be chosen again
	Cut     bool     // not all of it could be kept
}

// Field is one value of a form.
type Field struct{ Name, Value string }

// size is what a form holds on to.
func (f *Form) size() int {
	n := len(f.Action)
	for _, x := range f.Fields {
		n += len(x.Name) + len(x.Value) + 64
	}
	for _, x := range f.Files {
		n += len(x) + 64
	}
	return n
}

// keep puts aside what was typed, for its writer only, and says how to go on.
func (d *Door) keep(w http.ResponseWriter, r *http.Request, owner string, s *session) {
	to := referer(r)
	form := readForm(w, r)
	if form == nil {
		d.render(w, r, http.StatusUnauthorized, "signin.needed", Args{Next: signInAddress(to, ""), To: to})
		return
	}
	id, ok := d.kept.put(owner, form, d.clock())
	switch {
	case !ok:
		d.render(w, r, http.StatusServiceUnavailable, "signin.not_kept", Args{Next: signInAddress(to, ""), To: to})
	case s != nil:
		// Signed in again in another tab: straight on to the button.
		http.Redirect(w, r, ContinuePath+"?kept="+id, http.StatusSeeOther)
	default:
		d.render(w, r, http.StatusUnauthorized, "signin.kept", Args{
			Next: signInAddress(to, id), To: to,
			Values: map[string]string{"minutes": strconv.Itoa(int(keptFor / time.Minute))},
		})
	}
}

// referer is the page of ours that a form stood on, "/" when the browser does not say.
func referer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return localAddress(u.RequestURI())
}

// readForm reads the fields of a form; nil when the body is none.
func readForm(w http.ResponseWriter, r *http.Request) *Form {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil
	}
	f := &Form{Action: r.URL.RequestURI(), Enctype: kind}
	switch kind {
	case encoded:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
		f.Cut = err != nil
		for _, x := range fieldsOf(string(body)) {
			f.add(x)
		}
	case encodedFile:
		defer patience(w)()
		f.readParts(multipart.NewReader(http.MaxBytesReader(w, r.Body, maxDrain), params["boundary"]))
	default:
		return nil
	}
	return f
}

// patience lets a form with files come that takes longer than a page may: whoever sends
// it had a session of ours. The function that it returns ends that.
func patience(w http.ResponseWriter) func() {
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})
	_ = out.SetWriteDeadline(time.Time{})
	ends := time.AfterFunc(maxDraining, func() { _ = out.SetReadDeadline(time.Unix(1, 0)) })
	return func() { ends.Stop() }
}

func (f *Form) add(x Field) {
	switch {
	case x.Name == TokenField:
	case isSecret(x.Name):
		f.Cut = true
	case len(f.Fields) >= maxFields:
		f.Cut = true
	default:
		f.Fields = append(f.Fields, x)
	}
}

// isSecret says whether what is typed into a field is kept nowhere, and not shown again:
// whoever sees the page must type it anew.
func isSecret(field string) bool {
	field = strings.ToLower(field)
	return strings.Contains(field, "passphrase") || strings.Contains(field, "password")
}

// readParts takes what was typed, and the names of files but not what is in them.
func (f *Form) readParts(parts *multipart.Reader) {
	room := int64(maxForm)
	for {
		part, err := parts.NextPart()
		if err != nil {
			f.Cut = f.Cut || !errors.Is(err, io.EOF)
			return
		}
		if name := part.FileName(); name != "" || part.Header.Get("Content-Type") != "" {
			if name != "" && len(f.Files) < 100 {
				f.Files = append(f.Files, clip(name, 200))
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, room+1))
		if err != nil || int64(len(value)) > room {
			f.Cut = true
			return
		}
		room -= int64(len(value))
		f.add(Field{Name: part.FormName(), Value: string(value)})
	}
}

// fieldsOf reads name=value&name=value in its order, which a map would lose.
func fieldsOf(body string) []Field {
	var fields []Field
	for pair := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		n, err := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if pair == "" || err != nil || err2 != nil {
			continue
		}
		fields = append(fields, Field{Name: n, Value: v})
	}
	return fields
}
