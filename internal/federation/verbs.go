package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet"
)

// exchangesPage is how many leaves a page of exchanges holds.
const exchangesPage = 1000

// ask answers a question, or refuses it: both are replies.
func (s *Server) ask(ctx context.Context, v *visit) error {
	a, err := v.asked()
	if err != nil {
		return err
	}
	if a.Request.Records {
		return guichet.Errorf(guichet.KindInvalid, "the question asks for records, which have a path of their own: %srecords", Prefix)
	}
	if err := s.refused.room(a.Member.Code, s.cfg.Clock()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	said, err := s.cfg.Desk.Reply(ctx, a)
	if err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	if said.Refused {
		s.refused.add(a.Member.Code, s.cfg.Clock())
	}
	v.atLeaf(said.Leaf)
	return v.send(http.StatusOK, MediaReply, said.Body)
}

// records streams rows as they are, or refuses them.
func (s *Server) records(ctx context.Context, v *visit) error {
	a, err := v.asked()
	if err != nil {
		return err
	}
	if !a.Request.Records {
		return guichet.Errorf(guichet.KindInvalid, "the question asks for sums, which have a path of their own: %sask", Prefix)
	}
	if err := s.refused.room(a.Member.Code, s.cfg.Clock()); err != nil {
		return err
	}
	leaveShare, err := s.streams.of(a.Member.Code)
	if err != nil {
		return err
	}
	defer leaveShare()
	leave, err := s.streams.enter()
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Stream)
	defer cancel()
	w := &RecordsWriter{v: v, asked: a}
	defer func() { _ = w.settle() }() // also where the desk ends in a panic: nobody writes to an answer that is over
	return w.closed(s.cfg.Desk.Records(ctx, a, w))
}

// receipt gives the proof of a leaf to the parties of its exchange.
func (s *Server) receipt(ctx context.Context, v *visit) error {
	index, err := wholeNumber(v.r.PathValue("index"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	proof, covered, err := s.cfg.Journal.Receipt(ctx, index, v.visitor.Member.Code)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if !covered {
		return notCovered(index)
	}
	return v.send(http.StatusOK, MediaText, proof)
}

// page is an answer of exchanges.
type page struct {
	Exchanges []Entry `json:"exchanges"`
	Next      uint64  `json:"next,omitempty"` // the from of the next page; absent: these were all
}

// exchanges lists the leaves of ours in which the asking member is a party.
func (s *Server) exchanges(ctx context.Context, v *visit) error {
	from := uint64(0)
	if text := v.r.URL.Query().Get("from"); text != "" {
		var err error
		if from, err = wholeNumber(text); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	entries, next, err := s.cfg.Journal.Exchanges(ctx, v.visitor.Member.Code, from, exchangesPage)
	if err != nil {
		return fmt.Errorf("exchanges: %w", err)
	}
	return v.sendJSON(page{Exchanges: append([]Entry{}, entries...), Next: next})
}

// wholeNumber reads digits, and only digits.
func wholeNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, guichet.Errorf(guichet.KindInvalid, "%q is no index of a leaf", clip(text, 40))
	}
	return n, nil
}

func (v *visit) sendJSON(value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return v.send(http.StatusOK, MediaJSON, body)
}

// logPaths are what members may see of a log: checkpoints and tiles of hashes
// (C2SP tlog-tiles), never bundles of entries, those of a log that has ended under
// its number; and the newest checkpoint and the newest renewal that this node knows
// of a member's journal.
//
//nolint:gochecknoglobals // compiled once, never changed
var logPaths = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:seen|renewal)/[A-Z]{2}|(?:[0-9]{1,2}/)?(?:checkpoint|checkpoint\.cosigned|tile/[0-9]{1,2}(?:/x[0-9]{3}){0,6}/[0-9]{3}(?:\.p/[0-9]{1,3})?))$`)
})

// logFile gives a checkpoint or a tile of our log.
func (s *Server) logFile(ctx context.Context, v *visit) error {
	path := v.r.PathValue("path")
	if !logPaths().MatchString(path) {
		return guichet.Errorf(guichet.KindNotFound, "%q is no checkpoint and no tile of hashes", clip(path, 80))
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	file, err := s.cfg.Journal.File(ctx, path)
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	if !strings.Contains(path, "tile/") {
		return v.send(http.StatusOK, MediaText, file)
	}
	return v.send(http.StatusOK, MediaOctets, file)
}

// addCheckpoint witnesses a member's checkpoint.
func (s *Server) addCheckpoint(ctx context.Context, v *visit) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Answer)
	defer cancel()
	said, err := s.cfg.Journal.AddCheckpoint(ctx, v.visitor.Member.Code, v.body)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	if said.Type == "" {
		said.Type = MediaText
	}
	return v.send(said.Status, said.Type, said.Body)
}

// circleFile gives a paper of the circle.
func (s *Server) circleFile(_ context.Context, v *visit) error {
	path := v.r.PathValue("path")
	missing := guichet.Errorf(guichet.KindNotFound, "the circle has no paper %q", clip(path, 80))
	if !fs.ValidPath(path) || path == "." {
		return missing
	}
	f, err := s.cfg.Papers(v.visitor.Member).Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return missing
	}
	if err != nil {
		return fmt.Errorf("open a paper of the circle: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return missing
	}
	paper, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("read a paper of the circle: %w", err)
	}
	if len(paper) > maxFile {
		return guichet.Errorf(guichet.KindInternal, "a paper of the circle is larger than %d bytes", maxFile)
	}
	return v.send(http.StatusOK, MediaOctets, paper)
}

// pong is an answer of ping.
type pong struct {
	Member        string    `json:"member"`
	Time          time.Time `json:"time"`
	Version       string    `json:"version"`
	CircleVersion int64     `json:"circle_version"`
	JournalSize   uint64    `json:"journal_size"`
}

// ping says that we are here, and what our clock shows.
func (s *Server) ping(_ context.Context, v *visit) error {
	return v.sendJSON(pong{
		Member: s.cfg.Us, Time: s.cfg.Clock().UTC(), Version: s.cfg.Version, CircleVersion: s.cfg.Circle().Version, JournalSize: s.cfg.Size(),
	})
}

// unknown tells a member that its path is none of ours, rather than the mux
// telling anybody.
func (s *Server) unknown(_ context.Context, v *visit) error {
	return guichet.Errorf(guichet.KindNotFound, "there is no %s %s here", clip(v.r.Method, 10), clip(v.r.URL.Path, 80)).
		WithHint("the paths of this version stand in docs/protocol; another version has another number after /guichet/")
}
