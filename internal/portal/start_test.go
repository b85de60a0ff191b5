package portal_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/portal"
)

// TestStartTellsEachWhereToGo: who has not signed in reads who comes here and what each
// does; who has, what they can do and what a demonstration has made ready for them alone.
func TestStartTellsEachWhereToGo(t *testing.T) {
	try := func(role portal.Role, who, title, to string) portal.Try {
		return portal.Try{Role: role, Who: guichet.Text{EN: who, FR: who}, Title: guichet.Text{EN: title, FR: title + " (fr)"}, Text: guichet.Text{EN: "why", FR: "pourquoi"}, To: to}
	}
	w := newWindow(t)
	if status, page := w.get("/en/"); status != http.StatusOK || strings.Contains(page, "Who are you?") || strings.Contains(page, "Made ready") {
		t.Errorf("who has signed in is asked who they are, or nothing was made ready: %d\n%s", status, page)
	}
	w.with(func(c *portal.Config) {
		c.Tries = []portal.Try{
			try(portal.Officer, "", "An answer", "/asked"), try(portal.Officer, "As a statistician", "Two sides", "/compare?x=1"),
			try(portal.Auditor, "", "What was hidden", "/journal"), try("", "", "Without an account", "/public"),
		}
	})
	_, page := w.get("/fr/")
	for _, want := range []string{`href="/fr/asked">An answer (fr)`, `href="/fr/compare?x=1">Two sides (fr)`, "As a statistician", "pourquoi"} {
		if !strings.Contains(page, want) {
			t.Errorf("an officer does not see %q", want)
		}
	}
	for _, not := range []string{"What was hidden", "Without an account"} {
		if strings.Contains(page, not) {
			t.Errorf("an officer sees %q", not)
		}
	}
	w.with(func(c *portal.Config) { c.Door, c.Demonstration = nil, true })
	_, page = w.get("/en/")
	for _, want := range []string{"Who are you?", `/sign-in?as=officer&amp;to=`, `/sign-in?as=operator&amp;to=`, `href="/en/public">See the public view`, "Without an account"} {
		if !strings.Contains(page, want) {
			t.Errorf("who has not signed in does not see %q", want)
		}
	}
	w.with(func(c *portal.Config) { c.Demonstration = false })
	if _, page = w.get("/en/"); strings.Contains(page, "/sign-in?as=") || !strings.Contains(page, "Who are you?") || !strings.Contains(page, `href="/sign-in?to=%2Fen%2F"`) {
		t.Errorf("where people have accounts the start page says\n%s", page)
	}
}

// TestOneSentenceOfManyFiles: a year in twelve files does not fill the page with one
// sentence; other sentences stay as they are.
func TestOneSentenceOfManyFiles(t *testing.T) {
	said := []portal.SaidOf{
		{"GB", "generated", "made (a.zip)"},
		{"GB", "generated", "made (b.zip)"},
		{"NZ", "generated", "made (c.csv)"},
		{"GB", "dollars", "rates (x)"},
		{"GB", "generated", "made (d.zip)"},
		{"GB", "dollars", "rates (y)"},
		{"US", "generated", "made"},
	}
	got, err := portal.Fold("en", said)
	if err != nil {
		t.Fatal(err)
	}
	want := "GB made (a.zip, and 2 more files)|NZ made (c.csv)|GB rates (x)|GB rates (y)|US made"
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
}

// TestRefusalsLeadToTheirClause: a clause that a refusal names is a link to where the
// agreement says it; parties stand there by their codes.
func TestRefusalsLeadToTheirClause(t *testing.T) {
	c := guichet.Circle{Name: "three", Agreements: []guichet.Agreement{{ID: "a", Parties: []guichet.AgreementParty{{Member: "NZ"}, {Member: "US"}}}}}
	for clause, want := range map[string]string{
		"purposes.forbidden":      "/en/agreements/three/a#clause-purposes.forbidden",
		"terms[0].levels.product": "/en/agreements/three/a#clause-terms-0.levels.product",
		"parties[1].offices":      "/en/agreements/three/a#clause-parties-US",
		"parties[7].offices":      "/en/agreements/three/a#clause-parties-7.offices",
	} {
		if got := portal.ClauseLink(c, "a", clause); got != want {
			t.Errorf("%s leads to %q, want %q", clause, got, want)
		}
	}
	if got := portal.ClauseLink(c, "gone", "terms[0].to"); got != "" {
		t.Errorf("the clause of an agreement that is not there leads to %q", got)
	}
}

// TestMonthsThatAreProposed: the form begins with the year that ends with the last month
// of which this node holds figures, and not with months of which nobody has any yet.
func TestMonthsThatAreProposed(t *testing.T) {
	w := newWindow(t)
	last := w.clock.Now().UTC().AddDate(0, -1, 0).Format("2006-01")
	if _, page := w.get("/en/ask"); !strings.Contains(page, `value="`+last+`"`) {
		t.Errorf("where nothing is held the form does not end with %s", last)
	}
	for held, want := range map[string][2]string{"2020-12": {"2020-01", "2020-12"}, "2019-03": {"2018-04", "2019-03"}, "2999-01": {"", last}} {
		month, err := time.Parse("2006-01", held)
		if err != nil {
			t.Fatal(err)
		}
		w.with(func(c *portal.Config) {
			c.Newest = func(_ context.Context, dataset string) (time.Time, bool) { return month, dataset == "trade" }
		})
		if _, page := w.get("/en/ask"); !strings.Contains(page, `value="`+want[0]+`"`) || !strings.Contains(page, `value="`+want[1]+`"`) {
			t.Errorf("with figures until %s the form does not propose %v", held, want)
		}
	}
}
