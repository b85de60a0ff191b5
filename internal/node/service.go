package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/journal"
)

// How often a serving node does what it does by itself.
const (
	cosignEvery  = 2 * time.Second  // asks the others to cosign its journal
	standEvery   = 3 * time.Second  // asks the others what they have seen of its journal, while that is not known
	followEvery  = 30 * time.Second // looks for newer papers of the circle at the others
	lookEvery    = 20 * time.Second // looks whether a copy is to be brought up to date
	noticesEvery = 15 * time.Minute // asks those at whom it subscribed: each time is a leaf on both sides
	closeWithin  = 20 * time.Second // what is under way when it is told to stop
)

// service is a seat that is answered at: its window to the members of its circle,
// and its operator's socket.
type service struct {
	seat              *Seat
	ln, socket        net.Listener
	members, operator *http.Server
	over              atomic.Bool // it has ended, and the process has not
}

// service opens the windows of a seat. The listeners are there when it returns; who
// comes waits until run. It must be closed, run or not.
func (s *Seat) service(ctx context.Context, listenAt string) (*service, error) {
	counter, err := s.counter()
	if err != nil {
		return nil, err
	}
	server, err := s.server(counter)
	if err != nil {
		return nil, err
	}
	addr, err := s.listenAt(listenAt)
	if err != nil {
		return nil, err
	}
	v := &service{seat: s, members: s.gate.Server(server.Handler())}
	v.operator = &http.Server{Handler: s.operatorHandler(), ReadHeaderTimeout: 5 * time.Second}
	if v.ln, err = listen(ctx, addr); err != nil {
		return nil, err
	}
	if v.socket, err = listenSocket(ctx, s.n.Home().Path, s.name); err != nil {
		return nil, errors.Join(err, v.ln.Close())
	}
	s.standAtStart(ctx)
	return v, nil
}

// close lets go of listeners that run has not closed.
func (v *service) close() error {
	var errs []error
	for _, ln := range []net.Listener{v.ln, v.socket} {
		errs = append(errs, closed(ln.Close()))
	}
	return errors.Join(errs...)
}

// run answers until ctx ends, or something of its circle ends the service.
func (v *service) run(ctx context.Context) error {
	s := v.seat
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return serving1(v.members.ServeTLS(v.ln, "", "")) })
	g.Go(func() error { return serving1(v.operator.Serve(v.socket)) })
	g.Go(func() error { return every(run, cosignEvery, s.cosign) })
	g.Go(func() error { return every(run, followEvery, s.follow) })
	g.Go(func() error { return every(run, lookEvery, s.syncDue) })
	g.Go(func() error { return every(run, noticesEvery, s.askNotices) })
	g.Go(func() error { return every(run, standEvery, s.standAgain) })
	g.Go(func() error { return every(run, standEvery, s.recover) })
	g.Go(func() error { return every(run, followEvery, s.learnAll) })
	g.Go(func() error { return every(run, tellEvery, s.tellEvents) })
	g.Go(func() error { return s.watchKeys(run) })
	g.Go(func() error {
		<-run.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err := errors.Join(v.members.Shutdown(end), v.operator.Shutdown(end))
		// The listener's own name for it, by an open folder, is gone.
		_ = os.Remove(filepath.Join(s.n.Home().Path, dirRun, socketName(s.name)))
		return err
	})
	s.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "serving", slog.String("circle", s.name), slog.String("member", s.us()), slog.String("address", v.ln.Addr().String()))
	return g.Wait()
}

// watchKeys ends the service when a key that it was started with counts no more:
// it was revoked, or its time is over. Whoever starts the node again gives it its
// new key; going on would only be refused by everybody.
func (s *Seat) watchKeys(ctx context.Context) error {
	var gone error
	err := every(ctx, followEvery/6, func(context.Context) {
		self, ok := s.papers.circle().Member(s.us())
		if !ok || gone != nil {
			return // the papers cannot be used: told to whoever asks
		}
		for use, id := range s.using {
			if _, ok := self.Key(use, id, s.clock()); !ok {
				gone = guichet.Errorf(guichet.KindUntrusted, "our %s key %s is no longer in force", use, id).WithHint("start the node again: it takes the key that the circle has now")
			}
		}
	}, func() bool { return gone != nil })
	return errors.Join(gone, err)
}

// serving1 passes on why a server ended, but for being told to.
func serving1(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// listenAt is the address to listen at.
func (s *Seat) listenAt(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	self, ok := s.papers.circle().Member(s.us())
	if !ok || len(self.Endpoints) == 0 {
		return "", guichet.Errorf(guichet.KindInvalid, "the paper of %s names no endpoint", s.us()).WithHint("name an address with --listen")
	}
	_, port, err := net.SplitHostPort(self.Endpoints[0])
	if err != nil {
		return "", guichet.Errorf(guichet.KindInvalid, "the endpoint %s of our paper is no host:port", self.Endpoints[0])
	}
	return net.JoinHostPort("", port), nil
}

// every does something again and again until the context ends. What it does
// tells its own faults to the operator's log: none of them ends the service.
func every(ctx context.Context, pause time.Duration, do func(context.Context), until ...func() bool) error {
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		do(ctx)
		if len(until) > 0 && until[0]() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// cosign asks the other members to cosign our journal's newest checkpoint.
func (s *Seat) cosign(ctx context.Context) {
	c, now := s.papers.circle(), s.clock()
	var peers []journal.Peer
	for _, m := range c.Members {
		if m.Code != s.us() && !m.HasLeft(now) && journal.MayWitness(m) {
			peers = append(peers, journal.Peer{Member: m.Code, Keys: m.Keys, Via: cosigning{s, m}})
		}
	}
	if len(peers) == 0 {
		return
	}
	told, err := s.journal.Cosign(ctx, peers)
	if err != nil && ctx.Err() == nil {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "journal not cosigned", slog.String("error", err.Error()))
	}
	for _, t := range told {
		if t.Err != nil && guichet.KindOf(t.Err) == guichet.KindUntrusted {
			s.doubted.Store(true) // looked into by standAgain: a witness's word alone closes nothing
		}
		if t.Err != nil && ctx.Err() == nil {
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "no cosignature", slog.String("member", t.Member), slog.String("error", t.Err.Error()))
		}
	}
}

// cosigning is the way to one member's witness.
type cosigning struct {
	s *Seat
	m guichet.Member
}

// AddCheckpoint asks for a cosignature.
func (c cosigning) AddCheckpoint(ctx context.Context, body []byte) (int, []byte, error) {
	w, err := c.s.client.AddCheckpoint(ctx, c.m, body)
	return w.Status, w.Body, err
}

// follow looks whether another member has newer papers of the circle.
func (s *Seat) follow(ctx context.Context) {
	c, now := s.papers.circle(), s.clock()
	for _, m := range c.Members {
		if m.Code == s.us() || m.HasLeft(now) || ctx.Err() != nil || !circle.Whole(m) {
			continue // of a copy that lacks what its member may not read none is made
		}
		got, err := s.papers.repo.Fetch(ctx, func(ctx context.Context, path string) ([]byte, error) {
			if len(path) == 0 {
				return nil, guichet.Errorf(guichet.KindInternal, "no paper is named")
			}
			return s.client.CircleFile(ctx, m, path)
		})
		if err != nil {
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "no newer papers", slog.String("member", m.Code), slog.String("error", err.Error()))
			continue
		}
		if told(got) {
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "newer papers of the circle", slog.String("member", m.Code), slog.Int64("version", got.To))
			s.papers.forget()
		}
	}
}

func told(f circle.Fetched) bool { return f.Changed || f.Notices > 0 }
