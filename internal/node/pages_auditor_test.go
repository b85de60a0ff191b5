package node_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"

	"guichet/internal/guichettest"
)

// says fails where a page lacks one of the texts.
func (b *browser) says(path string, status int, wants ...string) string {
	b.t.Helper()
	f := b.fetch(path)
	if f.status != status {
		b.t.Errorf("%s is answered %d, want %d\n%s", path, f.status, status, f.body)
	}
	for _, want := range wants {
		if !strings.Contains(f.body, want) {
			b.t.Errorf("%s does not say %q", path, want)
		}
	}
	return f.body
}

// TestPagesOfAnAuditor: US answered NZ, refused it, changed the agreement and withdrew
// figures; its auditor reads all of that.
func TestPagesOfAnAuditor(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 6307909885 3400")
	x.agree(func(a *guichet.Agreement) {
		a.Terms[0].Levels["product"], a.Changes = "hs4", guichet.Text{EN: "Coarser goods", FR: "Biens moins fins"}
	})
	x.serve("US")
	x.seats["NZ"].askMembers("by=period flow=imports period=2024-01 product=6307 trade_system=general", "US")
	clause := ""
	x.seats["NZ"].at(func(op node.Operator) {
		q := node.MembersQuestion{Question: question(t, "by=period flow=imports period=2024-01 product=6307 trade_system=general"), Members: []string{"US"}, Purpose: "customs-risk", Office: "statistics", Officer: "a test"}
		clause = given(op.AskMembers(t.Context(), q, nil))(t).Members[0].Decision.Clause
	})
	x.seats["US"].stop()
	var sub guichet.Submission
	x.seats["US"].open(func(n *node.Node) {
		sub = given(n.Submissions(t.Context()))(t)[0]
		given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: sub.ID, Why: "a wrong month", By: "the steward"}))(t)
	})
	x.serve("NZ")
	at := x.servePages("US")
	auditor := newBrowser(t, at, "auditor")
	t.Run("agreements", func(t *testing.T) { auditorReadsAgreements(t, x, auditor) })
	t.Run("journal", func(t *testing.T) { auditorReadsTheJournal(t, auditor, clause) })
	x.cosigned("US", "NZ")
	t.Run("checks", func(t *testing.T) { auditorVerifies(t, auditor) })
	t.Run("record", func(t *testing.T) { auditorReadsTheRecord(t, auditor) })
	for _, path := range []string{"/en/journal", "/en/journal/three/0", "/en/checks", "/en/record"} {
		newBrowser(t, at, "officer").says(path, http.StatusForbidden)
		newBrowser(t, at, "").says(path, http.StatusUnauthorized)
	}
	if f := newBrowser(t, at, "officer").post("/en/checks", url.Values{"csrf": {tryToken}, "circle": {"three"}, "once": {strings.Repeat("a", 32)}}); f.status != http.StatusForbidden {
		t.Errorf("an officer may verify: %d", f.status)
	}
}

