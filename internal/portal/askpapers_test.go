package portal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/portal"
	"guichet/travel"
)

// circleOf is a circle in which nothing is asked.
type circleOf struct {
	*slowCircle

	is guichet.Circle
}

func (c circleOf) Circle() guichet.Circle { return c.is }

// twoCircles are NZ's: in one it has agreements over trade, in the other none.
func twoCircles(s *slowCircle) []portal.Seat {
	say := func(word string) guichet.Text { return guichet.Text{EN: word, FR: word} }
	self := guichet.Member{Code: "NZ", Role: "party", Offices: []guichet.Office{
		{ID: "statistics", Name: say("Stats"), Regime: "statistical"}, {ID: "customs", Name: say("Customs"), Regime: "administrative"},
	}}
	other := func(code string) guichet.Member { return guichet.Member{Code: code, Role: "party"} }
	paper := func(id string, change func(*guichet.Agreement)) guichet.Agreement {
		a := guichet.Agreement{
			ID: id, Parties: []guichet.AgreementParty{{Member: "NZ", Role: "party", Offices: []string{"statistics", "customs"}}, {Member: "US", Role: "party"}},
			Validity: guichet.Validity{From: "2020-01-01", Until: "2040-01-01"}, Purposes: guichet.Purposes{Permitted: []string{"research", "risk"}}, Terms: []guichet.Term{{Dataset: "trade"}},
		}
		change(&a)
		return a
	}
	stop := func(member, by string) func(*guichet.Agreement) {
		return func(a *guichet.Agreement) {
			a.Suspended = []guichet.Suspension{{Member: member, By: by, From: "2021-01-01"}}
		}
	}
	first := guichet.Circle{Name: "first", Members: []guichet.Member{self, other("US"), other("AU")}, Agreements: []guichet.Agreement{
		paper("all", func(*guichet.Agreement) {}),
		paper("one-party-stops", stop("NZ", "US")),
		paper("another-is-stopped", stop("US", "")),
		paper("everybody", func(a *guichet.Agreement) {
			a.Parties = append(a.Parties, guichet.AgreementParty{Member: "AU", Role: "party"})
		}),
		paper("by-role", func(a *guichet.Agreement) {
			a.Parties[0].Role, a.Terms[0].To, a.Terms[0].From = "observer", []string{"observer"}, []string{"US"}
		}),
		paper("no-over", func(a *guichet.Agreement) { a.Validity.Until = "2021-01-01" }),
		paper("no-stopped", stop("NZ", "")),
		paper("no-observer", func(a *guichet.Agreement) { a.Parties[0].Role = "observer" }),
		paper("no-travel", func(a *guichet.Agreement) { a.Terms[0].Dataset = travel.Name }),
		paper("no-other", func(a *guichet.Agreement) { a.Terms[0].From = []string{"NZ"} }),
		paper("no-party", func(a *guichet.Agreement) { a.Parties = a.Parties[1:] }),
		paper("no-member", func(a *guichet.Agreement) { a.Parties[1].Member = "CA" }),
		paper("no-office", func(a *guichet.Agreement) { a.Parties[0].Offices = nil }),
		paper("no-forbidden", func(a *guichet.Agreement) { a.Purposes.Forbidden = a.Purposes.Permitted }),
	}}
	second := guichet.Circle{Name: "second", Members: []guichet.Member{self, other("AU"), other("CA"), {Code: "GB", Role: "party", Left: askedAt.AddDate(-10, 0, 0)}}}
	return []portal.Seat{circleOf{s, first}, circleOf{s, second}}
}

