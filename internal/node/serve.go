package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"

	"golang.org/x/sync/errgroup"

	"guichet"
	"guichet/internal/seal"
)

// ServeRequest says how a node answers its circles.
type ServeRequest struct {
	Circles []string // whose seats are taken; none: of all that the home has papers of
	// Listen is where the members of a circle are heard: host:port by the circle's
	// name; "" stands for the only one. A circle that is not named: the port of the
	// first endpoint in the member's paper, on all addresses.
	Listen map[string]string
	Ready  func([]Listening) // told once, when questions are taken
	// Metrics is where /healthz, /readyz and /metrics are answered; without a host on
	// this machine alone, "" nowhere. They say who asks how often, and nothing else.
	Metrics string
	// Traces is a collector of OpenTelemetry traces: http://HOST:PORT; "" none.
	Traces string
	// Pages are the pages for people; served nowhere unless they say where.
	Pages PagesRequest
}

// Listening is one circle that a node answers, or does not.
type Listening struct {
	Circle  string
	Address string // "" where Err says why it is not served
	Err     error
	// Pages is where the pages for people are, which are of all circles; "" nowhere.
	Pages string
}

// Serve answers the members of the home's circles until ctx ends; what is under way
// is finished then. The operator's commands come in by the home's sockets, one a
// circle. What goes wrong in one circle, such as papers that have expired, ends its
// service and no other's: Serve returns when the last one has ended. Circles that
// were named must all open.
func Serve(ctx context.Context, cfg Config, req ServeRequest) error {
	n, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	paceGarbage()
	h := &house{n: n, watch: &watching{log: n.cfg.Log, metrics: newMetrics()}}
	err = h.open(ctx, req)
	if err == nil {
		err = h.serve(ctx, req)
	}
	h.watch.tracing.close()
	return errors.Join(err, h.close(), n.Close())
}

// house is a process that answers at a home's seats.
type house struct {
	n        *Node
	watch    *watching
	metrics  net.Listener // nil: none
	pages    *pages       // nil: none
	services []*service   // of the circles that opened
	shut     []Listening  // those that did not
}

// open takes the seats and their addresses. Nobody is answered yet.
func (h *house) open(ctx context.Context, req ServeRequest) error {
	names, err := h.circles(req)
	if err != nil {
		return err
	}
	if req.Traces != "" {
		if h.watch.tracing, err = newTracing(ctx, req.Traces, h.n.Home().Member, h.n.cfg.Version, h.n.cfg.Log); err != nil {
			return err
		}
	}
	if req.Metrics != "" {
		if h.metrics, err = metricsAt(ctx, req.Metrics); err != nil {
			return err
		}
	}
	passphrase, forget := askedOnce(h.n.cfg.Passphrase)
	defer forget()
	for _, name := range names {
		v, err := h.openOne(ctx, name, listenFor(req, name), passphrase)
		if err == nil {
			h.services = append(h.services, v)
			continue
		}
		if len(names) == 1 {
			return err
		}
		err = fmt.Errorf("circle %s: %w", name, err)
		if len(req.Circles) > 0 || ctx.Err() != nil {
			return err
		}
		h.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "circle not served", slog.String("circle", name), slog.String("error", err.Error()))
		h.shut = append(h.shut, Listening{Circle: name, Err: err})
	}
	if len(h.services) == 0 {
		return h.shut[0].Err
	}
	if req.Pages.Listen != "" {
		if h.pages, err = h.pagesAt(ctx, req.Pages); err != nil {
			return err
		}
	}
	return nil
}

// circles are those that are to be served.
func (h *house) circles(req ServeRequest) ([]string, error) {
	home := h.n.Home().Path
	all, err := circlesIn(home)
	if err != nil {
		return nil, err
	}
	names := slices.Compact(slices.Sorted(slices.Values(req.Circles)))
	for _, name := range names {
		if _, err := circleIn(home, name); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		names = all
	}
	if len(names) == 0 {
		_, err := circleIn(home, "")
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(req.Listen)) {
		switch {
		case name == "" && len(names) > 1:
			return nil, guichet.Errorf(guichet.KindInvalid, "%s answers in several circles (%s), and %s is an address for one", home, join(names), req.Listen[name]).
				WithHint("say whose it is: --listen %s=%s", names[0], req.Listen[name])
		case name != "" && !slices.Contains(names, name):
			return nil, guichet.Errorf(guichet.KindInvalid, "an address is given for the circle %q, which is not served; served are: %s", name, join(names)).
				WithHint("write it as --listen %s=HOST:PORT", names[0])
		}
	}
	return names, nil
}

