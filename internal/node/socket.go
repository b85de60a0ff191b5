package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/trade"
	"guichet/wording"
)

// The operator's commands reach a running node by sockets in its home, one for each
// circle: who stands at one reaches no other's journal by a word in an order. Nobody
// but the home's owner may open the folder that they stand in.
const (
	dirRun = "run"
	// longestOrder bounds what a command says to the node.
	longestOrder = 1 << 20
)

// socketName is the socket of the seat in a circle. The name of a circle has 64
// characters at most.
func socketName(circle string) string { return circle + ".sock" }

// socketPath is a name of the socket that is short enough for the system (108
// bytes), however long the home's own is: by an open folder.
func socketPath(home, circle string) (path string, done func(), err error) {
	dir, err := os.Open(filepath.Join(home, dirRun)) //nolint:gosec // inside the home
	if err != nil {
		return "", nil, err
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(dir.Fd())), socketName(circle)), func() { _ = dir.Close() }, nil
}

// listenSocket makes the socket. The seat is ours already, so that one that is
// there was left behind.
func listenSocket(ctx context.Context, home, circle string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Join(home, dirRun), 0o700); err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	// A folder that was there may be open to others: the socket is in it for a
	// moment before it is closed to them.
	if err := os.Chmod(filepath.Join(home, dirRun), 0o700); err != nil { //nolint:gosec // a folder needs its x
		return nil, fmt.Errorf("socket: %w", err)
	}
	path, done, err := socketPath(home, circle)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	defer done()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("socket: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := os.Chmod(filepath.Join(home, dirRun, socketName(circle)), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), ln.Close())
	}
	return ln, nil
}

// orders are what the operator may ask of a running node, by name.
func (s *Seat) orders() map[string]func(ctx context.Context, in json.RawMessage, tell func(any)) (any, error) {
	return map[string]func(context.Context, json.RawMessage, func(any)) (any, error){
		"ask": order1(func(ctx context.Context, q MembersQuestion, tell func(any)) (MembersAnswer, error) {
			return s.AskMembers(ctx, q, func(r MemberResult) { tell(r) })
		}),
		"mirror": order1(func(ctx context.Context, q MirrorQuestion, _ func(any)) (trade.MirrorAnswer, error) {
			return s.Mirror(ctx, q)
		}),
		"records": order1(func(ctx context.Context, q RecordsQuestion, _ func(any)) (MemberResult, error) {
			return s.TakeRecords(ctx, q)
		}),
		"leaves": order1(func(ctx context.Context, q LeavesQuestion, _ func(any)) ([]LeafEntry, error) { return s.Leaves(ctx, q) }),
		"receipt": order1(func(ctx context.Context, exchange string, _ func(any)) (Receipt, error) {
			return s.Receipt(ctx, exchange)
		}),
		"verify": order1(func(ctx context.Context, members []string, _ func(any)) ([]JournalReport, error) {
			return s.VerifyJournal(ctx, members)
		}),
		"standing":      order1(func(ctx context.Context, _ struct{}, _ func(any)) (Standing, error) { return s.Standing(ctx) }),
		"draft-renewal": order1(func(ctx context.Context, why string, _ func(any)) ([]byte, error) { return s.DraftRenewal(ctx, why) }),
		"publish-renewal": order1(func(ctx context.Context, text []byte, _ func(any)) (Standing, error) {
			return s.PublishRenewal(ctx, text)
		}),
		"pin": order1(func(ctx context.Context, o pinOrder, _ func(any)) (bool, error) { return s.pinFor(ctx, o) }),
		"sync": order1(func(ctx context.Context, q SyncRequest, tell func(any)) (SyncResult, error) {
			return s.Sync(ctx, q, func(text string) { tell(text) })
		}),
		"subscribe": order1(func(ctx context.Context, q MembersQuestion, _ func(any)) (guichet.Subscription, error) {
			return s.Subscribe(ctx, q)
		}),
		"notices": order1(func(ctx context.Context, q NoticesQuestion, _ func(any)) (NoticesAnswer, error) {
			return s.Notices(ctx, q)
		}),
		"doctor": order1(func(ctx context.Context, q DoctorQuestion, _ func(any)) ([]Finding, error) { return s.Doctor(ctx, q) }),
	}
}

