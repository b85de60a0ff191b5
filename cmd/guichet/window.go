package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"strings"
	"syscall"

	"guichet"
	"guichet/internal/node"
)

// window is what a command speaks through: its streams, its language, and how
// it was asked to print.
type window struct {
	world
	out   *bufio.Writer // standard output; flushed by run
	sink  *sink         // below out
	lang  string        // "en" or "fr"
	words phrases

	json, quiet bool
}

func newWindow(o world) *window {
	s := &sink{w: o.stdout}
	w := &window{world: o, sink: s, out: bufio.NewWriter(s), lang: envLang(o.getenv)}
	w.words = phrasesIn(w.lang)
	return w
}

// peek looks for --json and --lang before the flags are read, so that an error
// in reading them is told in the right way too.
func (w *window) peek(args []string) {
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch name {
		case "--":
			return
		case "--json":
			w.json = value != "false"
		case "--lang":
			if !joined && i+1 < len(args) {
				value = args[i+1]
			}
			if err := w.speak(value); err != nil {
				continue // told when the flags are read
			}
		}
	}
}

// speak changes the language.
func (w *window) speak(lang string) error {
	if lang != "en" && lang != "fr" {
		return w.wrong("error.lang", "hint.lang", "lang", lang)
	}
	w.lang, w.words = lang, phrasesIn(lang)
	return nil
}

// print writes one line of data. What stands in it may come from a file, so
// it is made harmless for a terminal.
func (w *window) print(line string) {
	w.write(clean(line) + "\n")
}

// write writes text as it is. An error stays in the writer and comes out of
// the flush at the end.
func (w *window) write(text string) {
	_, _ = w.out.WriteString(text)
}

// note writes one line of words about the work, to standard error; --quiet
// silences it.
func (w *window) note(line string) {
	if !w.quiet {
		w.aside(line)
	}
}

// aside writes one line to standard error that belongs to the data, such as a
// gap beside CSV: it is always written.
func (w *window) aside(line string) {
	_ = w.out.Flush() // what came first is read first; its error stays
	_, _ = io.WriteString(w.stderr, clean(line)+"\n")
}

// config returns what node needs to open a home. A home that is not named is
// $GUICHET_HOME, else ./guichet-home.
func (w *window) config(f *flags) node.Config {
	home := f.home
	if home == "" {
		home = w.getenv("GUICHET_HOME")
	}
	if home == "" {
		home = "guichet-home"
	}
	return node.Config{Home: home, Clock: w.clock, Log: w.log(), Version: version()}
}

// log returns the operator's log: silent, unless $GUICHET_LOG names a level
// (debug, info, warn, error); then it goes to standard error.
func (w *window) log() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(w.getenv("GUICHET_LOG"))); err != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: level}))
}

// logAs is the operator's log in a form, "text" or "json", from the level that
// $GUICHET_LOG names, else info.
func (w *window) logAs(form string) (*slog.Logger, error) {
	level := slog.LevelInfo
	if text := w.getenv("GUICHET_LOG"); text != "" {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return nil, w.wrong("error.loglevel", "hint.loglevel", "value", text)
		}
	}
	options := &slog.HandlerOptions{Level: level}
	switch form {
	case "json":
		return slog.New(slog.NewJSONHandler(w.stderr, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w.stderr, options)), nil
	}
	return nil, w.wrong("error.log", "hint.log", "value", form)
}

// sink passes on what is written and remembers whether its reader went away.
type sink struct {
	w    io.Writer
	gone bool
}

// Write writes to standard output. Once nobody reads any more, it says so with
// the error of the first write that failed.
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err == nil {
		return n, nil
	}
	s.gone = errors.Is(err, syscall.EPIPE)
	if errors.Is(err, syscall.ENOSPC) {
		return n, &guichet.Error{Kind: guichet.KindFull, Message: "standard output is full", Err: err}
	}
	return n, &guichet.Error{Kind: guichet.KindInternal, Message: "write to standard output", Err: err}
}
