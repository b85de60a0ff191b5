package main

import (
	"context"

	"guichet/internal/node"
)

func reharmoniseCommand() command {
	return command{name: "reharmonise", define: func(f *flags) action {
		f.atHome()
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("reharmonise", args, 1, 1); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				p := w.progress()
				res, err := n.Reharmonise(ctx, args[0], p.report())
				p.end()
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(taken(res.Submission.File, res))
				}
				if res.Already {
					w.print(w.say("reharmonise.already", "id", res.Submission.ID))
					return nil
				}
				w.printTaken(res.Submission.File, res, false)
				return nil
			})
		}
	}}
}
