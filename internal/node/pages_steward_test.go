package node_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet"
)

// upload is a form with a file; the token is its first field.
func (b *browser) upload(path string, fields map[string]string, name string, content []byte) fetched {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	given(0, m.WriteField("csrf", tryToken))(b.t)
	for k, v := range fields {
		given(0, m.WriteField(k, v))(b.t)
	}
	part := given(m.CreateFormFile("file", name))(b.t)
	given(part.Write(content))(b.t)
	given(0, m.Close())(b.t)
	r := given(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.at+path, &body))(b.t)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(r)
}

var onceField = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)

// takeIn sends a file and waits for what became of it.
func (b *browser) takeIn(lang string, fields map[string]string, name string, content []byte) fetched {
	b.t.Helper()
	_, page := b.get("/" + lang + "/intake")
	once := onceField.FindStringSubmatch(page)
	if once == nil {
		b.t.Fatalf("the page has no form\n%s", page)
	}
	all := map[string]string{"once": once[1]}
	maps.Copy(all, fields)
	return b.cameToRest(b.upload("/"+lang+"/intake", all, name, content))
}

// cameToRest waits until a page no longer looks again by itself.
func (b *browser) cameToRest(f fetched) fetched {
	b.t.Helper()
	for range 2400 {
		if !strings.Contains(f.body, `http-equiv="refresh"`) {
			return f
		}
		time.Sleep(50 * time.Millisecond)
		f = b.fetch(f.path)
	}
	b.t.Fatalf("it does not end: %s", f.path)
	return f
}

// says fails where a page lacks a text.
func (f fetched) says(t *testing.T, texts ...string) {
	t.Helper()
	// Which spaces break no line is the business of the words' own tests.
	plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	body := plain.Replace(f.body)
	for _, want := range texts {
		if !strings.Contains(body, plain.Replace(want)) {
			t.Errorf("%s does not say %q", f.path, want)
		}
	}
	if t.Failed() {
		t.Log(f.status, f.path, f.body)
	}
}

// usAnswer is a made-up answer of the US office: each line "country code value".
func usAnswer(month string, lines ...string) []byte {
	var rows []string
	for _, l := range lines {
		f := strings.Fields(l)
		rows = append(rows, fmt.Sprintf(`[%q,%q,%[2]q,"0","0",%[2]q,"7",null,"KG",%[3]q,"HS10","DET",%[4]q,%[5]q]`, f[0], f[2], f[1], month[:4], month[5:]))
	}
	return []byte(importsHead + strings.Join(rows, ",\n") + "]")
}

var submissionLink = regexp.MustCompile(`href="(/en/submissions/[0-9a-f]{16})"`)

