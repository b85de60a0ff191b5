package main

import (
	"context"
)

func helpCommand() command {
	return command{name: "help", define: func(*flags) action {
		return func(_ context.Context, w *window, args []string) error {
			if err := w.want("help", args, 0, 1); err != nil {
				return err
			}
			if len(args) == 0 {
				return w.helpAll()
			}
			if _, ok := commandBy(args[0]); !ok {
				return w.nearest(w.say("error.command", "name", args[0]), args[0], commandNames(), w.say("hint.help"))
			}
			return w.usage(args[0])
		}
	}}
}

// helpEntry is one command as --json shows it.
type helpEntry struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

func (w *window) helpAll() error {
	var all []helpEntry
	for _, name := range commandNames() {
		all = append(all, helpEntry{name, w.summary(name)})
	}
	if w.json {
		return w.printJSON(map[string][]helpEntry{"commands": all})
	}
	w.print(w.say("help.what"))
	w.print("")
	t := newTable("", "")
	t.indent = "  "
	for _, e := range all {
		t.add(e.Name, e.Summary)
	}
	w.table(t)
	w.print("")
	w.print(w.say("help.more"))
	return nil
}
