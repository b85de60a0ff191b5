package node_test

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestStewardKeeps: rules, what is due by them, holds, and a removal that is shown before
// it is done.
func TestStewardKeeps(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2010-01", "", "5700 6307909885 1200000")
	x.seats["US"].month("2024-01", "", "5700 6307909885 900000")
	steward := newBrowser(t, x.servePages("US"), "steward")
	post := func(path string, pairs ...string) fetched {
		form := url.Values{"csrf": {tryToken}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return steward.post(path, form)
	}
	steward.fetch("/en/retention").says(t, "There is no rule", "Nothing is held")
	f := post("/en/retention", "do", "rule", "dataset", "trade", "keep", "ten years", "from", "period", "superseded", "x")
	f.says(t, "“ten years” is no length", "“x” is no length", "Name the law", `value="ten years"`)
	if f.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong rule is answered %d", f.status)
	}
	post("/en/retention", "do", "hold", "name", "case 1", "hold_dataset", "trade", "why", "").says(t, "Say why")
	post("/en/retention", "do", "hold", "name", "case 1", "hold_dataset", "trade", "why", "a court", "reporters", "Atlantis", "period", "soon").says(t, "“Atlantis” is no country", "“soon” is no period")
	post("/en/retention", "do", "hold", "name", "case 1", "hold_dataset", "trade", "why", "a court").says(t, "is no name of a hold")
	post("/en/retention", "do", "hold", "name", "case-1", "hold_dataset", "trade", "why", "a court", "reporters", "US", "period", "2010-01:2010-12").says(t, "case-1", "1\u00a0January\u00a02010 to 31\u00a0December\u00a02010", "a court")
	post("/en/retention", "do", "rule", "dataset", "trade", "keep", "10y", "from", "period", "basis", "Archives Act").says(t, "10 years after the end of the period", "Archives Act", "Due, but kept by a hold")
	steward.fetch("/fr/retention/purge").says(t, "Rien n’est échu")
	post("/en/retention", "do", "lift", "hold", "case-1").says(t, "Say why")
	post("/en/retention", "do", "lift", "hold", "case-1", "lift", "closed").says(t, "Holds that were lifted", "closed", "See what would be removed")
	f = steward.fetch("/en/retention/purge")
	f.says(t, "for good, with the original file", "Remove for good")
	plan := regexp.MustCompile(`name="plan" value="([0-9a-f]{32})"`).FindStringSubmatch(f.body)
	if plan == nil {
		t.Fatal("the page names no plan")
	}
	post("/en/retention/purge", "plan", strings.Repeat("0", 32)).says(t, "has changed meanwhile", "Remove for good")
	post("/en/retention/purge", "plan", plan[1]).says(t, "What was removed", "Removed by rule on", "Archives Act")
	_, list := steward.get("/en/submissions")
	if !strings.Contains(list, "removed by rule") || !strings.Contains(list, "made figures") {
		t.Errorf("the list does not tell what went and what stayed\n%s", list)
	}
	post("/en/retention", "do", "drop", "dataset", "trade", "profile", "").says(t, "There is no rule")
}

var draftText = regexp.MustCompile(`(?s)<textarea[^>]* id="text"[^>]*>(.*?)</textarea>`)