// TestStewardTakesFilesIn is a steward's way: a file comes in, is looked at, is
// withdrawn and comes back; others are refused, and said why.
func TestStewardTakesFilesIn(t *testing.T) {
	x := newTrio(t, func(a *guichet.Agreement) { a.Corrections = "forward" }, "US", "NZ")
	at := x.servePages("US")
	steward := newBrowser(t, at, "steward")
	for _, as := range []string{"officer", "auditor", "operator"} {
		for _, path := range []string{"/en/intake", "/en/submissions", "/en/submissions/0123456789abcdef"} {
			if status, _ := newBrowser(t, at, as).get(path); status != http.StatusForbidden {
				t.Errorf("%s sees %s: %d", as, path, status)
			}
		}
	}
	if status, _ := newBrowser(t, at, "").get("/en/intake"); status != http.StatusUnauthorized {
		t.Errorf("nobody sees the page: %d", status)
	}
	_, empty := steward.get("/en/submissions")
	if !strings.Contains(empty, "Nothing has been taken in yet") {
		t.Errorf("the empty list says nothing\n%s", empty)
	}
	file := usAnswer("2024-01", "5700 6307909885 1200000", "1220 6307909885 3400")
	f := steward.takeIn("en", map[string]string{"generated": "yes", "released": "2024-03-05"}, "answer.json", file)
	f.says(t, "The file is taken in", "us-census-imports-api", "2 lines", "made figures", "January\u00a02024")
	if link := submissionLink.FindStringSubmatch(f.body); link == nil {
		t.Fatal("no way to the submission")
	} else {
		steward.fetch(link[1]).says(t, "answer.json", "Content, SHA-256", "of the fields that are required", "Withdraw its figures", "5\u00a0March\u00a02024")
		steward.withdraws(link[1])
	}
	// The same again changes nothing, and leaves no file behind.
	steward.takeIn("fr", map[string]string{"generated": "yes", "released": "2024-03-05"}, "answer.json", file).says(t, "Le fichier était déjà là")
	left := given(filepath.Glob(filepath.Join(x.seats["US"].cfg.Home, "taking", "*")))(t)
	for _, name := range left {
		if !strings.HasSuffix(name, ".json") {
			t.Errorf("%s was left", name)
		}
		if st := given(os.Stat(name))(t); st.Mode().Perm() != 0o600 {
			t.Errorf("%s is of mode %v", name, st.Mode())
		}
	}
	_, list := steward.get("/en/submissions?words=CENSUS")
	if strings.Count(list, "answer.json") != 1 {
		t.Errorf("the list does not have it once\n%s", list)
	}
	if _, list = steward.get("/en/submissions?words=nothing"); !strings.Contains(list, "No file matches") {
		t.Errorf("a search without hits says nothing\n%s", list)
	}
}

// withdraws withdraws a submission and takes that back.
func (b *browser) withdraws(path string) {
	b.t.Helper()
	b.fetch(path+"/withdraw").says(b.t, "Nothing is changed until", "No member was given an answer")
	if f := b.post(path+"/withdraw", url.Values{"csrf": {tryToken}, "why": {" "}}); f.status != http.StatusUnprocessableEntity || !strings.Contains(f.body, "Say why") {
		b.t.Errorf("a withdrawal without a reason is answered %d", f.status)
	}
	b.post(path+"/withdraw", url.Values{"csrf": {tryToken}, "why": {"the office <b>took</b> it back"}}).says(b.t, "Withdrawn on", "the office &lt;b&gt;took&lt;/b&gt; it back", "Use its figures again", "By try-steward")
	// The same form again, or one that comes late, reinstates nothing.
	b.post(path+"/withdraw", url.Values{"csrf": {tryToken}, "why": {"again"}}).says(b.t, "Withdrawn on")
	b.fetch(path+"/withdraw").says(b.t, "The withdrawal is taken back")
	f := b.post(path+"/withdraw", url.Values{"csrf": {tryToken}, "why": {"it was right"}, "reinstate": {"yes"}})
	if f.says(b.t, "Withdraw its figures"); strings.Contains(f.body, "Withdrawn on") {
		b.t.Errorf("it was not reinstated\n%s", f.body)
	}
}

