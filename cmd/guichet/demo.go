package main

import (
	"context"

	"guichet/internal/node"
)

func demoCommand() command {
	return command{name: "demo", define: func(f *flags) action {
		var once, stay, open bool
		var chapters []string
		f.atHome()
		f.bool(&once, "once")
		f.bool(&stay, "stay")
		f.bool(&open, "open")
		f.list(&chapters, "chapter")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("demo", args, 0, 0); err != nil {
				return err
			}
			switch {
			case once && stay:
				return w.wrong("error.demo.together", "hint.usage", "name", "demo")
			case open && (once || stay || len(chapters) > 0):
				return w.wrong("error.demo.open", "hint.usage", "name", "demo")
			}
			// A home that is not named stays "": the demo finds a place of its
			// own, and never writes among somebody's figures in $GUICHET_HOME.
			req := node.DemoRequest{Home: f.home, Once: once, Out: &lines{w}, Lang: w.lang, Chapters: chapters}
			// Somebody who watches wants to look around; a script wants an end.
			req.Stay = stay || !once && isTerminal(w.stdin) && isTerminal(w.stdout)
			do := node.Demo
			if open {
				do = node.DemoOpen
			}
			if err := do(ctx, w.config(f), req); err != nil {
				return err
			}
			if w.json {
				return w.printJSON(map[string]bool{"ok": true})
			}
			return nil
		}
	}}
}

// lines is where the demo writes: to standard output as it goes, or to
// standard error when that is kept for JSON.
type lines struct{ w *window }

// Write passes text on at once, so that a reader sees how the demo goes on.
func (l *lines) Write(p []byte) (int, error) {
	if l.w.json {
		return l.w.stderr.Write(p)
	}
	n, err := l.w.out.Write(p)
	if err != nil {
		return n, err
	}
	return n, l.w.out.Flush()
}
