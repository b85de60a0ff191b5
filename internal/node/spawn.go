package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"guichet"
	"guichet/internal/store"
)

// spawn runs the staging child. decide hears what was recognised and says
// whether to stage; false ends the child without an error and without a
// result.
func (n *Node) spawn(ctx context.Context, o order, decide func(*prepared) (bool, error), p guichet.Progress) (*prepared, *store.Staged, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, n.cfg.Child[0], n.cfg.Child[1:]...) //nolint:gosec // our own program
	cmd.Env = childEnv()
	cmd.Dir = o.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("staging process: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("staging process: %w", err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &limited{&complaint, 8 << 10}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start staging process: %w", err)
	}
	c := &conversation{in: json.NewEncoder(stdin), stdin: stdin, decide: decide, progress: p}
	talkErr := c.talk(o, stdout)
	// A pipe that broke means that the child is gone; why, its end tells.
	gone := errors.Is(talkErr, syscall.EPIPE)
	if talkErr != nil && !gone {
		cancel()
	}
	waitErr := cmd.Wait()
	if gone && waitErr != nil {
		talkErr = nil
	}
	switch {
	case ctx.Err() != nil && talkErr == nil:
		return nil, nil, context.Cause(ctx)
	case talkErr != nil:
		return nil, nil, talkErr
	case waitErr != nil:
		return nil, nil, died(waitErr, complaint.String())
	}
	return c.prepared, c.staged, nil
}

// childEnv is all that the child is told of its surroundings.
func childEnv() []string {
	env := []string{"LANG=C.UTF-8"}
	for _, name := range []string{"TMPDIR", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// died says why a child ended without an answer.
func died(err error, complaint string) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return &guichet.Error{
				Kind: guichet.KindInternal, Err: err,
				Message: fmt.Sprintf("the staging process was ended by signal %d (%s); nothing was kept", ws.Signal(), ws.Signal()),
				Hint:    "if the machine ran out of memory, free some and take the file in again",
			}
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(complaint), "\n")
	return fmt.Errorf("the staging process failed: %s: %w", first, err)
}

// conversation is what parent and child say to each other, a JSON line at a
// time.
type conversation struct {
	in       *json.Encoder
	stdin    io.Closer
	decide   func(*prepared) (bool, error)
	progress guichet.Progress
	prepared *prepared
	staged   *store.Staged
}

func (c *conversation) talk(o order, stdout io.Reader) error {
	defer func() { _ = c.stdin.Close() }()
	if err := c.in.Encode(o); err != nil {
		return fmt.Errorf("order staging: %w", err)
	}
	dec := json.NewDecoder(bufio.NewReader(stdout))
	for {
		var m news
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hear staging process: %w", err)
		}
		switch {
		case m.Error != nil:
			return m.Error
		case m.Progress != nil:
			c.progress(m.Progress.Stage, m.Progress.Done, m.Progress.Total)
		case m.Staged != nil:
			c.staged = m.Staged
		case m.Prepared != nil:
			c.prepared = m.Prepared
			on, err := c.decide(m.Prepared)
			if err != nil {
				return err
			}
			if err := c.in.Encode(map[string]bool{"go": on}); err != nil && on {
				return fmt.Errorf("order staging: %w", err)
			}
		}
	}
}

// limited keeps the first n bytes and lets the rest go.
type limited struct {
	buf *bytes.Buffer
	n   int
}

// Write implements io.Writer; it never fails.
func (l *limited) Write(p []byte) (int, error) {
	if room := l.n - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
