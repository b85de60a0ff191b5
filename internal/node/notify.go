package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"guichet"
)

// notify tells the service manager how the process stands, by the datagram socket
// that it has named (sd_notify(3)): "READY=1". Where it has named none, nothing.
func notify(ctx context.Context, state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if path[0] != '/' && path[0] != '@' { // '@': of the abstract namespace, which Go writes so too
		return guichet.Errorf(guichet.KindInvalid, "the service manager's socket %q is no path", path)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unixgram", path)
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// watchdogEvery is how often the service manager wants to hear that the process
// lives: half of its patience; 0 where it does not listen for it.
func watchdogEvery() time.Duration {
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 {
		return 0
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond / 2
}
