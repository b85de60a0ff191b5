package node

import (
	"context"
	"net"

	"golang.org/x/net/netutil"

	"guichet"
)

// mostConnections are open to the members' window at a time, those among them that
// have not shown yet whose they are: a handshake costs memory and time before any
// share is counted. A circle of five has up to 64 of each member (decision 0031).
const mostConnections = 1000

// listen opens the members' window. Who comes when it is full waits in the queue of
// the system until another leaves.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be listened at: %w", addr, err).WithHint("name another address with --listen, or stop what listens there")
	}
	return netutil.LimitListener(ln, mostConnections), nil
}