func listenFor(req ServeRequest, circle string) string {
	if at, ok := req.Listen[circle]; ok {
		return at
	}
	return req.Listen[""]
}

func (h *house) openOne(ctx context.Context, name, listen string, passphrase func() ([]byte, error)) (*service, error) {
	s, err := h.n.takeSeat(ctx, name, passphrase)
	if err != nil {
		return nil, err
	}
	s.watch = h.watch
	v, err := s.service(ctx, listen)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return v, nil
}

// serve answers in all circles until ctx ends, or the last of them has.
func (h *house) serve(ctx context.Context, req ServeRequest) error {
	var g, beside errgroup.Group // no context of their own: the end of one circle is no other's
	over, end := context.WithCancel(ctx)
	defer end()
	if h.metrics != nil {
		window := h.operatorsWindow(h.watch.metrics)
		beside.Go(func() error { return serving1(window.Serve(h.metrics)) })
		beside.Go(func() error { <-over.Done(); return closed(window.Close()) })
	}
	if h.pages != nil {
		beside.Go(func() error { return h.pages.run(over) })
		h.tellPages(ctx)
	}
	for _, v := range h.services {
		g.Go(func() error {
			err := v.run(ctx)
			v.over.Store(true)
			if err != nil && ctx.Err() == nil && len(h.services) > 1 {
				h.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "circle no longer served", slog.String("circle", v.seat.name), slog.String("error", err.Error()))
				return fmt.Errorf("circle %s: %w", v.seat.name, err)
			}
			return err
		})
	}
	beside.Go(func() error { return every(over, purgeEvery, h.purgeDue) })
	if req.Ready != nil {
		req.Ready(h.listening())
	}
	h.notify(ctx, "READY=1")
	if pause := watchdogEvery(); pause > 0 {
		beside.Go(func() error { return every(over, pause, func(ctx context.Context) { h.notify(ctx, "WATCHDOG=1") }) })
	}
	beside.Go(func() error {
		<-over.Done()
		h.notify(context.WithoutCancel(ctx), "STOPPING=1")
		return nil
	})
	err := g.Wait()
	end()
	return errors.Join(err, beside.Wait())
}

// notify tells the service manager; that it cannot be told is no reason to stop.
func (h *house) notify(ctx context.Context, state string) {
	if err := notify(ctx, state); err != nil {
		h.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "service manager not told", slog.String("state", state), slog.String("error", err.Error()))
	}
}

// listening are all circles of the house, those that are not served last.
func (h *house) listening() []Listening {
	var out []Listening
	for _, v := range h.services {
		out = append(out, Listening{Circle: v.seat.name, Address: v.ln.Addr().String(), Pages: h.pages.address()})
	}
	return append(out, h.shut...)
}

func (h *house) close() error {
	var errs []error
	if h.metrics != nil {
		errs = append(errs, closed(h.metrics.Close()))
	}
	errs = append(errs, h.pages.close())
	for _, v := range h.services {
		errs = append(errs, v.close(), v.seat.Close())
	}
	return errors.Join(errs...)
}

// askedOnce asks for a passphrase once, however many key files it opens; forget
// wipes it.
func askedOnce(ask func() ([]byte, error)) (again func() ([]byte, error), forget func()) {
	var words []byte
	again = func() ([]byte, error) {
		if words == nil {
			if ask == nil {
				return nil, guichet.Errorf(guichet.KindInvalid, "nobody says the passphrase of the node's keys")
			}
			said, err := ask()
			if err != nil {
				return nil, err
			}
			words = said
		}
		return slices.Clone(words), nil
	}
	return again, func() { seal.Wipe(words) }
}
