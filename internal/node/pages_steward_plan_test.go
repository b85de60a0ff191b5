package node_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet"
)

var planField = regexp.MustCompile(`name="plan" value="([0-9a-f]{64})"`)

// plan is the digest of the plan that a page shows.
func (f fetched) plan(t *testing.T) string {
	t.Helper()
	found := planField.FindStringSubmatch(f.body)
	if found == nil {
		t.Fatalf("%s shows no plan\n%s", f.path, f.body)
	}
	return found[1]
}

// again sends the form of a file that lies here.
func (b *browser) again(path string, pairs ...string) fetched {
	b.t.Helper()
	form := url.Values{"csrf": {tryToken}, "generated": {"yes"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.cameToRest(b.post(path, form))
}

// saysNot fails where a page says a text.
func (f fetched) saysNot(t *testing.T, texts ...string) {
	t.Helper()
	for _, not := range texts {
		if strings.Contains(f.body, not) {
			t.Errorf("%s says %q\n%s", f.path, not, f.body)
		}
	}
}

// TestStewardLooksBeforeFiguresGo: what a file would do to what others answer for is
// shown before it does: which files, how many rows, who was answered from them; the day
// of publication decides, and can be changed there; only the plan that was shown is done.
func TestStewardLooksBeforeFiguresGo(t *testing.T) {
	x := newTrio(t, func(a *guichet.Agreement) { a.Corrections = "forward" }, "US", "NZ")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 6307909885 3400")
	steward := newBrowser(t, x.servePages("US"), "steward")
	if a := x.seats["NZ"].askMembers("flow=imports product=630790 period=2024-01 by=period", "US"); len(a.Answer.Rows) == 0 {
		t.Fatalf("NZ was not answered: %+v", a)
	}
	x.clock.Move(time.Minute)
	f := steward.takeIn("en", map[string]string{"generated": "yes", "released": "2024-04-05"}, "revised.json", usAnswer("2024-01", "5700 6307909885 1300000"))
	f.says(t, "Look at this before it is taken in", "Figures of 1 file would answer no longer: 3 rows.", "What would answer no longer", "answer.json", "5\u00a0March\u00a02024",
		"a part", "January\u00a02024", "New Zealand / statistics", "three-copies", "5\u00a0April\u00a02024", "takes their place")
	f.saysNot(t, "/aside")
	at := f.path
	steward.fetch("/fr"+strings.TrimPrefix(at, "/en")).says(t, "À voir avant de le recevoir", "Des chiffres de 1 fichier ne répondraient plus\u00a0: 3 lignes.", "Nouvelle-Zélande / statistics", "une partie")
	steward.fetch("/en/intake").says(t, "waits for your word")
	steward.fetch("/en/submissions").saysNot(t, "revised.json")

	// Published earlier than what is here, it would answer nothing today.
	f = steward.again(at, "released", "2024-02-20", "plan", f.plan(t))
	f.says(t, "1 file was published later and goes on answering", "None of its figures would answer today", "What goes on answering in its place", `value="2024-02-20"`)
	f.saysNot(t, "would answer no longer")
	// Days that cannot be: each is explained, what was typed stays, and the file is here.
	for _, c := range []struct{ day, en, fr string }{
		{"2024-02-30", "“2024-02-30” is no day: February\u00a02024 has 29 days", "«\u00a02024-02-30\u00a0» n’est pas un jour\u00a0: février\u00a02024 a 29 jours"},
		{"2024-13-01", "there is no month 13", "il n’y a pas de mois 13"},
		{"5.4.2024", "“5.4.2024” is no day; write year, month and day", "«\u00a05.4.2024\u00a0» n’est pas un jour\u00a0; écrivez l’année"},
		{"0204-04-05", "0204-04-05 lies before 1900", "0204-04-05 est avant 1900"},
		{"2999-01-01", "2999-01-01 lies ahead", "2999-01-01 est à venir"},
		{"2023-12-31", "The file holds figures of January\u00a02024, and cannot have been published on 2023-12-31", "n’a pu être publié le 2023-12-31"},
	} {
		f = steward.again(at, "released", c.day)
		f.says(t, "There is a problem", c.en, `value="`+c.day+`"`, `id="released-error"`, `href="#released"`, "<title>Error:")
		steward.fetch("/fr"+strings.TrimPrefix(at, "/en")).says(t, "Il y a un problème", c.fr, `value="`+c.day+`"`)
	}
	// The day that lies before what the file holds is no plan that can be agreed to.
	steward.again(at, "released", "2023-12-31", "plan", f.plan(t)).says(t, "cannot have been published on 2023-12-31")

	// Another file comes in meanwhile: the plan that was shown is no longer what would be.
	shown := steward.again(at, "released", "2024-4-5")
	shown.says(t, "Figures of 1 file would answer no longer")
	other := steward.takeIn("en", map[string]string{"generated": "yes", "released": "2024-03-20"}, "between.json", usAnswer("2024-01", "5700 6307909885 1250000"))
	steward.again(other.path, "released", "2024-03-20", "plan", other.plan(t)).says(t, "The file is taken in", "It took the place of figures of 1 submission")
	f = steward.again(at, "released", "2024-4-5", "plan", shown.plan(t))
	f.says(t, "Look at this before it is taken in", "between.json", "No member was given an answer that was drawn from them")
	f = steward.again(at, "released", "2024-4-5", "plan", f.plan(t))
	f.says(t, "The file is taken in", "It took the place of figures of 1 submission")
	steward.fetch(submissionLink.FindStringSubmatch(f.body)[1]).says(t, "5\u00a0April\u00a02024", "Of 3 records: of 63 fields ", "Kept with a remark")

	// Somebody who wants to see first does, and need not go on.
	f = steward.takeIn("fr", map[string]string{"generated": "yes", "look": "yes"}, "next.json", usAnswer("2024-02", "5700 6307909885 1"))
	f.says(t, "À voir avant de le recevoir", "Il ne prend la place de rien", "non dit\u00a0: il compte comme publié quand il est reçu")
	f = steward.post(f.path+"/remove", url.Values{"csrf": {tryToken}})
	if f.path != "/fr/intake" || f.status != http.StatusOK || strings.Contains(f.body, "next.json") {
		t.Errorf("it was not removed: %s\n%s", f.path, f.body)
	}
	steward.fetch("/en/submissions").saysNot(t, "next.json")
}

// wrongTotals are crossings whose nationalities do not add up to the total that is stated.
const wrongTotals = `reporter,month,port,mode,direction,nationality,crossings,stated_p50,stated_p90,wait_to_5,wait_to_10,wait_to_15,wait_to_20,wait_to_25,wait_to_30,wait_to_45,wait_to_60,wait_to_90,wait_to_120,wait_over_120
CA,2024-01,CATOR,air,entry,,100,12,38,10,10,10,10,10,10,10,10,10,10,0
CA,2024-01,CATOR,air,entry,GB,60,,,,,,,,,,,,,
CA,2024-01,CATOR,air,entry,US,30,,,,,,,,,,,,,
`

// TestStewardsTotalsDiffer: a file whose control totals do not agree is not taken in
// before somebody says why it may be; the reason stands with it.
func TestStewardsTotalsDiffer(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	steward := newBrowser(t, x.servePages("US"), "steward")
	f := steward.takeIn("en", map[string]string{"generated": "yes"}, "crossings.csv", []byte(wrongTotals))
	f.says(t, "The file was not taken in", "its lines do not add up to them", "the file says 100, its lines hold 90", "Why its totals are accepted", "Nothing of it was kept", "Ask the office")
	steward.fetch("/en/submissions").says(t, "Nothing has been taken in yet")
	french := steward.fetch("/fr" + strings.TrimPrefix(f.path, "/en"))
	french.says(t, "Le fichier n’est pas reçu", "ses lignes n’y correspondent pas", "Pourquoi ses totaux sont acceptés", "les totaux de contrôle de crossings.csv ne concordent pas", "le fichier dit 100, ses lignes contiennent 90")
	steward.again(f.path, "totals", "  ").says(t, "its lines do not add up to them") // no reason is none
	f = steward.again(f.path, "totals", "the office <i>confirmed</i> it on 3 May", "look", "yes")
	f.says(t, "Look at this before it is taken in", "differs by \u221210", `value="the office &lt;i&gt;confirmed&lt;/i&gt; it on 3 May"`)
	f = steward.again(f.path, "totals", "the office <i>confirmed</i> it on 3 May", "look", "yes", "plan", f.plan(t))
	f.says(t, "The file is taken in", "the office &lt;i&gt;confirmed&lt;/i&gt; it on 3 May")
	aside := strings.NewReplacer("2024-01", "2024-02", "GB,60", "GB,70", "CATOR,air,entry,US", "CATOR,foot,entry,US").Replace(wrongTotals)
	many := steward.takeIn("en", map[string]string{"generated": "yes"}, "aside.csv", []byte(aside))
	many.says(t, "The file was not taken in")
	steward.again(many.path, "aside", "yes").says(t, "The file is taken in")
	auditor := newBrowser(t, steward.at, "auditor")
	auditor.fetch("/en/record").says(t, "Lines put aside: 1 of 3.")
	auditor.fetch("/fr/record").says(t, "Lignes mises de côté\u00a0: 1 sur 3.")
	who := acceptedBy.FindStringSubmatch(auditor.fetch("/en/record").body)
	if who == nil || who[1] == "" {
		t.Fatal("the record does not say who accepted the totals")
	}
	steward.fetch(submissionPath.FindString(f.body)).says(t, "Accepted by", who[1])
}

var (
	acceptedBy     = regexp.MustCompile(`Accepted by ([^<]+)\.</p>`)
	submissionPath = regexp.MustCompile(`/en/submissions/[0-9a-f]{16}`)
)
