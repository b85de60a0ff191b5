package main

import (
	"context"

	"guichet/internal/node"
)

func serveCommand() command {
	return command{name: "serve", define: func(f *flags) action {
		var circle, passphrase, listen string
		f.atHome()
		f.seat(&circle, &passphrase)
		f.text(&listen, "listen")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("serve", args, 0, 0); err != nil {
				return err
			}
			return node.Serve(ctx, w.atSeat(f, circle, passphrase), node.ServeRequest{Listen: listen, Ready: func(addr string) {
				if w.json {
					_ = w.printJSON(map[string]string{"listening": addr})
				} else {
					w.print(w.say("serve.ready", "address", addr))
				}
				_ = w.out.Flush()
			}})
		}
	}}
}
