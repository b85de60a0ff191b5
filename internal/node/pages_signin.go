package node

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"guichet"
	"guichet/internal/portal"
	"guichet/internal/portal/signin"
)

const (
	// dirPortal is where a home keeps how people sign in: the provider's configuration,
	// the keys of sessions, and which have ended.
	dirPortal = "portal"
	// signInFile is the configuration of the provider there.
	signInFile = "signin.json"
)

// door stands between the pages, which know no provider, and signin, which knows no
// page.
type door struct {
	*signin.Door
	texts map[string]map[string]string // of signin, by language

	portal *portal.Portal // set once, before anybody is answered
	close1 sync.Once
}

// doorFor opens the door that a request names: of a provider, of the demonstration's
// users, or nil where nobody can sign in.
func (h *house) doorFor(req PagesRequest, listen string, secure bool) (*door, error) {
	folder := filepath.Join(h.n.Home().Path, dirPortal)
	config, err := readSignIn(req, folder)
	if err != nil {
		return nil, err
	}
	if config == nil && !req.Demonstration {
		return nil, nil //nolint:nilnil // nobody can sign in, and that is no fault
	}
	if config != nil && !req.Demonstration {
		if err := reachable(config.Address, secure); err != nil {
			return nil, err
		}
	}
	d := &door{texts: map[string]map[string]string{}}
	for _, lang := range []string{"en", "fr"} {
		if d.texts[lang], err = signin.Texts(lang); err != nil {
			return nil, err
		}
	}
	d.Door, err = signin.New(signin.Options{
		Config: config, Demonstration: req.Demonstration, Listen: listen, Folder: folder, Assets: "/assets/",
		Clock: h.n.cfg.Clock, Log: h.n.cfg.Log, Render: d.render,
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// readSignIn reads the configuration that is named, or the one in the home; nil where
// there is none.
func readSignIn(req PagesRequest, folder string) (*signin.Config, error) {
	name := req.SignIn
	if name == "" {
		name = filepath.Join(folder, signInFile)
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // there is none
		}
	}
	return signin.ReadConfig(name)
}

// reachable holds how browsers reach the pages against how they are served: a session's
// cookie that is for TLS alone never comes back without it.
func reachable(address string, secure bool) error {
	u, err := url.Parse(address)
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "the address of the pages: %w", err)
	}
	switch {
	case u.Scheme == "https" && !secure:
		return guichet.Errorf(guichet.KindInvalid, "browsers are to reach the pages at %s, and they are served without TLS", address).
			WithHint("name a certificate with --pages-cert and --pages-key, or say --pages-behind-proxy where a proxy before it speaks TLS")
	case u.Scheme != "https" && secure:
		return guichet.Errorf(guichet.KindInvalid, "the pages are served by TLS, and the configuration of the provider has browsers reach them at %s", address).
			WithHint("write its address with https")
	}
	return nil
}

// Close ends what the door holds open; more than once too.
func (d *door) Close() (err error) {
	if d == nil {
		return nil
	}
	d.close1.Do(func() { err = d.Door.Close() })
	return err
}

// Person is who has signed in.
func (d *door) Person(ctx context.Context) (portal.Person, bool) {
	p, ok := signin.From(ctx)
	if !ok {
		return portal.Person{}, false
	}
	out := portal.Person{Pseudonym: p.Pseudonym, Name: p.Name, Demonstration: p.Demonstration}
	if out.Name == "" {
		out.Name = p.Pseudonym
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, portal.Role(r))
	}
	return out, true
}

// Token is to be put into every form.
func (d *door) Token(ctx context.Context) string { return signin.Token(ctx) }

// render writes a page of the door's within the frame of all pages.
func (d *door) render(w http.ResponseWriter, r *http.Request, status int, key string, args signin.Args) {
	lang := langFor(r, args)
	say := d.sayer(lang, args.Values)
	t := portal.Telling{Lang: lang, To: pageOf(args.To), Other: otherOf(r, lang, args.To), Title: say(key + ".title"), Texts: []string{say(key)}, Next: args.Next, Word: say(key + ".next")}
	switch key {
	case "signin.choose":
		t.Next = ""
		for _, p := range args.People {
			role := string(p.Roles[0])
			f := portal.TellingForm{Action: signin.SignInPath, Text: say(key + "." + role), Word: strings.ReplaceAll(say(key+".as"), "{role}", say("signin.role."+role))}
			f.Fields = [][2]string{{"role", role}, {"to", args.To}}
			if args.Kept != "" {
				f.Fields = append(f.Fields, [2]string{"kept", args.Kept})
			}
			t.Forms = append(t.Forms, f)
		}
	case "signin.continue":
		t.Next = ""
		t.Forms = []portal.TellingForm{keptForm(lang, args, say)}
		if args.Form != nil && args.Form.Cut {
			t.Texts = append(t.Texts, say(key+".cut"))
		}
	case "signin.sign_out":
		t.Next = ""
		t.Forms = []portal.TellingForm{signOutForm(args.To, say)}
	case "signin.no_role":
		t.Forms = []portal.TellingForm{signOutForm(args.To, say)}
	case "signin.forbidden":
		var names []string
		for _, role := range args.Roles {
			names = append(names, say("signin.role."+string(role)))
		}
		t.Texts = append(t.Texts, strings.Join(names, ", "))
	case "signin.kept", "signin.needed", "signin.not_kept":
		t.Next = comingBack(t.Next, lang)
	}
	if t.Next == "/" && lang != "" {
		t.Next = "/" + lang + "/"
	}
	if t.Word == key+".next" {
		t.Next = "" // the page has no next step
	}
	d.portal.Tell(w, r, status, t)
}

