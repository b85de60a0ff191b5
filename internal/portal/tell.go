package portal

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
)

// Telling is a page of a Door's: what it says, and what can be done from it.
type Telling struct {
	Lang  string // "" the browser's
	Other string // this very page in the other language; "" that language's start page
	To    string // the page that was wanted, to come back to after signing in; "" the start page
	Title string
	Texts []string // paragraphs
	Next  string   // the address of the next step; "" none
	Word  string   // of the link to it
	Forms []TellingForm
}

// TellingForm is a form of one button.
type TellingForm struct {
	Action string
	Text   string      // what the button is for; "" nothing is said before it
	Fields [][2]string // hidden: name and value; the token is added
	Typed  [][2]string // sent with it: what somebody had typed before they had to sign in; shown where it has a label
	Ticks  [][3]string // what may be ticked: name, value and text
	Files  []string    // names of files that must be chosen again
	Again  string      // said before them
	Look   [2]string   // where what is sent can be looked at: address and word; "" nowhere
	// Enctype is how it is sent where it holds files; "" as any form.
	Enctype string
	Word    string // of the button
	Warn    bool   // it looks like something to think of twice

	shown [][2]string // label and text
}

// Shown is what was typed as a person reads it: by the labels that it had.
func (f TellingForm) Shown() [][2]string { return f.shown }

// labelled finds the labels. What has none was no field that a person saw (what a button
// does, which plan it is for): it is sent and not shown.
func (f *TellingForm) labelled(v *visit) {
	labels := typedLabels()
	for _, x := range f.Typed {
		key, ok := labels[x[0]]
		if !ok {
			continue
		}
		line := [2]string{v.t(key), x[1]}
		switch {
		case x[1] == "yes":
			line[1] = v.t("code.yes")
		case x[0] == "whose":
			line[1] = v.words.or("checks."+x[1], x[1])
		}
		f.shown = append(f.shown, line)
	}
	f.Fields = append(f.Fields, f.Typed...)
}

// typedLabels are the labels of the fields of our forms, by the name that a field has.
func typedLabels() map[string]string {
	return map[string]string{
		"circle": "journal.circle", "whose": "checks.whose", "why": "submission.why",
		"profile": "intake.profile", "released": "intake.released", "generated": "intake.generated", "given": "intake.given", "totals": "intake.totals", "aside": "intake.aside", "look": "intake.first",
		"template": "drafts.template", "party": "agreements.parties", "id": "drafts.id", "from": "drafts.from", "until": "drafts.until", "text": "drafts.text", "unfilled": "drafts.unfilled.all",
		"dataset": "retention.dataset", "hold_dataset": "retention.dataset", "keep": "retention.keep", "superseded": "retention.superseded", "basis": "retention.basis",
		"lift": "retention.lift.why", "name": "retention.name", "submissions": "retention.submissions", "reporters": "retention.reporters", "period": "submissions.periods",
	}
}

// Tell writes a page of a Door's within the frame of all pages.
func (p *Portal) Tell(w http.ResponseWriter, r *http.Request, status int, t Telling) {
	lang := t.Lang
	if lang == "" {
		lang = preferred(r.Header.Get("Accept-Language"))
	}
	v := &visit{p: p, w: w, r: r, lang: lang, words: p.words[lang]}
	v.person, v.in = p.cfg.Door.Person(r.Context())
	for i := range t.Forms {
		t.Forms[i].labelled(v)
	}
	err := v.show(status, "tell", t.Title, t, func(s *shown) {
		s.Other = cmp.Or(t.Other, "/"+otherThan(lang)+"/")
		s.SignIn = "/sign-in?" + url.Values{"to": {cmp.Or(t.To, "/"+lang+"/")}}.Encode()
	})
	if err != nil {
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "page not made", slog.String("error", err.Error()))
		http.Error(w, t.Title, http.StatusInternalServerError)
	}
}
