package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"guichet"
)

// world is what a run of the command takes from outside.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	clock          guichet.Clock
}

// run runs one command line and returns the exit code. ^C and SIGTERM cancel
// what is being done; a second one ends the process at once. A reader that
// went away (guichet ask | head) is no error.
func run(ctx context.Context, args []string, o world) int {
	// Asked for, the signal no longer kills: writes fail with EPIPE instead,
	// so that what is being taken in is still taken in whole.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	w := newWindow(o)
	name, rest := split(args)
	w.peek(rest)
	err := w.dispatch(ctx, name, rest)
	if flushErr := w.out.Flush(); err == nil {
		err = flushErr
	}
	if w.sink.gone && errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return w.end(ctx, err)
}

// dispatch finds the command, reads its flags and runs it.
func (w *window) dispatch(ctx context.Context, name string, args []string) error {
	if name == "" {
		return helpCommand().start(ctx, w, args)
	}
	if name == "--version" {
		name = "version"
	}
	c, ok := commandBy(name)
	if !ok {
		return w.nearest(w.say("error.command", "name", name), name, commandNames(), w.say("hint.help"))
	}
	return c.start(ctx, w, args)
}

// split takes the name of the command out of the arguments. Flags that every
// command has may stand before it: guichet --json version.
func split(args []string) (name string, rest []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--version":
			return arg, append(rest, args[i+1:]...)
		case arg == "--lang" || arg == "--home":
			if i+1 < len(args) {
				rest = append(rest, arg, args[i+1])
				i++
				continue
			}
			return "", append(rest, arg)
		case strings.HasPrefix(arg, "-") && arg != "-":
			rest = append(rest, arg)
		default:
			return arg, append(rest, args[i+1:]...)
		}
	}
	return "", rest
}