func auditorReadsAgreements(t *testing.T, x *trio, auditor *browser) {
	t.Helper()
	auditor.t = t
	auditor.says("/en/agreements", http.StatusOK, "three-copies v2", "in force", "New Zealand")
	auditor.says("/fr/agreements", http.StatusOK, "en vigueur", "Nouvelle-Zélande")
	const at = "/agreements/three/three-copies"
	auditor.says("/en"+at, http.StatusOK, "Good signatures of", "signatures of all 2 parties", "Goods: no finer than headings (4 digits).", "terms[0].levels.product", "To make and publish official statistics", "Coarser goods", "What version 2 changed from version 1")
	auditor.says("/fr"+at, http.StatusOK, "Signatures valables de", "Biens\u00a0: pas plus fin que les positions (4 chiffres).", "Biens moins fins")
	auditor.says("/en"+at+"/changes", http.StatusOK, "terms[0].levels.product", "lets less out", "hs6", "hs4")
	auditor.says("/fr"+at+"/changes?from=2&to=2", http.StatusOK, "identiques")
	auditor.says("/en/agreements/three/none", http.StatusNotFound)
	auditor.says("/en/agreements/other/three-copies", http.StatusNotFound)
	page := auditor.says("/en"+at, http.StatusOK)
	text := auditor.fetch("/en" + at + "/file/json")
	sum := sha256.Sum256([]byte(text.body))
	if !strings.Contains(page, hex.EncodeToString(sum[:])) || !strings.HasPrefix(text.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file of the agreement is not the one that the page names: %v", text.header)
	}
	yaml := auditor.fetch("/en" + at + "/file/yaml")
	if a, _, err := node.ReadAgreement([]byte(yaml.body)); err != nil || a.Version != x.paper.Version {
		t.Errorf("the YAML is no agreement: %v", err)
	}
	auditor.says("/en"+at+"/file/odrl", http.StatusOK, "http://www.w3.org/ns/odrl.jsonld")
	auditor.says("/en"+at+"/file/exe", http.StatusNotFound)
}

