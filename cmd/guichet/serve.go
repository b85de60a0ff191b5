package main

import (
	"context"
	"strings"

	"guichet/internal/node"
)

func serveCommand() command {
	return command{name: "serve", define: func(f *flags) action {
		var passphrase, metrics, traces, log string
		var circles, listen []string
		var pages node.PagesRequest
		f.atHome()
		f.list(&circles, "circle")
		f.text(&passphrase, "passphrase-file")
		f.each(&listen, "listen")
		f.text(&metrics, "metrics")
		f.text(&traces, "traces")
		f.text(&log, "log")
		f.text(&pages.Listen, "pages")
		f.text(&pages.Cert, "pages-cert")
		f.text(&pages.Key, "pages-key")
		f.bool(&pages.BehindProxy, "pages-behind-proxy")
		f.text(&pages.SignIn, "pages-signin")
		f.bool(&pages.Demonstration, "pages-demonstration")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("serve", args, 0, 0); err != nil {
				return err
			}
			at, err := w.listenAt(listen)
			if err != nil {
				return err
			}
			for _, name := range []string{"pages-cert", "pages-key", "pages-behind-proxy", "pages-signin", "pages-demonstration"} {
				if f.has(name) && pages.Listen == "" {
					return w.wrong("error.nopages", "hint.nopages", "flag", "--"+name)
				}
			}
			cfg := w.atSeat(f, "", passphrase)
			if log != "" {
				if cfg.Log, err = w.logAs(log); err != nil {
					return err
				}
			}
			return node.Serve(ctx, cfg, node.ServeRequest{Circles: circles, Listen: at, Ready: w.listening, Metrics: metrics, Traces: traces, Pages: pages})
		}
	}}
}

// listenAt reads where to listen: HOST:PORT, or CIRCLE=HOST:PORT of each circle.
func (w *window) listenAt(given []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range given {
		circle, addr, named := strings.Cut(text, "=")
		if !named {
			circle, addr = "", text
		}
		if _, twice := out[circle]; twice || addr == "" || named && circle == "" {
			return nil, w.wrong("error.listen", "hint.listen", "value", text)
		}
		out[circle] = addr
	}
	return out, nil
}

// listening says where the node is heard: one line, or one a circle.
func (w *window) listening(circles []node.Listening) {
	for _, c := range circles {
		switch {
		case c.Err != nil:
			w.aside(w.say("serve.shut", "circle", c.Circle, "error", node.Sentence(c.Err)))
		case w.json:
			ready := map[string]string{"listening": c.Address, "circle": c.Circle}
			if c.Pages != "" {
				ready["pages"] = c.Pages
			}
			_ = w.printJSON(ready)
		case len(circles) == 1:
			w.print(w.say("serve.ready", "address", c.Address))
		default:
			w.print(w.say("serve.ready.circle", "circle", c.Circle, "address", c.Address))
		}
	}
	if len(circles) > 0 && circles[0].Pages != "" && !w.json {
		w.print(w.say("serve.pages", "address", circles[0].Pages))
	}
	_ = w.out.Flush()
}
