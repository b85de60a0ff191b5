package main

import (
	"context"

	"guichet/internal/node"
)

func backupCommand() command {
	return command{name: "backup", define: func(f *flags) action {
		var req node.BackupRequest
		f.atHome()
		f.text(&req.Out, "out")
		f.bool(&req.WithoutKeys, "without-keys")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("backup", args, 0, 0); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				p := w.progress()
				req.Progress = p.report()
				res, err := n.Backup(ctx, req)
				p.end()
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(res)
				}
				w.print(w.say("backup.done", "file", res.File, "files", count(res.Files, w.lang), "bytes", count(res.Bytes, w.lang)))
				w.print(w.say("backup.digest", "digest", res.Digest))
				if !res.Keys {
					w.note(w.say("backup.nokeys"))
				}
				if res.Pages {
					w.note(w.say("backup.pages"))
				}
				return nil
			})
		}
	}}
}

func restoreCommand() command {
	return command{name: "restore", define: func(f *flags) action {
		var digest string
		f.atHome()
		f.text(&digest, "digest")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("restore", args, 1, 1); err != nil {
				return err
			}
			if f.home == "" { // never a folder that was not named: it is made
				return w.wrong("error.restore.home", "hint.usage", "name", "restore")
			}
			p := w.progress()
			res, err := node.Restore(ctx, w.config(f), node.RestoreRequest{File: args[0], Home: f.home, Digest: digest, Progress: p.report()})
			p.end()
			if err != nil {
				return err
			}
			if w.json {
				return w.printJSON(res)
			}
			w.print(w.say("restore.done", "home", f.home, "member", w.area(res.Member), "made", moment(res.Made), "files", count(res.Files, w.lang)))
			if !res.Keys {
				w.note(w.say("restore.nokeys"))
			}
			if res.Pages {
				w.note(w.say("restore.pages"))
			}
			if len(res.Circles) > 0 {
				w.note(w.say("restore.journal"))
			}
			return nil
		}
	}}
}