// TestStewardIsToldWhyNot sends what cannot be taken in.
func TestStewardIsToldWhyNot(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	steward := newBrowser(t, x.servePages("US"), "steward")
	f := steward.takeIn("en", nil, "report<script>.pdf", []byte("%PDF-1.7\n%âãÏÓ\nnot figures at all"))
	f.says(t, "The file was not taken in", "No profile knows this file", "report&lt;script&gt;.pdf", "Take it in")
	if strings.Contains(f.body, x.seats["US"].cfg.Home) {
		t.Errorf("the page tells where the home is\n%s", f.body)
	}
	again := f.path
	// What was said of it wrongly is kept, and so is the file.
	f = steward.post(again, url.Values{"csrf": {tryToken}, "released": {"2024-02-30"}, "profile": {"no-such"}, "given": {"currency EUR"}})
	f.says(t, "There is a problem", "2024-02-30” is no day", "There is no profile “no-such”", "is no name=value", `value="2024-02-30"`, "currency EUR")
	f = steward.post(again+"/remove", url.Values{"csrf": {tryToken}})
	if f.path != "/en/intake" || strings.Contains(f.body, "report") {
		t.Errorf("it was not removed: %s\n%s", f.path, f.body)
	}
	// More than one line in twenty that cannot be read; then the steward insists.
	f = steward.takeIn("en", map[string]string{"generated": "yes"}, "odd.json", usAnswer("2024-01", "5700 6307909885 1200000", "9999 6307909885 3400", "5700 63079098XX 3400"))
	f.says(t, "More than 5 % of its lines", "although more than 5 %")
	f = steward.cameToRest(steward.post(f.path, url.Values{"csrf": {tryToken}, "generated": {"yes"}, "aside": {"yes"}}))
	f.says(t, "The file is taken in", "Why lines were put aside")
	link := submissionLink.FindStringSubmatch(f.body)
	if link == nil {
		t.Fatal("no way to the submission")
	}
	steward.fetch(link[1]+"/aside").says(t, "Lines 1 to ", "63079098XX", "All reasons")
	steward.fetch(link[1]+"/aside?reason=no_such").says(t, "No line was put aside")
	for _, c := range []struct{ name, says string }{{"", "Choose a file"}, {"empty.csv", "empty.csv is empty"}} {
		f = steward.takeIn("en", map[string]string{"released": "2999-01-01"}, c.name, nil)
		f.says(t, c.says, "2999-01-01 lies ahead", `value="2999-01-01"`)
		if f.status != http.StatusUnprocessableEntity {
			t.Errorf("%q is answered %d", c.name, f.status)
		}
	}
	// A form of another page, or without its token first, takes nothing in.
	if f := steward.upload("/en/intake", map[string]string{"once": "x"}, "a.csv", []byte("a,b\n")); f.status != http.StatusBadRequest {
		t.Errorf("a form without an id is answered %d", f.status)
	}
	if f := steward.post("/en/intake", url.Values{"csrf": {tryToken}}); f.status != http.StatusBadRequest {
		t.Errorf("a form without a file's encoding is answered %d", f.status)
	}
	for _, path := range []string{"/en/intake/" + strings.Repeat("0", 32), "/en/intake/../x", "/en/submissions/0123", "/en/submissions/%2e%2e"} {
		if status, _ := steward.get(path); status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, status)
		}
	}
	if err := filepath.WalkDir(filepath.Join(x.seats["US"].cfg.Home, "taking"), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, ".part-") {
			t.Errorf("%s was left", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestStewardComesBack: what a node was taking in when it ended is said when it begins
// again, and goes on when the steward says so; what waits is told by events.
func TestStewardComesBack(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	taking := filepath.Join(x.seats["US"].cfg.Home, "taking")
	if err := os.MkdirAll(taking, 0o700); err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("ab", 16)
	head := given(json.Marshal(map[string]any{"id": id, "name": "answer.json", "state": "waiting", "began": x.clock.Now(), "options": map[string]any{"generated": true}}))(t)
	for name, text := range map[string][]byte{id + ".json": head, id + ".file": usAnswer("2024-01", "5700 6307909885 1200000"), ".part-1": []byte("half"), strings.Repeat("cd", 16) + ".file": []byte("nobody's")} {
		if err := os.WriteFile(filepath.Join(taking, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	steward := newBrowser(t, x.servePages("US"), "steward")
	if left := given(os.ReadDir(taking))(t); len(left) != 2 {
		t.Errorf("what is nobody's is still there: %v", left)
	}
	steward.fetch("/en/intake").says(t, "answer.json", "broken off")
	steward.fetch("/en/intake/"+id).says(t, "It was broken off", "The file is still here")
	f := steward.post("/en/intake/"+id, url.Values{"csrf": {tryToken}, "generated": {"yes"}})
	events := steward.fetch("/en/intake/" + id + "/events")
	if !strings.HasPrefix(events.header.Get("Content-Type"), "text/event-stream") || !strings.Contains(events.body, "event: over") {
		t.Errorf("the events are %v %q", events.header, events.body)
	}
	steward.cameToRest(f).says(t, "The file is taken in")
}
