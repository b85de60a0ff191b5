package main

import (
	"context"

	"guichet"
	"guichet/internal/node"
)

func profileCommand() command {
	return command{name: "profile", define: func(f *flags) action {
		var sample, out string
		var a node.ProfileAnswers
		f.text(&sample, "sample")
		f.text(&out, "out")
		f.text(&a.Name, "name")
		f.text(&a.Reporter, "reporter")
		f.text(&a.Office, "office")
		f.text(&a.Source, "source")
		f.text(&a.Licence, "licence")
		f.text(&a.Redistribute, "redistribute")
		f.text(&a.Currency, "currency")
		f.text(&a.Flow, "flow")
		f.text(&a.Valuation, "valuation")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			files, known := map[string]int{"list": 0, "show": 1, "draft": 1, "check": 1}[what]
			if !known {
				return w.nearest(w.say("error.verb", "name", "profile", "verb", what), what, []string{"list", "show", "draft", "check"}, w.say("hint.usage", "name", "profile"))
			}
			if err := w.want("profile", args, files, files); err != nil {
				return err
			}
			switch what {
			case "show":
				return w.showProfile(args[0])
			case "draft":
				return w.draftProfile(ctx, f, args[0], out, a)
			case "check":
				return w.checkProfile(ctx, f, args[0], sample)
			}
			return w.listProfiles()
		}
	}}
}

// profileJSON is a profile as --json shows it.
type profileJSON struct {
	Name    string       `json:"name"`
	Version string       `json:"version"`
	Title   guichet.Text `json:"title"`
	Country string       `json:"country"`
	Office  string       `json:"office"`
	Dataset string       `json:"dataset"`
	Source  string       `json:"source"`
	Licence string       `json:"licence"`

	Given []node.ProfileGiven `json:"given,omitempty"`
}

func (w *window) listProfiles() error {
	list, err := node.Profiles()
	if err != nil {
		return err
	}
	if w.json {
		out := []profileJSON{}
		for _, p := range list {
			out = append(out, profileJSON(p))
		}
		return w.printJSON(map[string][]profileJSON{"profiles": out})
	}
	t := newTable(w.say("head.profile"), w.say("head.version"), w.say("head.country"), w.say("head.office"), w.say("head.title"), w.say("head.licence"))
	for _, p := range list {
		t.add(p.Name, p.Version, p.Country, p.Office, p.Title.In(w.lang), p.Licence)
	}
	w.table(t)
	return nil
}
