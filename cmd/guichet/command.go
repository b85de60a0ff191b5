package main

import (
	"context"
	"slices"

	"guichet"
	"guichet/internal/node"
)

// command is one verb of the window; each stands in a file of its own, and its
// usage in usage/LANG/NAME.txt.
type command struct {
	name   string
	hidden bool // not shown by help
	// define declares the command's flags and returns what runs once they
	// are read, with the positional arguments.
	define func(*flags) action
}

// action does what a command is for.
type action func(ctx context.Context, w *window, args []string) error

// commands returns every command, in the order in which a new user meets them.
func commands() []command {
	return []command{
		initCommand(), ingestCommand(), askCommand(), mirrorCommand(), codesCommand(),
		submissionsCommand(), profileCommand(), reharmoniseCommand(), exportCommand(), checkCommand(), compactCommand(), backupCommand(), restoreCommand(),
		retentionCommand(), purgeCommand(), holdCommand(),
		circleCommand(), agreementCommand(), serveCommand(), syncCommand(), subscribeCommand(), subscriptionsCommand(), noticesCommand(), receiptCommand(), journalCommand(), doctorCommand(),
		synthCommand(), demoCommand(), versionCommand(), helpCommand(), stageChildCommand(),
	}
}

func commandBy(name string) (command, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return all[i], true
}

// commandNames returns the names that help shows.
func commandNames() []string {
	var out []string
	for _, c := range commands() {
		if !c.hidden {
			out = append(out, c.name)
		}
	}
	return out
}

// start reads the flags and runs the command, or prints its usage when asked.
func (c command) start(ctx context.Context, w *window, args []string) error {
	f := newFlags(c.name)
	act := c.define(f)
	rest, err := w.read(f, args)
	if err != nil {
		return err
	}
	if f.help {
		return w.usage(c.name)
	}
	return act(ctx, w, rest)
}

// dataset returns the description of the dataset that questions are about which
// name none.
func dataset() *guichet.Dataset { return node.Dataset() }

// datasetOf returns the description of a dataset that is held, that of dataset for
// a name that is not.
func datasetOf(name string) *guichet.Dataset {
	d, err := node.DatasetBy(name)
	if err != nil {
		return dataset()
	}
	return d
}
