package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// versionJSON is what --json shows: the program, and the tables by which it
// judges. Two members with the same tables read a file alike.
type versionJSON struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	HS       string `json:"hs"`
	Codes    string `json:"codes"`
	Groups   string `json:"groups"`
	Rates    string `json:"rates"`
}

func versionCommand() command {
	return command{name: "version", define: func(*flags) action {
		return func(_ context.Context, w *window, args []string) error {
			if err := w.want("version", args, 0, 0); err != nil {
				return err
			}
			v := versionJSON{
				Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
				HS: hs.Version(), Codes: codes.Version(), Groups: trade.GroupsVersion(), Rates: dataset().RatesVersion,
			}
			if w.json {
				return w.printJSON(v)
			}
			w.print("guichet " + v.Version + " (" + v.Go + ", " + v.Platform + ")")
			w.print(w.say("version.tables", "tables", v.HS+", "+v.Codes+", "+v.Groups+", "+v.Rates))
			return nil
		}
	}}
}

// version returns the version that the build wrote into the binary: a tag, or
// the commit with a "+" when the tree had changes.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	const commitDigits = 12
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value[:min(len(s.Value), commitDigits)]
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+"
			}
		}
	}
	if revision == "" {
		return "unreleased"
	}
	return revision + changed
}
