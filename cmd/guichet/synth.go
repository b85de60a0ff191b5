package main

import (
	"context"
	"strconv"

	"guichet/internal/node"
	"guichet/travel"
)

// synthLines is how many lines are made when nobody says.
const synthLines = 100_000

func synthCommand() command {
	return command{name: "synth", define: func(f *flags) action {
		req := node.SynthRequest{}
		var seed, dataset string
		f.text(&dataset, "dataset")
		f.list(&req.Members, "members")
		f.text(&req.From, "from")
		f.text(&req.To, "to")
		f.set.Int64Var(&req.Declarations, "declarations", synthLines, "")
		f.text(&seed, "seed")
		f.bool(&req.Gzip, "gzip")
		f.text(&req.Dir, "out")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("synth", args, 0, 0); err != nil {
				return err
			}
			for _, name := range []string{"from", "to", "out"} {
				if !f.has(name) {
					return w.wrong("error.synth.missing", "hint.usage", "name", "synth", "flag", "--"+name)
				}
			}
			if err := w.seeded(&req, seed, f.has("seed")); err != nil {
				return err
			}
			switch dataset {
			case "", node.Dataset().Name:
			case travel.Name:
				if f.has("declarations") {
					return w.wrong("error.synth.declarations", "hint.usage", "name", "synth")
				}
				return w.synthCrossings(ctx, req)
			default:
				_, err := node.DatasetBy(dataset)
				return err
			}
			if !f.has("members") {
				req.Members = node.SynthMembers()
			}
			p := w.progress()
			made, err := node.Synth(ctx, req, p.report())
			p.end()
			if err != nil {
				return err
			}
			return w.showSynth(req.Dir, made)
		}
	}}
}

// synthCrossings makes border crossings.
func (w *window) synthCrossings(ctx context.Context, req node.SynthRequest) error {
	if len(req.Members) == 0 {
		req.Members = node.CrossingsMembers()
	}
	p := w.progress()
	made, err := node.SynthCrossings(ctx, node.CrossingsRequest{Members: req.Members, From: req.From, To: req.To, Seed: req.Seed, Gzip: req.Gzip, Dir: req.Dir}, p.report())
	p.end()
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(made)
	}
	w.synthFiles(made.Files)
	w.note(w.say("synth.crossings", "lines", count(made.Lines, w.lang), "persons", count(made.Persons, w.lang), "dir", req.Dir))
	w.note(w.say("synth.generated"))
	return nil
}

// seeded reads the seed; it is 1 when it is not given.
func (w *window) seeded(req *node.SynthRequest, seed string, given bool) error {
	req.Seed = 1
	if !given {
		return nil
	}
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return w.wrong("error.flag.bad", "hint.usage", "name", "synth", "flag", "--seed", "value", seed)
	}
	req.Seed = n
	return nil
}

// showSynth prints the files that were made.
func (w *window) showSynth(dir string, made node.SynthManifest) error {
	if w.json {
		return w.printJSON(made)
	}
	w.synthFiles(made.Files)
	w.note(w.say("synth.done", "lines", count(made.Lines, w.lang), "consignments", count(made.Consignments, w.lang), "dir", dir))
	w.note(w.say("synth.generated"))
	return nil
}

func (w *window) synthFiles(files []node.SynthFile) {
	t := newTable(w.say("head.file"), w.say("head.kind"), ">"+w.say("head.lines"), ">"+w.say("head.bytes"))
	for _, f := range files {
		t.add(f.Name, w.say("synth.kind."+f.Kind), count(f.Lines, w.lang), count(f.Bytes, w.lang))
	}
	w.table(t)
}
