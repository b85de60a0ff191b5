package portal_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/internal/portal"
)

// TestWhatWasTypedHasItsLabel: what somebody typed before their session was over is
// shown by the labels of its form, and what they never saw is sent and not shown.
func TestWhatWasTypedHasItsLabel(t *testing.T) {
	w := newWindow(t)
	defer close(w.circle.answer)
	rec := httptest.NewRecorder()
	w.portal.Tell(rec, httptest.NewRequest(http.MethodGet, "/sign-in/continue", nil), http.StatusOK, portal.Telling{
		Lang: "fr", Title: "Reprendre", Forms: []portal.TellingForm{{Action: "/fr/submissions/1/withdraw", Typed: [][2]string{{"why", "une <erreur>"}, {"whose", "all"}, {"unfilled", "yes"}, {"plan", "abc"}}, Word: "Reprendre"}},
	})
	body := rec.Body.String()
	for _, want := range []string{`name="why" value="une &lt;erreur&gt;"`, `name="plan" value="abc"`, ">Pourquoi</dt>", ">une &lt;erreur&gt;</dd>", "Le nôtre et ceux de tous les autres membres</dd>", ">oui</dd>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q\n%s", want, body)
		}
	}
	for _, raw := range []string{">why<", ">plan<", ">abc<", ">whose<"} {
		if strings.Contains(body, raw) {
			t.Errorf("the page shows a name of the form: %q", raw)
		}
	}
}

// TestEveryFieldHasItsLabel reads the forms of all pages: each field that people fill in
// and that is sent by POST has a label for the page that goes on after a session was over.
func TestEveryFieldHasItsLabel(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`)
	field := regexp.MustCompile(`<(?:input|select|textarea)[^>]*>`)
	name := regexp.MustCompile(`name="([a-z_]+)"`)
	composed := regexp.MustCompile(`template "field" fieldof "([a-z_]+)"`)
	labels := portal.TypedLabels()
	templates, err := portal.Templates()
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range templates {
		forms := form.FindAllString(text, -1)
		if strings.HasSuffix(file, "stewardparts.html") {
			forms = []string{text} // parts of forms
		}
		for _, f := range forms {
			var names []string
			for _, x := range field.FindAllString(f, -1) {
				m := name.FindStringSubmatch(x)
				if m != nil && !strings.Contains(x, `type="hidden"`) && !strings.Contains(x, `type="file"`) && !strings.Contains(x, `type="password"`) {
					names = append(names, m[1])
				}
			}
			for _, m := range composed.FindAllStringSubmatch(f, -1) {
				names = append(names, m[1])
			}
			for _, n := range slices.Compact(names) {
				if labels[n] == "" {
					t.Errorf("%s: the field %s has no label for who comes back", file, n)
				} else if words(t, "en")[labels[n]] == "" {
					t.Errorf("%s: the label of %s, %s, is not held", file, n, labels[n])
				}
			}
		}
	}
}