// TestStewardDraftsAndSigns: an agreement from the template to its being in force, at two
// nodes, by pages alone.
func TestStewardDraftsAndSigns(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2024-01", "", "5700 6307909885 1200000")
	us, nz := newBrowser(t, x.servePages("US"), "steward"), newBrowser(t, x.servePages("NZ"), "steward")
	begin := url.Values{"csrf": {tryToken}, "circle": {"three"}, "template": {"small-circle"}, "id": {"by-pages"}, "party": {"US", "NZ"}}
	wrong := url.Values{"csrf": {tryToken}, "id": {"No Name"}, "party": {"NZ"}, "from": {"soon"}}
	us.post("/en/drafts", wrong).says(t, "Choose a template", "“No Name” is no name", "at least two parties", "“soon” is no day")
	f := us.post("/en/drafts", begin)
	f.says(t, "by-pages", "Nothing is wrong with it", "still to be filled in")
	draft := f.path
	found := draftText.FindStringSubmatch(f.body)
	if found == nil {
		t.Fatalf("the draft has no text\n%s", f.body)
	}
	text := html.UnescapeString(found[1])
	us.post(draft, url.Values{"csrf": {tryToken}, "do": {"preview"}, "text": {"<b>: [no agreement"}}).says(t, "cannot be read as an agreement", "&lt;b&gt;: [no agreement")
	us.post(draft, url.Values{"csrf": {tryToken}, "do": {"preview"}, "text": {strings.Replace(text, "quota_per_day", "quota_a_day", 1)}}).says(t, "quota_a_day")
	f = us.post(draft, url.Values{"csrf": {tryToken}, "do": {"preview"}, "text": {text}})
	f.says(t, "New Zealand would get of our data", "given", "How the first of these answers begins", "1,200,000", "refused")
	us.fetch(strings.Replace(f.path, "/en/", "/fr/", 1)).says(t, "Nouvelle-Zélande obtiendrait", "refusé")
	us.post(draft, url.Values{"csrf": {tryToken}, "do": {"propose"}, "text": {text}}).says(t, "or tick that it is proposed as it is")
	us.post(draft, url.Values{"csrf": {tryToken}, "do": {"propose"}, "text": {text}, "unfilled": {"yes"}}).says(t, "Say why")
	f = us.post(draft, url.Values{"csrf": {tryToken}, "do": {"propose"}, "text": {text}, "unfilled": {"yes"}, "why": {"a test"}})
	f.says(t, "A proposal for the circle three", "0 of ", "The member’s key (member.age) lies on this machine")
	proposal := f.path
	us.signs(proposal)
	_, paper := us.get(proposal + "/file")
	// The other member takes it in, signs, and puts it in force; the first then too.
	theirs := nz.upload("/en/drafts/proposal", nil, "proposal.json", []byte(paper))
	theirs.says(t, "Proposed by United States", "a test", "The agreement in full", "quota_per_day")
	f = nz.signs(theirs.path)
	f.says(t, "Put it in force here")
	_, whole := nz.get(theirs.path + "/file")
	nz.post(theirs.path+"/publish", url.Values{"csrf": {tryToken}}).says(t, "It is in force")
	if f := us.upload("/en/drafts/proposal", nil, "signed.json", []byte(whole)); f.path != proposal {
		t.Errorf("the signed copy is not put to its own: %s", f.path)
	}
	us.post(proposal+"/publish", url.Values{"csrf": {tryToken}}).says(t, "It is in force")
	x.clock.Move(time.Minute) // by which papers are looked at again
	for range 1200 {          // the node looks at its papers every half second
		if _, start := us.get("/en/"); strings.Contains(start, "2 agreements in force") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, start := us.get("/en/"); !strings.Contains(start, "2 agreements in force") {
		t.Errorf("it is not in force\n%s", start)
	}
	us.upload("/en/drafts/proposal", nil, "report.pdf", []byte("%PDF-1.7")).says(t, "report.pdf is no proposal")
	us.upload("/en/drafts/proposal", nil, "late.json", []byte(whole)).says(t, "late.json is no proposal", "is in force")
}

// signs signs a proposal: without a passphrase, with wrong ones, with the right one.
func (b *browser) signs(path string) fetched {
	b.t.Helper()
	const right = "a passphrase for a test of copies"
	sign := func(words string) fetched {
		return b.post(path+"/sign", url.Values{"csrf": {tryToken}, "passphrase": {words}})
	}
	sign("").says(b.t, "Type the passphrase")
	f := sign("wrong words that nobody keeps")
	f.says(b.t, "does not open the key")
	if strings.Contains(f.body, "wrong words") {
		b.t.Errorf("the page shows the passphrase\n%s", f.body)
	}
	f = sign(right)
	if f.status != http.StatusOK || strings.Contains(f.body, right) {
		b.t.Fatalf("it is not signed, or the page shows the passphrase: %d\n%s", f.status, f.body)
	}
	return f
}

// TestStewardGuessesNot: after five wrong passphrases even the right one has to wait,
// and of a key that is elsewhere the page says so.
func TestStewardGuessesNot(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	home := x.seats["US"].cfg.Home
	steward := newBrowser(t, x.servePages("US"), "steward")
	begin := url.Values{"csrf": {tryToken}, "circle": {"three"}, "template": {"small-circle"}, "id": {"by-pages"}, "party": {"US", "NZ"}}
	f := steward.post("/en/drafts", begin)
	text := html.UnescapeString(draftText.FindStringSubmatch(f.body)[1])
	f = steward.post(f.path, url.Values{"csrf": {tryToken}, "do": {"propose"}, "text": {text}, "unfilled": {"yes"}, "why": {"a test"}})
	sign := func(words string) fetched {
		return steward.post(f.path+"/sign", url.Values{"csrf": {tryToken}, "passphrase": {words}})
	}
	for range 5 {
		sign("no").says(t, "does not open the key")
	}
	sign("a passphrase for a test of copies").says(t, "wait a quarter of an hour")
	x.clock.Move(16 * time.Minute)
	keys := given(filepath.Glob(filepath.Join(home, "keys", "*member.age")))(t)
	if len(keys) != 1 {
		t.Fatalf("the home has the keys %v", keys)
	}
	if err := os.Rename(keys[0], filepath.Join(t.TempDir(), "member.age")); err != nil {
		t.Fatal(err)
	}
	page := steward.fetch(f.path)
	page.says(t, "is not on this machine, as it should be", "guichet agreement sign")
	if strings.Contains(page.body, `type="password"`) {
		t.Error("a passphrase is asked for where there is no key")
	}
	if f := sign("a passphrase for a test of copies"); f.status != http.StatusNotFound {
		t.Errorf("without a key it is answered %d", f.status)
	}
}
