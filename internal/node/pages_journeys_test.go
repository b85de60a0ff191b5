package node_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// TestJourneys walks through the pages in a real browser (make test-journeys): five
// members as the demonstration leaves them, of whom one keeps others waiting and then hangs up.
func TestJourneys(t *testing.T) {
	runner := os.Getenv("GUICHET_JOURNEYS")
	if runner == "" {
		t.Skip("make test-journeys runs it: it needs a browser")
	}
	homes := os.Getenv("GUICHET_JOURNEYS_HOMES") // of an earlier demonstration
	if homes == "" {
		dir, err := os.MkdirTemp("", "journeys-") //nolint:usetesting // the test's own folder has too long a name for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		homes = filepath.Join(dir, "demo")
		build := filepath.Join(dir, "guichet")
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", build, "guichet/cmd/guichet").CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		if out, err := exec.CommandContext(t.Context(), build, "demo", "--once", "--chapter", "exchange,borders", "--home", homes).CombinedOutput(); err != nil {
			t.Fatalf("demo: %v\n%s", err, out)
		}
	}
	tarry(t, given(node.PublicCircle(t.Context(), node.Config{Home: filepath.Join(homes, "CA")}, nil, ""))(t), "GB")
	publishDemo(t, filepath.Join(homes, "CA"))
	at := serveDemo(t, homes, "CA", "AU", "US")
	// One of them is signed in at as people do.
	t.Setenv("GUICHET_JOURNEYS_DEMONSTRATION", serveDemoAs(t, homes, node.PagesRequest{Listen: ":0", Demonstration: true}, "NZ"))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	args := []string{filepath.Join(runner, "run.mjs"), at, os.Getenv("GUICHET_SHOTS")}
	if only := os.Getenv("GUICHET_JOURNEYS_ONLY"); only != "" {
		args = append(args, only)
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}

// tarry listens where a member should, keeps whoever comes waiting for a while, and
// hangs up.
func tarry(t *testing.T, c guichet.Circle, member string) {
	t.Helper()
	m, _ := c.Member(member)
	ln := given((&net.ListenConfig{}).Listen(t.Context(), "tcp", m.Endpoints[0]))(t)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			time.AfterFunc(1500*time.Millisecond, func() { _ = conn.Close() })
		}
	}()
}

// serveDemo serves members of a demonstration, the first of them with its pages.
func serveDemo(t *testing.T, homes string, members ...string) string {
	t.Helper()
	return serveDemoAs(t, homes, node.PagesRequest{Listen: ":0"}.WithDoor(tryDoor{}), members...)
}

// serveDemoAs serves members of a demonstration, the first of them with such pages.
func serveDemoAs(t *testing.T, homes string, asked node.PagesRequest, members ...string) string {
	t.Helper()
	words, err := os.ReadFile(filepath.Join(homes, "passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	pages := make(chan string, 1)
	for i, m := range members {
		ctx, cancel := context.WithCancel(context.Background())
		ready, done := make(chan string, 1), make(chan error, 1)
		cfg := node.Config{Home: filepath.Join(homes, m), Passphrase: func() ([]byte, error) { return firstLine(words), nil }, Child: []string{exe(t), stageChild}, Version: "journeys"}
		req := node.ServeRequest{Ready: func(at []node.Listening) { ready <- at[0].Pages }}
		if i == 0 {
			req.Pages = asked
		}
		go func() { done <- node.Serve(ctx, cfg, req) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("%s ended: %v", m, err)
			}
		})
		select {
		case at := <-ready:
			if i == 0 {
				pages <- at
			}
		case err := <-done:
			cancel()
			done <- nil
			t.Fatal(errors.Join(errors.New("not served: "+m), err))
		}
	}
	at := <-pages
	return at[:len(at)-1]
}

func firstLine(text []byte) []byte {
	for i, b := range text {
		if b == '\n' {
			return append([]byte(nil), text[:i]...)
		}
	}
	return append([]byte(nil), text...)
}