// order1 reads what an order is given.
func order1[In, Out any](do func(context.Context, In, func(any)) (Out, error)) func(context.Context, json.RawMessage, func(any)) (any, error) {
	return func(ctx context.Context, raw json.RawMessage, tell func(any)) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, guichet.Errorf(guichet.KindInvalid, "the order cannot be read: %w", err)
		}
		return do(ctx, in, tell)
	}
}

// reply is one line that the node sends back.
type reply struct {
	Told  json.RawMessage `json:"told,omitempty"`
	Done  json.RawMessage `json:"done,omitempty"`
	Error *wireError      `json:"error,omitempty"`
}

// wireError is an error as it crosses the socket.
type wireError struct {
	Kind    guichet.Kind `json:"kind"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`

	Said wording.Sentence `json:"said,omitzero"`
	Next wording.Sentence `json:"next,omitzero"`
}

func (s *Seat) operatorHandler() http.Handler {
	mux := http.NewServeMux()
	for name, do := range s.orders() {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			enc := json.NewEncoder(w)
			send := func(x reply) {
				_ = enc.Encode(x)
				_ = http.NewResponseController(w).Flush()
			}
			in, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestOrder))
			if err != nil {
				send(reply{Error: &wireError{Kind: guichet.KindInvalid, Message: "the order is too long"}})
				return
			}
			out, err := do(r.Context(), in, func(x any) {
				if text, err := json.Marshal(x); err == nil {
					send(reply{Told: text})
				}
			})
			if err != nil {
				send(reply{Error: wireErrorOf(err)})
				return
			}
			text, err := json.Marshal(out)
			if err != nil {
				send(reply{Error: wireErrorOf(err)})
				return
			}
			send(reply{Done: text})
		})
	}
	return mux
}

func wireErrorOf(err error) *wireError {
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		return &wireError{Kind: e.Kind, Message: e.Error(), Hint: e.Hint, Said: e.Wording(), Next: e.Next}
	}
	return &wireError{Kind: guichet.KindInternal, Message: err.Error()}
}

// remote is an Operator that asks the running node.
type remote struct {
	home string
	http *http.Client
}

