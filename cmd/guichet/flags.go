package main

import (
	"flag"
	"io"
	"slices"
	"strings"

	"guichet"
)

// flags wraps the standard flag set: flags may stand before, between and after
// the positional arguments, an unknown one is answered with the nearest, and
// one that holds a single value may be given once only, so that no half of a
// question is dropped in silence.
type flags struct {
	set   *flag.FlagSet
	lists []string // names that may be given more than once
	given []string // names that were given

	help, json, quiet bool
	lang, home        string
}

// homeFlag names the flag that says which home.
const homeFlag = "home"

// newFlags declares what every command has: --json, --lang, --quiet and --help.
func newFlags(name string) *flags {
	f := &flags{set: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.set.SetOutput(io.Discard)
	f.set.BoolVar(&f.help, "help", false, "")
	f.set.BoolVar(&f.help, "h", false, "")
	f.bool(&f.json, "json")
	f.bool(&f.quiet, "quiet")
	f.text(&f.lang, "lang")
	return f
}

func (f *flags) bool(p *bool, name string)        { f.set.BoolVar(p, name, false, "") }
func (f *flags) int(p *int, name string, def int) { f.set.IntVar(p, name, def, "") }
func (f *flags) text(p *string, name string)      { f.set.StringVar(p, name, "", "") }

// atHome declares --home, for commands that read or write one.
func (f *flags) atHome() { f.text(&f.home, homeFlag) }

// list declares a flag that takes values joined by commas and may be given
// more than once.
func (f *flags) list(p *[]string, name string) {
	f.lists = append(f.lists, name)
	f.set.Var((*listValue)(p), name, "")
}

// each declares a flag that may be given more than once; each value is kept
// whole, commas and all.
func (f *flags) each(p *[]string, name string) {
	f.lists = append(f.lists, name)
	f.set.Var((*eachValue)(p), name, "")
}

// names returns the names of all flags, without the short -h.
func (f *flags) names() []string {
	var out []string
	f.set.VisitAll(func(x *flag.Flag) {
		if len(x.Name) > 1 {
			out = append(out, x.Name)
		}
	})
	return out
}

// has says whether a flag was given.
func (f *flags) has(name string) bool { return slices.Contains(f.given, name) }

// read reads the arguments into the flags and returns the positional ones.
// "--" ends the flags; a lone "-" is an argument.
func (w *window) read(f *flags, args []string) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			rest = append(rest, args...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		taken, err := w.readFlag(f, arg, args)
		if err != nil {
			return nil, err
		}
		args = args[taken:]
	}
	w.json, w.quiet = f.json, f.quiet
	if f.lang != "" {
		if err := w.speak(f.lang); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// readFlag reads one flag and says how many of the following arguments it
// took as its value: none or one.
func (w *window) readFlag(f *flags, arg string, next []string) (taken int, err error) {
	written, value, joined := strings.Cut(arg, "=")
	name := strings.ReplaceAll(strings.TrimLeft(written, "-"), "_", "-")
	known := f.set.Lookup(name)
	if known == nil {
		return 0, w.nearest(w.say("error.flag", "name", written), "--"+name, dashed(f.names()), w.say("hint.usage", "name", f.set.Name()))
	}
	if f.has(name) && !slices.Contains(f.lists, name) {
		return 0, w.wrong("error.flag.twice", "hint.flag.twice", "name", written)
	}
	f.given = append(f.given, name)
	if b, ok := known.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		if !joined {
			value = "true"
		}
	} else if !joined {
		// "--period --by partner" is a value forgotten, not a period named --by.
		if len(next) == 0 || f.isFlag(next[0]) {
			return 0, w.wrong("error.flag.value", "hint.flag.value", "name", written)
		}
		value, taken = next[0], 1
	}
	if err := f.set.Set(name, value); err != nil {
		return 0, w.wrong("error.flag.bad", "hint.usage", "name", f.set.Name(), "flag", written, "value", value)
	}
	return taken, nil
}

// isFlag says whether an argument is one of the flags, as written with two
// dashes.
func (f *flags) isFlag(arg string) bool {
	name, ok := strings.CutPrefix(arg, "--")
	name, _, _ = strings.Cut(name, "=")
	return ok && f.set.Lookup(strings.ReplaceAll(name, "_", "-")) != nil
}

// wrong returns an error about the command line from the words of the window.
func (w *window) wrong(message, hint string, pairs ...string) error {
	return guichet.Errorf(guichet.KindInvalid, "%s", w.say(message, pairs...)).WithHint("%s", w.say(hint, pairs...))
}

// want says how many positional arguments there must be; more is -1 for any
// number.
func (w *window) want(name string, args []string, least, most int) error {
	var message string
	switch {
	case len(args) < least:
		message = w.say("error.args.few", "name", name)
	case most >= 0 && len(args) > most:
		message = w.say("error.args.many", "name", name, "arg", args[most])
	default:
		return nil
	}
	command, _, _ := strings.Cut(name, " ")
	return guichet.Errorf(guichet.KindInvalid, "%s", message).WithHint("%s", w.say("hint.usage", "name", command))
}

func dashed(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "--" + n
	}
	return out
}

// listValue gathers values joined by commas.
type listValue []string

// String returns the values joined by commas.
func (l *listValue) String() string {
	if l == nil {
		return ""
	}
	return strings.Join(*l, ",")
}

// Set adds values; an empty one is refused, since it would ask for nothing.
func (l *listValue) Set(s string) error {
	for v := range strings.SplitSeq(s, ",") {
		v = strings.TrimSpace(v)
		if v == "" {
			return guichet.Errorf(guichet.KindInvalid, "an empty value")
		}
		*l = append(*l, v)
	}
	return nil
}

// eachValue gathers whole values.
type eachValue []string

// String returns the values, one per line.
func (l *eachValue) String() string {
	if l == nil {
		return ""
	}
	return strings.Join(*l, "\n")
}

// Set adds a value.
func (l *eachValue) Set(s string) error {
	*l = append(*l, s)
	return nil
}
