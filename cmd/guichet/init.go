package main

import (
	"context"
	"time"

	"guichet/internal/node"
)

func initCommand() command {
	return command{name: "init", define: func(f *flags) action {
		var member string
		f.atHome()
		f.text(&member, "member")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("init", args, 0, 0); err != nil {
				return err
			}
			if member == "" {
				return w.wrong("error.member", "hint.member")
			}
			h, err := node.Init(ctx, w.config(f), member)
			if err != nil {
				return err
			}
			if w.json {
				return w.printJSON(map[string]homeJSON{"home": {h.Path, h.Member, h.Version, h.Created.UTC()}})
			}
			w.print(w.say("init.made", "path", h.Path, "member", h.Member))
			w.note(w.say("init.next"))
			return nil
		}
	}}
}

// homeJSON is a home as --json shows it.
type homeJSON struct {
	Path    string    `json:"path"`
	Member  string    `json:"member"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
}
