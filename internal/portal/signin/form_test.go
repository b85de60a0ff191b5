package signin_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/internal/portal/signin"
)

// TestForms: nothing changes but by a form of ours, of this session.
func TestForms(t *testing.T) {
	w := newWorld(t, false, nil)
	b, other := w.browser(), w.browser()
	mine := b.signIn("amina", "trade-desk").Token
	theirs := other.signIn("bilal", "it").Token
	stranger := w.browser()
	anonymous, _ := stranger.get("/")
	cases := []struct {
		name    string
		browser *browser
		token   string
		headers []string
		status  int
		key     string
	}{
		{"a form of ours", b, mine, nil, 200, ""},
		{"the browser says so", b, mine, []string{"Sec-Fetch-Site", "same-origin", "Origin", w.pages.URL}, 200, ""},
		{"no token", b, "", nil, 403, "signin.form"},
		{"half a token", b, mine[:20], nil, 403, "signin.form"},
		{"an altered token", b, mine[:len(mine)-1] + "x", nil, 303, ""}, // for amina, of no session: shown again
		{"somebody else's", b, theirs, nil, 403, "signin.other_person"},
		{"a person's name alone", b, strings.Split(mine, ".")[0] + "..", nil, 403, "signin.form"},
		{"another site", b, mine, []string{"Sec-Fetch-Site", "cross-site"}, 403, "signin.origin"},
		{"another site of the same owner", b, mine, []string{"Sec-Fetch-Site", "same-site"}, 403, "signin.origin"},
		{"another site, by its name", b, mine, []string{"Origin", "https://evil.example"}, 403, "signin.origin"},
		{"a page without a name", b, mine, []string{"Origin", "null"}, 403, "signin.origin"},
		{"nobody, of a page of ours", stranger, anonymous.Token, nil, 200, ""},
		{"nobody, of another's page", w.browser(), anonymous.Token, nil, 403, "signin.form"},
	}
	for _, c := range cases {
		s, _ := c.browser.post("/save", url.Values{"a": {"1"}, "csrf": {c.token}, "b": {"é&="}}, c.headers...)
		if s.Status != c.status || s.Key != c.key {
			t.Errorf("%s: %d %q, want %d %q", c.name, s.Status, s.Key, c.status, c.key)
		}
		if s.Status == 200 && s.Fields["b"][0] != "é&=" {
			t.Errorf("%s: the page reads %v", c.name, s.Fields)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, "PURGE"} {
		r, err := http.NewRequest(method, w.pages.URL+"/save", nil)
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := b.do(r); s.Status != 403 {
			t.Errorf("%s without a token: %d %q", method, s.Status, s.Key)
		}
		r.Header.Set(signin.TokenHeader, mine)
		if s, _ := b.do(r); s.Status != 200 {
			t.Errorf("%s with a token in a header: %d %q", method, s.Status, s.Key)
		}
	}
	if s, _ := b.post("/save", url.Values{"a": {strings.Repeat("x", 1<<20)}, "csrf": {mine}}); s.Status != 413 || s.Args.Values["kilobytes"] != "1024" {
		t.Errorf("a large form: %d %q %v", s.Status, s.Key, s.Args.Values)
	}
}

// upload makes a form with a file; the token stands first unless it is late.
func upload(tb testing.TB, token string, late bool, size int) (string, io.Reader) {
	tb.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	put := func(name, value string) {
		if err := m.WriteField(name, value); err != nil {
			tb.Fatal(err)
		}
	}
	if !late {
		put("csrf", token)
	}
	put("remark", "first of March, as published")
	f, err := m.CreateFormFile("file", "march.csv")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := f.Write(bytes.Repeat([]byte("a,b,c\n"), size/6)); err != nil {
		tb.Fatal(err)
	}
	put("after", "the file")
	if late {
		put("csrf", token)
	}
	if err := m.Close(); err != nil {
		tb.Fatal(err)
	}
	return m.FormDataContentType(), &body
}

func (b *browser) upload(token string, late bool, size int) (shown, string) {
	b.t.Helper()
	kind, body := upload(b.t, token, late, size)
	r, err := http.NewRequest(http.MethodPost, b.w.pages.URL+"/take-in?dataset=trade", body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	return b.do(r)
}

// TestFormsWithFiles: the token is found before the file is read, and the page reads
// all of it.
func TestFormsWithFiles(t *testing.T) {
	w := newWorld(t, false, nil)
	b := w.browser()
	token := b.signIn("amina", "data-unit").Token
	const size = 6_000_000
	s, _ := b.upload(token, false, size)
	if s.Status != 200 || s.Size != size || s.Fields["remark"][0] != "first of March, as published" || s.Fields["after"][0] != "the file" {
		t.Errorf("%d %q: %d bytes, fields %v", s.Status, s.Key, s.Size, s.Fields)
	}
	if s, _ := b.upload(token, true, 600); s.Status != 403 || s.Key != "signin.form" {
		t.Errorf("a token behind the file: %d %q", s.Status, s.Key)
	}

	w.watch.pass(time.Hour)
	s, _ = b.upload(token, false, size)
	if s.Status != 401 || s.Key != "signin.kept" {
		t.Fatalf("a session that is over: %d %q", s.Status, s.Key)
	}
	s = b.follow(s.Args.Next)
	want := &signin.Form{
		Action: "/take-in?dataset=trade", Enctype: "multipart/form-data", Files: []string{"march.csv"},
		Fields: []signin.Field{{Name: "remark", Value: "first of March, as published"}, {Name: "after", Value: "the file"}},
	}
	if d := cmp.Diff(want, s.Args.Form); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
	// A large one is read to its end, so that its browser shows what we say.
	w.watch.pass(time.Hour)
	s, _ = b.upload(token, false, 40<<20)
	if s.Key != "signin.kept" {
		t.Fatalf("a large file: %d %q", s.Status, s.Key)
	}
	s = b.follow(s.Args.Next)
	if d := cmp.Diff(want, s.Args.Form); d != "" {
		t.Errorf("kept beside a large file (-want +got):\n%s", d)
	}
	// More text than is kept: what came before it is, and that it is not all.
	w.watch.pass(time.Hour)
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"csrf", token}, {"remark", "as published"}, {"long", strings.Repeat("x", 2<<20)}, {"after", "it"}} {
		if err := m.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, b.w.pages.URL+"/take-in", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	if s, _ = b.do(r); s.Key != "signin.kept" {
		t.Fatalf("a long text: %d %q", s.Status, s.Key)
	}
	s = b.follow(s.Args.Next)
	if s.Args.Form == nil || !s.Args.Form.Cut || len(s.Args.Form.Fields) != 1 {
		t.Errorf("of a long text %+v", s.Args.Form)
	}
}

// TestNothingTypedIsLost: a session that is over in the middle of a form. What was
// typed waits for the one who typed it.
func TestNothingTypedIsLost(t *testing.T) {
	typed := func(token string) url.Values {
		return url.Values{"csrf": {token}, "reason": {"an inquiry <b>of</b> March & April"}, "code": {"8517.12", "8517.13"}, "empty": {""}}
	}
	want := []signin.Field{{Name: "code", Value: "8517.12"}, {Name: "code", Value: "8517.13"}, {Name: "empty"}, {Name: "reason", Value: "an inquiry <b>of</b> March & April"}}
	begin := func(t *testing.T) (*world, *browser, string) {
		t.Helper()
		w := newWorld(t, false, nil)
		b := w.browser()
		return w, b, b.signIn("amina", "trade-desk").Token
	}
	// goOn looks at what is offered, presses the button, and returns what the page got.
	goOn := func(t *testing.T, b *browser, s shown) {
		t.Helper()
		if s.Key != "signin.continue" || s.Args.Form == nil {
			t.Fatalf("shown %d %q", s.Status, s.Key)
		}
		if d := cmp.Diff(want, s.Args.Form.Fields); d != "" || s.Args.Form.Action != "/save?draft=7" || s.Args.Form.Cut {
			t.Errorf("offered for %s (-want +got):\n%s", s.Args.Form.Action, d)
		}
		fields := url.Values{"csrf": {s.Token}}
		for _, f := range s.Args.Form.Fields {
			fields.Add(f.Name, f.Value)
		}
		s, _ = b.post(s.Args.Next, fields)
		if s.Status != 200 || s.Person == nil || s.Fields["reason"][0] != want[3].Value || !slices.Equal(s.Fields["code"], []string{"8517.12", "8517.13"}) {
			t.Errorf("after going on: %d %q %v", s.Status, s.Key, s.Fields)
		}
	}

	t.Run("idle", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		s, _ := b.post("/save?draft=7", typed(token), "Referer", w.pages.URL+"/drafts/7")
		if s.Status != 401 || s.Key != "signin.kept" || s.Args.Values["minutes"] != "15" || !strings.Contains(s.Args.Next, "to=%2Fdrafts%2F7") {
			t.Fatalf("shown %d %q %v", s.Status, s.Key, s.Args)
		}
		goOn(t, b, b.follow(s.Args.Next))
	})
	t.Run("a passphrase is not kept", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		form := typed(token)
		form.Set("member_passphrase", "never to be seen again")
		s, _ := b.post("/save?draft=7", form)
		if s.Key != "signin.kept" {
			t.Fatalf("shown %d %q", s.Status, s.Key)
		}
		if s = b.follow(s.Args.Next); s.Args.Form == nil || !s.Args.Form.Cut || cmp.Diff(want, s.Args.Form.Fields) != "" {
			t.Errorf("offered again: %+v", s.Args.Form)
		}
	})
	t.Run("signed out by the provider", func(t *testing.T) {
		w, b, token := begin(t)
		elsewhere := w.browser()
		s := elsewhere.signIn("amina", "trade-desk")
		elsewhere.post("/sign-out", url.Values{"csrf": {s.Token}, "everywhere": {"yes"}})
		w.watch.pass(time.Second)
		s, _ = b.post("/save?draft=7", typed(token))
		goOn(t, b, b.follow(s.Args.Next))
	})
	t.Run("after a weekend", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(72 * time.Hour)
		s, _ := b.post("/save?draft=7", typed(token))
		goOn(t, b, b.follow(s.Args.Next))
	})
	t.Run("signed in again in another tab", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		b.follow("/sign-in")
		s, to := b.post("/save?draft=7", typed(token))
		if s.Status != http.StatusSeeOther {
			t.Fatalf("shown %d %q", s.Status, s.Key)
		}
		goOn(t, b, b.follow(to))
	})
	t.Run("the cookies are gone", func(t *testing.T) {
		w, _, token := begin(t)
		b := w.browser()
		s, _ := b.post("/save?draft=7", typed(token))
		goOn(t, b, b.follow(s.Args.Next))
	})
	t.Run("somebody else signs in", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		s, _ := b.post("/save?draft=7", typed(token))
		next := s.Args.Next
		w.issuer.as("bilal", "trade-desk")
		if s := b.follow(next); s.Person == nil || s.Person.Name != "bilal Doe" || s.Path != "/" {
			t.Errorf("bilal is at %q: %d %q %+v", s.Path, s.Status, s.Key, s.Args.Form)
		}
		kept, _ := url.Parse(next)
		if s, _ := b.get("/sign-in/continue?kept=" + kept.Query().Get("kept")); s.Status != 410 || s.Key != "signin.kept_gone" {
			t.Errorf("bilal is shown %d %q", s.Status, s.Key)
		}
		if s, _ := b.post("/save?draft=7", typed(token)); s.Status != 403 || s.Key != "signin.other_person" {
			t.Errorf("bilal sends amina's form: %d %q", s.Status, s.Key)
		}
		// She comes back, and it is still there for her.
		w.issuer.as("amina", "trade-desk")
		mine := w.browser()
		goOn(t, mine, mine.follow(next))
	})
	t.Run("too late", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		s, _ := b.post("/save?draft=7", typed(token))
		w.watch.pass(signin.KeptFor)
		b.follow(s.Args.Next)
		kept, _ := url.Parse(s.Args.Next)
		if s, _ := b.get("/sign-in/continue?kept=" + kept.Query().Get("kept")); s.Status != 410 {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
	})
	t.Run("not signed in at the button", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		s, _ := b.post("/save?draft=7", typed(token))
		kept, _ := url.Parse(s.Args.Next)
		goOn(t, b, b.follow("/sign-in/continue?kept="+kept.Query().Get("kept")))
	})
	t.Run("another site's form is not kept", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		if s, _ := b.post("/save", typed(token), "Sec-Fetch-Site", "cross-site"); s.Key != "signin.origin" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
		if s, _ := b.post("/save", typed("0123456789abcdef.0.0")); s.Key != "signin.form" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
	})
	t.Run("what a script sends", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		r, err := http.NewRequest(http.MethodPost, w.pages.URL+"/save", strings.NewReader(`{"a":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(signin.TokenHeader, token)
		if s, _ := b.do(r); s.Status != 401 || s.Key != "signin.needed" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
	})
	t.Run("there is a bound", func(t *testing.T) {
		w, b, token := begin(t)
		w.watch.pass(time.Hour)
		first := ""
		for range 40 {
			s, _ := b.post("/save?draft=7", url.Values{"csrf": {token}, "text": {strings.Repeat("x", 1_000_000)}})
			if s.Key != "signin.kept" {
				t.Fatalf("shown %d %q", s.Status, s.Key)
			}
			if first == "" {
				first = s.Args.Next
			}
		}
		if s := b.follow(first); s.Key == "signin.continue" {
			t.Error("the first of forty is still kept")
		}
	})
}

// TestWhoMaySee: a page of a role, a page of any person, and what scripts are told.
func TestWhoMaySee(t *testing.T) {
	w := newWorld(t, false, nil)
	b := w.browser()
	r, err := http.NewRequest(http.MethodGet, w.pages.URL+"/ask", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Mode", "cors")
	if s, _ := b.do(r); s.Status != 401 || s.Key != "signin.needed" || s.Args.Next != "/sign-in?to=%2Fask" {
		t.Errorf("a script is told %d %q", s.Status, s.Key)
	}
	anonymous, _ := b.get("/")
	if s, _ := b.post("/ask", url.Values{"csrf": {anonymous.Token}}); s.Status != 401 || s.Key != "signin.needed" {
		t.Errorf("nobody's form is told %d %q", s.Status, s.Key)
	}
	b.signIn("amina", "trade-desk")
	if s, _ := b.get("/ask"); s.Status != 200 {
		t.Errorf("an officer is told %d %q", s.Status, s.Key)
	}
	if s, _ := b.get("/audit"); s.Status != 403 || s.Key != "signin.forbidden" || !slices.Equal(s.Args.Roles, []signin.Role{signin.Auditor}) {
		t.Errorf("an officer at the auditor's is told %d %q %v", s.Status, s.Key, s.Args.Roles)
	}
	if _, to := b.get("/sign-in?to=/ask"); to != "/ask" {
		t.Errorf("who has signed in is led to %q", to)
	}
	if got := w.door.FormAction(); !slices.Equal(got, []string{w.issuer.URL}) {
		t.Errorf("forms may lead to %q", got)
	}
}

// FuzzFormToken: whatever is sent, who comes next reads the same bytes.
func FuzzFormToken(f *testing.F) {
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n--x--\r\n"))
	f.Add("multipart/form-data", []byte("--\r\n"))
	f.Add("application/x-www-form-urlencoded", []byte("a=1&csrf=token"))
	f.Add("text/plain", []byte("csrf=token"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r, err := http.NewRequest(http.MethodPost, "/save", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		token, err := signin.FormToken(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d of %d bytes are left, %v", len(got), len(body), err)
		}
		if len(token) > len(body) {
			t.Errorf("a token of %d bytes in a body of %d", len(token), len(body))
		}
	})
}

func FuzzFieldsOf(f *testing.F) {
	f.Add("a=1&b=%c3%a9&a=2&=&&c")
	f.Fuzz(func(t *testing.T, body string) {
		want, _ := url.ParseQuery(body)
		got := url.Values{}
		for _, x := range signin.FieldsOf(body) {
			got.Add(x.Name, x.Value)
		}
		if strings.Contains(body, ";") {
			return // the standard library refuses what browsers take as a letter
		}
		if d := cmp.Diff(map[string][]string(want), map[string][]string(got)); d != "" {
			t.Errorf("%q (-want +got):\n%s", body, d)
		}
	})
}