// Operate returns the way to a home's seat in a circle: by its socket when a node
// has it, else the seat itself. Where the home has several, one must be named.
func Operate(ctx context.Context, cfg Config) (Operator, error) {
	if name, err := circleIn(cfg.Home, cfg.Circle); err == nil {
		if r, ok := running(ctx, cfg.Home, name); ok {
			return r, nil
		}
	}
	s, err := TakeSeat(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// running finds a node that has the seat of a home in a circle.
func running(ctx context.Context, home, circle string) (*remote, bool) {
	abs, err := filepath.Abs(home)
	if err != nil {
		return nil, false
	}
	r := &remote{home: abs}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		path, done, err := socketPath(abs, circle)
		if err != nil {
			return nil, err
		}
		defer done()
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	c, err := dial(ctx, "", "")
	if err != nil {
		return nil, false
	}
	_ = c.Close()
	r.http = &http.Client{Transport: &http.Transport{DialContext: dial}}
	return r, true
}

// call sends an order and reads what comes back.
func call[Out any](ctx context.Context, r *remote, name string, in any, told func(json.RawMessage)) (Out, error) {
	var out Out
	text, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("order: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/"+name, strings.NewReader(string(text)))
	if err != nil {
		return out, fmt.Errorf("order: %w", err)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return out, r.gone(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	for lines := json.NewDecoder(resp.Body); ; {
		var x reply
		if err := lines.Decode(&x); err != nil {
			return out, r.gone(ctx, err)
		}
		switch {
		case x.Error != nil:
			return out, &guichet.Error{Kind: x.Error.Kind, Message: x.Error.Message, Hint: x.Error.Hint, Said: x.Error.Said, Next: x.Error.Next}
		case x.Done != nil:
			d := json.NewDecoder(bytes.NewReader(x.Done))
			d.UseNumber() // a figure is exact, a double is not
			return out, d.Decode(&out)
		case told != nil:
			told(x.Told)
		}
	}
}

// gone says that the node ended while it was asked.
func (r *remote) gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return guichet.Errorf(guichet.KindBusy, "the node of %s broke off: %w", r.home, err).WithHint("see its log, start it again with 'guichet serve', and ask again")
}

// AskMembers asks the running node.
func (r *remote) AskMembers(ctx context.Context, q MembersQuestion, each func(MemberResult)) (MembersAnswer, error) {
	a, err := call[MembersAnswer](ctx, r, "ask", q, func(raw json.RawMessage) {
		var m MemberResult
		if each != nil && json.Unmarshal(raw, &m) == nil {
			each(m)
		}
	})
	if err != nil {
		return a, err
	}
	return a, restore(&a.Answer)
}

// Mirror asks the running node.
func (r *remote) Mirror(ctx context.Context, q MirrorQuestion) (trade.MirrorAnswer, error) {
	return call[trade.MirrorAnswer](ctx, r, "mirror", q, nil)
}

// TakeRecords asks the running node.
func (r *remote) TakeRecords(ctx context.Context, q RecordsQuestion) (MemberResult, error) {
	return call[MemberResult](ctx, r, "records", q, nil)
}

// Leaves asks the running node.
func (r *remote) Leaves(ctx context.Context, q LeavesQuestion) ([]LeafEntry, error) {
	return call[[]LeafEntry](ctx, r, "leaves", q, nil)
}

// Receipt asks the running node.
func (r *remote) Receipt(ctx context.Context, exchange string) (Receipt, error) {
	return call[Receipt](ctx, r, "receipt", exchange, nil)
}

// VerifyJournal asks the running node.
func (r *remote) VerifyJournal(ctx context.Context, members []string) ([]JournalReport, error) {
	return call[[]JournalReport](ctx, r, "verify", members, nil)
}

// Standing asks the running node.
func (r *remote) Standing(ctx context.Context) (Standing, error) {
	return call[Standing](ctx, r, "standing", struct{}{}, nil)
}

// DraftRenewal asks the running node.
func (r *remote) DraftRenewal(ctx context.Context, why string) ([]byte, error) {
	return call[[]byte](ctx, r, "draft-renewal", why, nil)
}

// PublishRenewal asks the running node.
func (r *remote) PublishRenewal(ctx context.Context, text []byte) (Standing, error) {
	return call[Standing](ctx, r, "publish-renewal", text, nil)
}

// Doctor asks the running node.
func (r *remote) Doctor(ctx context.Context, q DoctorQuestion) ([]Finding, error) {
	return call[[]Finding](ctx, r, "doctor", q, nil)
}

// Sync asks the running node.
func (r *remote) Sync(ctx context.Context, q SyncRequest, tell func(string)) (SyncResult, error) {
	return call[SyncResult](ctx, r, "sync", q, func(raw json.RawMessage) {
		var text string
		if tell != nil && json.Unmarshal(raw, &text) == nil {
			tell(text)
		}
	})
}

// Subscribe asks the running node.
func (r *remote) Subscribe(ctx context.Context, q MembersQuestion) (guichet.Subscription, error) {
	return call[guichet.Subscription](ctx, r, "subscribe", q, nil)
}

// Notices asks the running node.
func (r *remote) Notices(ctx context.Context, q NoticesQuestion) (NoticesAnswer, error) {
	return call[NoticesAnswer](ctx, r, "notices", q, nil)
}

// Close lets go of the connection.
func (r *remote) Close() error {
	r.http.CloseIdleConnections()
	return nil
}

// restore gives figures that came as JSON their types again.
func restore(a *guichet.Answer) error {
	for _, row := range a.Rows {
		for _, c := range a.Columns {
			if !c.Measure || row[c.Name] == nil {
				continue
			}
			d, err := guichet.ParseDecimal(fmt.Sprint(row[c.Name]))
			if err != nil {
				return guichet.Errorf(guichet.KindInternal, "the figure %v cannot be read", row[c.Name])
			}
			row[c.Name] = d
		}
	}
	return nil
}

// free says how many bytes are free where a path lies.
func free(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("disk: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil //nolint:gosec // the size of a block is small and positive
}
