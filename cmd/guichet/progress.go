package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"guichet"
)

// How the work in progress is shown.
const (
	barWidth   = 24
	stageWidth = 28
	barEvery   = 100 * time.Millisecond
	lineEvery  = 2 * time.Second
	clearLine  = "\r\x1b[K"
)

// progress shows how far a work has come: a bar on a terminal, otherwise a
// line now and then. It is meant for people; nothing may be read from it.
type progress struct {
	w        *window
	terminal bool

	mu    sync.Mutex // guards what follows
	last  time.Time
	stage string
	shown bool // a bar stands on the line
}

// progress begins to show a work on standard error.
func (w *window) progress() *progress {
	return &progress{w: w, terminal: isTerminal(w.stderr)}
}

// report is the guichet.Progress to hand over; with --quiet it says nothing.
func (p *progress) report() guichet.Progress {
	if p.w.quiet {
		return func(string, int64, int64) {}
	}
	return p.tell
}

func (p *progress) tell(stage string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.w.clock()
	every := lineEvery
	if p.terminal {
		every = barEvery
	}
	if !p.terminal && total > 0 && done == 0 {
		return // "0.0 %" in a log says nothing
	}
	ended := total > 0 && done >= total && p.terminal
	if !p.last.IsZero() && now.Sub(p.last) < every && !ended {
		return
	}
	if !p.terminal && stage == p.stage && total == 0 && done == 0 {
		return // nothing new to say
	}
	p.last, p.stage = now, stage
	if !p.terminal {
		_, _ = io.WriteString(p.w.stderr, "guichet: "+p.line(stage, done, total)+"\n")
		return
	}
	p.shown = true
	_, _ = io.WriteString(p.w.stderr, clearLine+p.bar(stage, done, total))
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		_, _ = io.WriteString(p.w.stderr, clearLine)
		p.shown = false
	}
}

func (p *progress) line(stage string, done, total int64) string {
	text := p.w.stageName(stage)
	if total > 0 {
		return text + " " + percent(min(done, total), total, p.w.lang)
	}
	if done > 0 {
		return text + " " + count(done, p.w.lang)
	}
	return text
}

func (p *progress) bar(stage string, done, total int64) string {
	name := short(p.w.stageName(stage), stageWidth)
	name += strings.Repeat(" ", stageWidth-width(name))
	if total <= 0 {
		if done > 0 {
			return name + " " + count(done, p.w.lang)
		}
		return name
	}
	done = min(max(done, 0), total)
	full := int(float64(barWidth) * float64(done) / float64(total))
	return name + " [" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "] " + percent(done, total, p.w.lang)
}

// stageName says a stage in the language of the window; one that it does not
// know is shown as it is.
func (w *window) stageName(stage string) string {
	if text, ok := w.words["stage."+stage]; ok {
		return text
	}
	return clean(stage)
}

// isTerminal says whether a person may be looking: the stream is a character
// device and not the null device, which is one too.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
