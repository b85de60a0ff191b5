package federation

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"guichet"
)

// Watch is told of members' requests, for whoever runs the node. It fails at nothing
// and returns at once.
type Watch interface {
	// Admitted is told of a request that was let in, before it is served, and returns
	// the context that it is served in.
	Admitted(ctx context.Context, r *http.Request, member string) context.Context
	// Served is told of every request when it is over, also of one that was not let
	// in. The context is that of Admitted where it was.
	Served(ctx context.Context, s Served)
}

// Served is a request that is over: no question, no figure, no person.
type Served struct {
	Member string       // "" of who was not let in
	Route  string       // pattern of the path: "POST /guichet/1/ask"
	Status int          // of HTTP; 0 where nothing left
	Kind   guichet.Kind // of the problem that was told; "" none
	Took   time.Duration
	Level  slog.Level // how much an operator should mind
	Note   string     // what an operator should know of a problem; "" nothing
}

// watched tells a visit's end.
func (v *visit) watched(ctx context.Context, began time.Time) {
	if v.s.cfg.Watch == nil {
		return
	}
	v.told.Member, v.told.Route, v.told.Took = v.visitor.Member.Code, v.r.Pattern, v.s.cfg.Clock().Sub(began)
	v.s.cfg.Watch.Served(ctx, v.told)
}