func auditorReadsTheJournal(t *testing.T, auditor *browser, clause string) {
	t.Helper()
	auditor.t = t
	page := auditor.says("/en/journal", http.StatusOK, "answered", "refused", "withdrawn or reinstated", "official-statistics", "customs-risk", "New Zealand: Office", "three-copies v2")
	if n := strings.Count(page, `href="/en/journal/three/`); n < 3 {
		t.Errorf("the journal shows %d leaves", n)
	}
	page = auditor.says("/en/journal?purpose=customs-risk", http.StatusOK, "refused")
	if n := strings.Count(page, `href="/en/journal/three/`); n != 1 {
		t.Errorf("%d leaves are for risk, want one", n)
	}
	leaf := regexp.MustCompile(`/en(/journal/three/\d+)"`).FindStringSubmatch(page)[1]
	auditor.says("/en"+leaf, http.StatusOK, "Refused by the clause", `guichet-mono">`+clause+"<", "See it proved", "customs-risk")
	auditor.says("/fr"+leaf, http.StatusOK, "Refusé par la clause")
	page = auditor.says("/en/journal?what=asked&member=NZ&from=2000-01-01&until=2999-01-01", http.StatusOK)
	if n := strings.Count(page, `href="/en/journal/three/`); n != 2 {
		t.Errorf("NZ asked %d times, want 2", n)
	}
	answered := ""
	for _, m := range regexp.MustCompile(`/en(/journal/three/\d+)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != leaf {
			answered = m[1]
		}
	}
	auditor.says("/en"+answered, http.StatusOK, "Picked by", "January\u00a02024", "shown,", "trade@")
	receipt := regexp.MustCompile(`/en/receipt/three/[0-9a-f]{32}`).FindString(auditor.says("/en"+answered, http.StatusOK))
	auditor.says(receipt, http.StatusOK, "Verified", "the question was answered")
	auditor.says("/en/journal?until=2001-01-01", http.StatusOK, "No leaf is like this")
	auditor.says("/en/journal?what=hidden", http.StatusOK, "No leaf is like this")
	auditor.says("/en/journal?from=2024-13-01&until=x", http.StatusUnprocessableEntity, "“2024-13-01” is no day", `value="2024-13-01"`, `href="#from"`)
	auditor.says("/fr/journal?from=2024-05-01&until=2024-04-01", http.StatusUnprocessableEntity, "précède le premier")
	for _, path := range []string{"/en/journal/three/99999", "/en/journal/three/-1", "/en/journal/three/x", "/en/journal/none/0"} {
		auditor.says(path, http.StatusNotFound)
	}
}

// cosigned waits until nothing is found in the journals of a member that serves and of
// others: they cosign each other's every two seconds.
func (x *trio) cosigned(code string, others ...string) {
	x.t.Helper()
	var told []node.JournalReport
	if !guichettest.Until(100*time.Millisecond, func() bool {
		x.seats[code].at(func(op node.Operator) { told = given(op.VerifyJournal(x.t.Context(), others))(x.t) })
		return !slices.ContainsFunc(told, func(r node.JournalReport) bool { return len(r.Findings) > 0 })
	}) {
		x.t.Fatalf("the journals are not whole: %+v", told)
	}
}

func auditorVerifies(t *testing.T, auditor *browser) {
	t.Helper()
	auditor.t = t
	page := auditor.says("/en/checks", http.StatusOK, "Nothing has been verified")
	once := hidden.FindAllStringSubmatch(page, -1)
	form := url.Values{"circle": {"three"}, "whose": {"all"}}
	for _, m := range once {
		form.Set(m[1], m[2])
	}
	f := auditor.post("/en/checks", form)
	for range 2400 {
		if !strings.Contains(f.body, `http-equiv="refresh"`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
		f = auditor.fetch(f.path)
	}
	for _, want := range []string{"as it should be", "Our own journal (United States", "The journal of New Zealand", "leaves of ours held against it", "Nothing was found"} {
		if !strings.Contains(f.body, want) {
			t.Errorf("the check does not say %q\n%s", want, f.body)
		}
	}
	auditor.says(f.path+"/events", http.StatusOK, "event: came\ndata: US as it should be", "event: over")
	auditor.says("/fr/checks", http.StatusOK, "/fr"+strings.TrimPrefix(f.path, "/en"))
	auditor.says("/en/checks/"+strings.Repeat("0", 32), http.StatusNotFound)
	if again := auditor.post("/en/checks", form); again.path != f.path {
		t.Errorf("the same form began another check: %s", again.path)
	}
	if f := auditor.post("/en/checks", url.Values{"csrf": {tryToken}, "circle": {"three"}, "once": {"x"}}); f.status != http.StatusBadRequest {
		t.Errorf("a form that is none is answered %d", f.status)
	}
}

func auditorReadsTheRecord(t *testing.T, auditor *browser) {
	t.Helper()
	auditor.t = t
	page := auditor.says("/en/record", http.StatusOK, "Figures withdrawn", "a wrong month", "the steward", "No party has withdrawn")
	auditor.says("/fr/record", http.StatusOK, "Chiffres retirés", "Aucune partie")
	event := regexp.MustCompile(`/en(/record/[0-9a-f]+)"`).FindStringSubmatch(page)[1]
	page = auditor.says("/en"+event, http.StatusOK, "a wrong month", "SHA-256", "sha256sum")
	paper := auditor.fetch("/en" + event + "/paper/three")
	sum := sha256.Sum256([]byte(paper.body))
	if !strings.Contains(page, hex.EncodeToString(sum[:])) {
		t.Errorf("the paper of the event is not the one whose digest the page names\n%s", paper.body)
	}
	leaf := regexp.MustCompile(`/en/journal/three/\d+`).FindString(page)
	auditor.says(leaf, http.StatusOK, "withdrawn or reinstated", "a wrong month", "the steward", "See what was done", hex.EncodeToString(sum[:]))
	auditor.says("/en/record/none", http.StatusNotFound)
}

const publication = `{"format":1,"until":"2999-01-01","contact":"statistics@example.org","agreements":true,"questions":true,"log":true,"generated":true,
"terms":[{"dataset":"trade","grains":["aggregate"],"picks":{"product":["6307"]},"where":{"flow":["imports"]},"measures":["value"],"levels":{"product":"hs6","partner":"country","period":"month"},"periods":{"from":"2020-01"},"disclosure":{"threshold":3,"dominance_top":1,"dominance_per_cent":75},"licence":"none","attribution":{"en":"Source: a test","fr":"Source : un essai"}}],
"tables":[{"name":"masks-2024","title":{"en":"Masks <b>imported</b>","fr":"Masques importés"},"question":{"dataset":"trade","where":{"flow":["imports"],"product":["630790"]},"period":"2024-01:2024-03","by":["period","partner"],"measures":["value"]}},
{"name":"too-fine","title":{"en":"Too fine","fr":"Trop fin"},"question":{"dataset":"trade","where":{"flow":["imports"],"product":["630790"]},"period":"2024-01:2024-03","by":["national"],"measures":["value"]}}]}`

// TestPublicView: what the home says is public, and nothing else, for people without an
// account.
func TestPublicView(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 6307909885 3400")
	file := filepath.Join(x.seats["US"].cfg.Home, "public.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		x.clock.Move(2 * time.Minute) // what was kept is over
	}
	at := x.servePages("US")
	anybody := newBrowser(t, at, "")
	page := anybody.says("/en/public", http.StatusOK, "This node publishes nothing", "What every word means")
	if strings.Contains(page, "three") {
		t.Error("a home that publishes nothing names its circle")
	}
	for _, path := range []string{"/en/public/log", "/en/public/table/masks-2024", "/en/public/log/three/checkpoint"} {
		anybody.says(path, http.StatusNotFound, "This is not public")
	}
	anybody.says("/fr/public/words", http.StatusOK, "Ce que veut dire chaque mot", "Chiffres fabriqués")

	write(publication)
	anybody.says("/en/public", http.StatusOK, "Masks &lt;b&gt;imported", "three-copies v1", "fewer than 10", "rounded down to tens", "mailto:statistics@example.org")
	page = anybody.says("/en/public/table/masks-2024", http.StatusOK, "MADE FIGURES:", "1,200,000", "fewer than 3 contributors", "Source: a test", "<svg")
	if strings.Contains(page, "Sign in") || strings.Contains(page, "csrf") {
		t.Error("a public page is of somebody")
	}
	anybody.says("/fr/public/table/masks-2024", http.StatusOK, "CHIFFRES FABRIQUÉS", "1\u202f200\u202f000", "Masques importés")
	csvFile := anybody.fetch("/en/public/table/masks-2024/csv")
	lines := given(csv.NewReader(strings.NewReader(csvFile.body)).ReadAll())(t)
	if len(lines) != 5 || lines[0][0] != "made" || lines[1][0] != "yes" || !strings.Contains(csvFile.header.Get("Content-Disposition"), "made-masks-2024.csv") {
		t.Errorf("the file of made figures does not say so: %v %v", lines, csvFile.header)
	}
	anybody.says("/en/public/table/too-fine", http.StatusForbidden, "This table is not shown", "levels")
	anybody.says("/en/public/log", http.StatusOK, "guichet/three/US", "guichet/three/NZ/witness&#43;", "guichet receipt verify")
	if f := anybody.fetch("/en/public/log/three/checkpoint"); !strings.HasPrefix(f.body, "guichet/three/US\n") || !strings.HasPrefix(f.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the checkpoint is %q", f.body)
	}
	anybody.says("/en/public/log", http.StatusOK, "--bundle circle.bundle", "not offered here")
	anybody.says("/en/public/log/three/bundle", http.StatusNotFound, "This is not public")
	f := anybody.fetch("/en/public?x=1")
	if f.header.Get("Cache-Control") != "public, max-age=60" || f.header.Get("Set-Cookie") != "" || f.header.Get("ETag") == "" || !strings.HasPrefix(f.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", f.header)
	}
	r := given(http.NewRequestWithContext(t.Context(), http.MethodGet, anybody.at+"/en/public", nil))(t)
	r.Header.Set("If-None-Match", f.header.Get("ETag"))
	if again := anybody.do(r); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("what a browser has is sent again: %d", again.status)
	}
	// Somebody who has signed in sees the same.
	if own := newBrowser(t, at, "auditor").fetch("/en/public"); own.body != anybody.fetch("/en/public").body {
		t.Error("the public page is another for who has signed in")
	}

	write(strings.Replace(publication, `"log":true`, `"log":true,"bundle":true`, 1))
	x.seats["NZ"].bundleVerifies(anybody)
	write(strings.Replace(publication, `"log":true`, `"log":false,"bundle":true`, 1))
	anybody.says("/en/public", http.StatusServiceUnavailable, "Not public now")

	write(strings.Replace(publication, `"generated":true`, `"generated":false`, 1))
	page = anybody.says("/en/public/table/masks-2024", http.StatusForbidden, "made figures")
	if strings.Contains(page, "1,200,000") {
		t.Error("made figures are shown")
	}
	write(strings.Replace(publication, `"agreements":true`, `"agreements":false`, 1))
	if page = anybody.says("/en/public", http.StatusOK, "not public here"); strings.Contains(page, "three-copies") {
		t.Error("agreements are shown though they are not public")
	}
	write(strings.Replace(publication, "2999-01-01", "2001-01-01", 1))
	anybody.says("/en/public", http.StatusServiceUnavailable, "Not public now")
	write(strings.NewReplacer(`"threshold":3`, `"threshold":2`, `"name":"too-fine"`, `"name":"Too fine"`).Replace(publication))
	page = anybody.says("/en/public", http.StatusServiceUnavailable, "Not public now")
	if strings.Contains(page, "threshold") {
		t.Error("the faults of the file are told to everybody")
	}
	newBrowser(t, at, "auditor").says("/en/record", http.StatusOK, "terms[0].disclosure.threshold: 2 is too low", "tables[1].name")
	write(publication)
	for i := range 400 {
		if f := anybody.fetch("/en/public/words"); f.status == http.StatusTooManyRequests {
			if f.header.Get("Retry-After") == "" || !strings.Contains(f.body, "Too many pages at once") {
				t.Errorf("who looks too often is not told what to do: %v", f.header)
			}
			return
		} else if i == 399 {
			t.Error("nobody is held back")
		}
	}
}