// TestAPurposeNamesItsAgreements: beside each purpose stand the agreements in force under
// which an office of ours may ask another for the dataset, and no others.
func TestAPurposeNamesItsAgreements(t *testing.T) {
	w := newWindowOf(t, three()...)
	defer close(w.circle.answer)
	w.with(func(c *portal.Config) {
		c.Seats = twoCircles(w.circle)
		c.Purposes = append(c.Purposes, portal.Purpose{Word: "risk", Use: "enforcement", Text: guichet.Text{EN: "Risk", FR: "Risque"}}, portal.Purpose{Word: "safety", Use: "enforcement", Text: guichet.Text{EN: "Safety", FR: "Sécurité"}})
	})
	link := func(lang, id string) string {
		return `<a class="govuk-link" href="/` + lang + `/agreements/first/` + id + `">` + id + `</a>`
	}
	for _, path := range []string{"/ask", "/compare"} {
		_, page := w.get("/en" + path)
		var all, customs []string
		for _, id := range []string{"all", "one-party-stops", "another-is-stopped", "by-role"} {
			all, customs = append(all, link("en", id)+" (answer: United States)"), append(customs, link("en", id)+" (answer: United States; may ask: Customs)")
		}
		all, customs = slices.Insert(all, 3, link("en", "everybody")), slices.Insert(customs, 3, link("en", "everybody")+" (may ask: Customs)")
		for _, want := range []string{
			`id="purpose-0-0-hint" class="govuk-hint govuk-radios__hint">Permitted by ` + strings.Join(all, ", ") + `</div>`,
			`id="purpose-1-0-hint" class="govuk-hint govuk-radios__hint">Permitted by ` + strings.Join(customs, ", ") + `</div>`,
			`id="purpose-1-1-hint" class="govuk-hint govuk-radios__hint">No agreement permits us this today.</div>`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not hold %q", path, want)
			}
		}
		if t.Failed() {
			t.Log(page)
		}
	}
	if _, page := w.get("/fr/ask?circle=second"); !strings.Contains(page, "Aucun accord du cercle second") || strings.Contains(page, "Admis par") || strings.Contains(page, "purpose-0-0-hint") {
		t.Errorf("a circle without agreements is not told\n%s", page)
	}
	if _, page := w.get("/en/ask?dataset=travel.crossings"); !strings.Contains(page, "Permitted by "+link("en", "no-travel")+" (") || strings.Contains(page, link("en", "all")) {
		t.Errorf("agreements of another dataset are named\n%s", page)
	}
}

// TestAnotherCircleIsChosen: the members that are ticked are the new circle's, and nothing
// is checked before somebody has looked at them.
func TestAnotherCircleIsChosen(t *testing.T) {
	w := newWindowOf(t, three()...)
	defer close(w.circle.answer)
	w.with(func(c *portal.Config) { c.Seats = twoCircles(w.circle) })
	rest := "&flow=exports&product=630790&from=2019-01&to=2020-05&purpose=research&office=customs"
	for _, c := range []struct{ address, ticked string }{
		{"circle=second&was_circle=first&member=US&member=AU", "AU"},
		{"circle=second&was_circle=first&member=US", "NZ AU CA"},
		{"circle=second&was_circle=first&member=AU&was=trade&dataset=travel.crossings", "AU"},
		{"circle=first&was_circle=first&member=US", "US"},
	} {
		for _, button := range []string{"&show=1", "&check=1", "&find=1"} {
			status, page := w.get("/en/ask?" + c.address + rest + button)
			moved := strings.HasPrefix(c.address, "circle=second")
			if !moved && button != "&show=1" {
				continue
			}
			var ticked []string
			for _, code := range []string{"US", "NZ", "AU", "CA", "GB"} {
				if strings.Contains(page, `name="member" type="checkbox" value="`+code+`" checked`) {
					ticked = append(ticked, code)
				}
			}
			if moved {
				for _, want := range []string{`id="moved">The form now asks in the circle second.`, `name="was_circle" value="second"`, `value="2019-01"`, `value="customs" selected`, `value="research" checked`} {
					if status != http.StatusOK || !strings.Contains(page, want) {
						t.Errorf("%s%s: %d, and not %q", c.address, button, status, want)
					}
				}
				if strings.Contains(page, "There is a problem") || strings.Join(ticked, " ") != c.ticked {
					t.Errorf("%s%s: ticked are %v, want %s", c.address, button, ticked, c.ticked)
				}
			} else if strings.Contains(page, `id="moved"`) || !strings.Contains(page, "Is this what you want to ask?") {
				t.Errorf("%s%s: the same circle is taken for another\n%s", c.address, button, page)
			}
		}
	}
}
