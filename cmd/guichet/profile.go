package main

import (
	"context"

	"guichet"
	"guichet/internal/node"
)

func profileCommand() command {
	return command{name: "profile", define: func(f *flags) action {
		var sample string
		f.text(&sample, "sample")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			switch what {
			case "list":
				if err := w.want("profile", args, 0, 0); err != nil {
					return err
				}
				return w.listProfiles()
			case "check":
				if err := w.want("profile", args, 1, 1); err != nil {
					return err
				}
				if sample == "" {
					return w.wrong("error.sample", "hint.sample", "profile", args[0])
				}
				return w.checkProfile(ctx, f, args[0], sample)
			}
			return w.nearest(w.say("error.verb", "name", "profile", "verb", what), what, []string{"list", "check"}, w.say("hint.usage", "name", "profile"))
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

// fieldUseJSON is how a profile fills one field.
type fieldUseJSON struct {
	Field    string `json:"field"`
	From     string `json:"from"`
	Required bool   `json:"required"`
}

func (w *window) checkProfile(ctx context.Context, f *flags, profile, sample string) error {
	p := w.progress()
	rep, err := node.CheckProfile(ctx, w.config(f), profile, sample, p.report())
	p.end()
	if err != nil {
		return err
	}
	if w.json {
		uses := []fieldUseJSON{}
		for _, u := range rep.Fields {
			uses = append(uses, fieldUseJSON(u))
		}
		return w.printJSON(struct {
			Profile    profileJSON        `json:"profile"`
			Fields     []fieldUseJSON     `json:"fields"`
			Conformity float64            `json:"conformity"`
			Sample     guichet.Submission `json:"sample"`
		}{profileJSON(rep.Profile), uses, rep.Conformity, tidy(rep.Sample)})
	}
	w.print(w.say("profile.title", "name", rep.Profile.Name, "version", rep.Profile.Version, "title", rep.Profile.Title.In(w.lang)))
	t := newTable(w.say("head.field"), w.say("head.from"), w.say("head.required"))
	t.indent = "  "
	for _, u := range rep.Fields {
		required := ""
		if u.Required {
			required = w.say("yes")
		}
		t.add(u.Field, u.From, required)
	}
	w.table(t)
	w.print(w.say("profile.conformity", "percent", number(tenth(int64(rep.Conformity*10+half)), w.lang, 1)))
	w.print("")
	w.print(w.say("profile.sample", "file", sample))
	w.printSubmission(rep.Sample)
	return nil
}
