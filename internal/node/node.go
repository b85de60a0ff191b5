package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"guichet"
	"guichet/internal/desk"
	"guichet/internal/store"
	"guichet/trade"
)

// Node is a member's node: the rooms, wired.
type Node struct {
	cfg   Config
	store *store.Store
	desk  *desk.Desk

	copies copies // of other members, opened when they are asked
}

// Init makes a home. KindInvalid when the folder is not empty or the member is
// no country.
func Init(ctx context.Context, cfg Config, member string) (Home, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Home{}, err
	}
	if err := knownMember(member); err != nil {
		return Home{}, err
	}
	h, err := store.InitHome(cfg.Home, member, cfg.Clock())
	if err != nil {
		return Home{}, err
	}
	n, err := Open(ctx, cfg)
	if err != nil {
		return Home{}, err
	}
	return homeOf(h), n.Close()
}

// Open opens a home and builds the rooms. Close must be called.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Config{
		Home: cfg.Home, Datasets: datasets(), Clock: cfg.Clock,
		Threads: cfg.Threads, MemoryMiB: cfg.MemoryMiB, LockWait: cfg.LockWait, PackAt: cfg.CompactAt,
	})
	if err != nil {
		return nil, err
	}
	cfg.Log.LogAttrs(ctx, slog.LevelDebug, "home opened", slog.String("path", s.Home().Path), slog.String("member", s.Home().Member))
	return &Node{cfg: cfg, store: s, desk: desk.New(s, cfg.Clock)}, nil
}

// Close lets go of the home.
func (n *Node) Close() error { return errors.Join(n.copies.close(), n.store.Close()) }

// Home returns the paper at the door.
func (n *Node) Home() Home { return homeOf(n.store.Home()) }

func homeOf(h store.Home) Home {
	return Home{Path: h.Path, Member: h.Member, Version: h.Version, Created: h.Created}
}

// Ask answers a question through the desk. Where the home keeps copies of what the
// question is about, they answer beside its own figures, and every row says whose
// word it is.
func (n *Node) Ask(ctx context.Context, q guichet.Question) (guichet.Answer, error) {
	if q.Dataset == "" {
		q.Dataset = trade.Dataset().Name
	}
	if a, ok, err := n.askCopies(ctx, q); ok || err != nil {
		return a, err
	}
	return n.desk.Answer(ctx, q)
}

// Submissions returns what has been taken in, newest first.
func (n *Node) Submissions(ctx context.Context) ([]guichet.Submission, error) {
	var out []guichet.Submission
	for _, ds := range datasets() {
		subs, err := n.store.Submissions(ctx, ds.Name)
		if err != nil {
			return nil, err
		}
		for _, s := range subs {
			out = append(out, *s)
		}
	}
	slices.SortStableFunc(out, func(a, b guichet.Submission) int { return b.TakenAt.Compare(a.TakenAt) })
	return out, nil
}

// Submission returns one submission by its id or a prefix that is its own.
func (n *Node) Submission(ctx context.Context, id string) (guichet.Submission, error) {
	var found []*guichet.Submission
	var absent error
	for _, ds := range datasets() {
		s, err := n.store.Submission(ctx, ds.Name, id)
		switch {
		case guichet.KindOf(err) == guichet.KindNotFound:
			absent = err
		case err != nil:
			return guichet.Submission{}, err
		default:
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return guichet.Submission{}, absent
	case 1:
		return *found[0], nil
	}
	return guichet.Submission{}, guichet.Errorf(guichet.KindInvalid, "%q is the beginning of submissions of %d datasets", id, len(found)).WithHint("write more of it")
}

// Reject is one line that was put aside.
type Reject struct {
	Line   string `json:"line"`   // where it stood in the file
	Reason string `json:"reason"` // reason code
	Text   string `json:"text"`   // the line, at most 2,000 characters
}

// Rejects returns lines of a submission that were put aside, in the order of
// the file; limit 0 returns all.
func (n *Node) Rejects(ctx context.Context, id string, limit int) ([]Reject, error) {
	sub, err := n.Submission(ctx, id)
	if err != nil {
		return nil, err
	}
	lines, err := n.store.Rejects(ctx, sub.ID, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Reject, len(lines))
	for i, l := range lines {
		out[i] = Reject(l)
	}
	return out, nil
}

// Check holds every invariant of the home against its tables.
func (n *Node) Check(ctx context.Context) error { return n.store.Check(ctx) }

// Export writes the table of a dataset as plain Iceberg with absolute paths into an empty
// folder, for other engines, and returns the path of the metadata to open.
// Sources that may not be redistributed are left out.
// dataset "" is trade.
func (n *Node) Export(ctx context.Context, dataset, dir string) (string, error) {
	ds, err := DatasetBy(dataset)
	if err != nil {
		return "", err
	}
	return n.store.Export(ctx, ds, dir)
}
