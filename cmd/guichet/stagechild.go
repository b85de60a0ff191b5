package main

import (
	"context"
	"os"
	"os/signal"

	"guichet/internal/node"
)

// stageChildCommand is the process in which files from outside are unpacked,
// read and staged: node starts it, holds the keys, and commits. It is no
// command for people, and help does not show it.
func stageChildCommand() command {
	return command{name: "stage-child", hidden: true, define: func(*flags) action {
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("stage-child", args, 0, 0); err != nil {
				return err
			}
			// ^C reaches the whole group of processes: the parent decides.
			signal.Ignore(os.Interrupt)
			// Straight to the stream: what the parent reads is no text.
			return node.RunChild(ctx, w.stdin, w.stdout)
		}
	}}
}
