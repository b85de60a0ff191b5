package node_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"guichet/internal/node"

	"guichet/internal/guichettest"
)

// TestConnectionsAreBounded: beyond the bound a connection waits, before anything
// of it is read, and comes in when another leaves.
func TestConnectionsAreBounded(t *testing.T) {
	ln, err := node.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	var in atomic.Int64
	first := make(chan net.Conn, 1)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if in.Add(1) == 1 {
				first <- c
			}
		}
	}()
	const more = 20
	for range node.MostConnections + more {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	settle := func(want int64) {
		t.Helper()
		for end := time.Now().Add(guichettest.Patience); in.Load() < want && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond) // for one too many
		if got := in.Load(); got != want {
			t.Errorf("%d connections came in, want %d", got, want)
		}
	}
	settle(node.MostConnections)
	_ = (<-first).Close()
	settle(node.MostConnections + 1)
}