// bundleVerifies: the papers that the public view offers are whole, verify a receipt, and
// hold no agreement.
func (m *trioSeat) bundleVerifies(anybody *browser) {
	t := anybody.t
	t.Helper()
	page := anybody.says("/en/public/log", http.StatusOK, "--bundle three.bundle", `download="three.bundle"`)
	f := anybody.fetch("/en/public/log/three/bundle")
	sum := sha256.Sum256([]byte(f.body))
	if f.status != http.StatusOK || !strings.Contains(page, hex.EncodeToString(sum[:])) || !strings.Contains(f.header.Get("Content-Disposition"), `"three.bundle"`) {
		t.Fatalf("the bundle is answered %d, %v", f.status, f.header)
	}
	anybody.says("/fr/public/log/none/bundle", http.StatusNotFound)
	id := regexp.MustCompile(`--id ([0-9a-f]{64})`).FindStringSubmatch(page)[1]
	c := given(node.PublicCircle(t.Context(), node.Config{}, []byte(f.body), id))(t)
	if len(c.Members) != 2 || len(c.Agreements) != 0 || strings.Contains(f.body, ".three-copies.") {
		t.Errorf("the bundle holds %d members and %d agreements", len(c.Members), len(c.Agreements))
	}
	got := m.askMembers("by=period flow=imports period=2024-01 product=6307 trade_system=general", "US").Members[0]
	var r node.Receipt
	m.at(func(op node.Operator) {
		if !guichettest.Until(100*time.Millisecond, func() (ok bool) {
			var err error
			r, err = op.Receipt(t.Context(), got.Exchange)
			return err == nil
		}) {
			t.Fatal("there is no receipt")
		}
	})
	if v := given(node.VerifyReceipt([]byte(r.Text), c))(t); v.Leaf.Exchange != got.Exchange {
		t.Errorf("the receipt is of %s", v.Leaf.Exchange)
	}
}
