package portal

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Telling is a page of a Door's: what it says, and what can be done from it.
type Telling struct {
	Lang  string // "" that of the page to be gone back to, else the browser's
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
	Typed  [][2]string // shown, and sent with it: what somebody had typed before they had to sign in
	Word   string      // of the button
	Warn   bool        // it looks like something to think of twice
}

// Tell writes a page of a Door's within the frame of all pages.
func (p *Portal) Tell(w http.ResponseWriter, r *http.Request, status int, t Telling) {
	lang := t.Lang
	if lang == "" {
		lang = langOf(r)
	}
	v := &visit{p: p, w: w, r: r, lang: lang, words: p.words[lang]}
	v.person, v.in = p.cfg.Door.Person(r.Context())
	err := v.show(status, "tell", t.Title, t, func(s *shown) {
		s.Other = "/" + otherThan(lang) + "/"
		s.Token = p.cfg.Door.Token(r.Context())
	})
	if err != nil {
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "page not made", slog.String("error", err.Error()))
		http.Error(w, t.Title, http.StatusInternalServerError)
	}
}

// langOf is the language of the page that somebody came from by the address in "to",
// else the browser's.
func langOf(r *http.Request) string {
	if to, err := url.Parse(r.FormValue("to")); err == nil {
		first, _, _ := strings.Cut(strings.TrimPrefix(to.Path, "/"), "/")
		if slices.Contains(languages(), first) {
			return first
		}
	}
	return preferred(r.Header.Get("Accept-Language"))
}
