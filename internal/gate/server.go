package gate

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"guichet"
)

const (
	maxHeader     = 16 << 10 // bytes of a request's header; ours have about 1,200
	headerWait    = 10 * time.Second
	bodyWait      = 30 * time.Second // 64 KiB over a line of 20 kbit/s
	idleWait      = 2 * time.Minute
	handshakeWait = 10 * time.Second
	maxStreams    = 250 // requests at a time in one HTTP/2 connection
)

// Server is an http.Server for the window, to be started with
// ServeTLS(listener, "", ""). It has no WriteTimeout, since large answers take as
// long as they take: a handler sets the deadline of its own answer, and renews it
// as the stream moves on. It has no ReadTimeout either, which would end the
// context of such an answer: ReadBody sets one for the body.
func (g *Gate) Server(h http.Handler) *http.Server {
	log := g.c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		TLSConfig:         g.ServerTLS(),
		MaxHeaderBytes:    maxHeader,
		ReadHeaderTimeout: headerWait,
		IdleTimeout:       idleWait,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelInfo),
	}
}

// ReadBody reads the body of a request whole, under a limit of bytes and of time.
// KindHostile (413) when it is larger.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	c := http.NewResponseController(w)
	// A deadline in the past ends the read under way. Some writers (of tests) know
	// no deadline; they have no slow line either.
	timer := time.AfterFunc(bodyWait, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if !timer.Stop() {
		return nil, guichet.Errorf(guichet.KindInvalid, "the body took longer than %s", bodyWait).WithHint("send it again over a better line")
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, guichet.Errorf(guichet.KindHostile, "the body has more than %d bytes", limit).
			WithHint("ask for less at a time")
	}
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "the body broke off: %w", err).WithHint("send it again")
	}
	return body, nil
}