// sayer says texts of signin in a language, with their places filled; the key itself
// where there is none.
func (d *door) sayer(lang string, values map[string]string) func(string) string {
	texts := d.texts[lang]
	if texts == nil {
		texts = d.texts["en"]
	}
	var places []string
	for name, value := range values {
		places = append(places, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(places...)
	return func(key string) string {
		text, ok := texts[key]
		if !ok {
			return key
		}
		return strings.ReplaceAll(fill.Replace(text), "'", "\u2019") // as the pages write it
	}
}

// pageOf is the address of a page to come back to; "" for what is none, such as "/".
func pageOf(to string) string {
	if langOfPath(to) == "" {
		return ""
	}
	return to
}

// signOutForm is the button to sign out, with a tick for everywhere.
func signOutForm(to string, say func(string) string) portal.TellingForm {
	return portal.TellingForm{
		Action: signin.SignOutPath, Word: say("signin.sign_out.next"), Fields: [][2]string{{"to", to}},
		Ticks: [][3]string{{"everywhere", "yes", say("signin.sign_out.everywhere")}},
	}
}

// keptForm is what somebody typed before their session was over, with a button that
// sends it where it was going. What was not typed (an id, the address of a question) is
// sent and not shown.
func keptForm(lang string, args signin.Args, say func(string) string) portal.TellingForm {
	out := portal.TellingForm{Action: args.Next, Word: say("signin.continue.next")}
	if args.Form == nil {
		return out
	}
	out.Enctype = args.Form.Enctype
	for _, f := range args.Form.Fields {
		pair := [2]string{f.Name, f.Value}
		switch {
		case f.Name == "once", f.Name == "plan", f.Value == "":
			out.Fields = append(out.Fields, pair)
		case f.Name == "query":
			out.Fields = append(out.Fields, pair)
			if _, err := url.ParseQuery(f.Value); err == nil {
				out.Look = [2]string{"/" + lang + "/question?" + f.Value, say("signin.continue.question")}
			}
		default:
			out.Typed = append(out.Typed, pair)
		}
	}
	if len(args.Form.Files) > 0 {
		out.Files, out.Again = args.Form.Files, say("signin.continue.files")
	}
	return out
}

// langFor is the language of a page of the door's: that of the page that was wanted,
// sent to, or asked for; "" the browser's.
func langFor(r *http.Request, args signin.Args) string {
	tried := []string{args.To, args.Next, r.URL.Path, r.URL.Query().Get("to")}
	if r.PostForm != nil {
		tried = append(tried, r.PostForm.Get("to"))
	}
	for _, address := range tried {
		if lang := langOfPath(address); lang != "" {
			return lang
		}
		// An address to sign in at names the page to come back to.
		if u, err := url.Parse(address); err == nil {
			if lang := langOfPath(u.Query().Get("to")); lang != "" {
				return lang
			}
		}
	}
	return ""
}

// langOfPath is the language that begins the address of a page; "" none.
func langOfPath(address string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	if slices.Contains([]string{"en", "fr"}, first) {
		return first
	}
	return ""
}

// otherOf is the address of a page of the door's in the other language, where it can be
// asked for again.
func otherOf(r *http.Request, lang, to string) string {
	other := map[string]string{"en": "fr", "fr": "en"}[lang]
	if r.Method != http.MethodGet || other == "" || r.URL.Path == signin.CallbackPath {
		return ""
	}
	q := r.URL.Query()
	name := "to"
	if r.URL.Path == signin.SignedOutPath {
		name = "state"
	}
	if langOfPath(to) == "" {
		to = "/" + lang + "/"
	}
	q.Set(name, "/"+other+strings.TrimPrefix(to, "/"+lang))
	return r.URL.Path + "?" + q.Encode()
}

// comingBack adds to an address to sign in at which language to come back to, where no
// page says so.
func comingBack(address, lang string) string {
	u, err := url.Parse(address)
	if err != nil || lang == "" || u.Query().Get("to") != "" {
		return address
	}
	q := u.Query()
	q.Set("to", "/"+lang+"/")
	u.RawQuery = q.Encode()
	return u.String()
}
