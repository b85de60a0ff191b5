package federation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
)

// sink keeps what it is given.
type sink struct {
	bytes.Buffer
	begun bool
	fail  error
}

func (s *sink) Begin(guichet.Reply) error { s.begun = true; return nil }

func (s *sink) Write(p []byte) (int, error) {
	if s.fail != nil {
		return 0, s.fail
	}
	return s.Buffer.Write(p)
}

func wanted(pieces, size int) []byte {
	var out []byte
	for i := range pieces {
		out = append(out, piece(i, size)...)
	}
	return out
}

// TestRecordsComeWhole: whatever the size of what the desk writes, the same bytes
// arrive, the end holds, and the leaves of both sides name the same root.
func TestRecordsComeWhole(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for _, size := range []struct{ pieces, size int }{{0, 0}, {1, 1}, {3, 1000}, {2, federation.MaxChunk}, {5, federation.MaxChunk/2 + 1}, {2, 3*federation.MaxChunk + 7}} {
			t.Run(fmt.Sprintf("http2=%t/%dx%d", http2, size.pieces, size.size), func(t *testing.T) {
				_, nodes := found(t, "US", "CA")
				us, ca := nodes["US"], nodes["CA"]
				us.http2, ca.http2 = http2, http2
				ca.desk.records = ca.streams(size.pieces, size.size)
				ca.start()
				var into sink
				got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &into)
				if err != nil || got.Gap != nil || !got.Whole {
					t.Fatalf("the records are %+v, %v", got, err)
				}
				want := wanted(size.pieces, size.size)
				if !into.begun || !bytes.Equal(into.Bytes(), want) || got.Bytes != int64(len(want)) || got.Rows != int64(size.pieces) {
					t.Errorf("%d bytes came, of %d; %+v", into.Len(), len(want), got)
				}
				ours, theirs := us.wantLeaf(t, guichet.LeafReceived, ""), ca.journal.all()
				if len(theirs) != 2 || theirs[0].Kind != guichet.LeafStarted || ours.Reply != theirs[1].Reply || ours.Peer != 2 || got.Receipt != "/guichet/1/receipts/1" {
					t.Errorf("the leaves do not tell one story:\nours   %+v\ntheirs %+v", ours, theirs)
				}
			})
		}
	}
}

// TestRecordsAreRefusedWhole: a refusal to records is a reply, with one leaf.
func TestRecordsAreRefusedWhole(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.records = func(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		said, err := ca.refuses("terms[0].records")(ctx, a)
		if err != nil {
			return err
		}
		return w.Refuse(said.Body, said.Leaf)
	}
	ca.start()
	var into sink
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &into)
	if err != nil || got.Whole || got.Gap == nil || got.Gap.Reason != guichet.GapRefused || into.begun {
		t.Errorf("the refusal is %+v, %v", got, err)
	}
	us.wantLeaf(t, guichet.LeafReceived, "")
}

// rewrite changes the frames of a stream between the server and the wire, as a
// member would that lies after it has signed.
type rewrite struct {
	http.ResponseWriter
	raw bytes.Buffer
}

func (w *rewrite) Write(p []byte) (int, error) { return w.raw.Write(p) }
func (w *rewrite) Flush()                      {}

// split splits what was written.
func split(raw []byte) [][]byte {
	kinds, payloads, err := federation.ReadFrames(bytes.NewReader(raw))
	if !errors.Is(err, io.EOF) {
		panic(err)
	}
	out := make([][]byte, len(kinds))
	for i := range kinds {
		out[i] = federation.WriteFrame(kinds[i], payloads[i])
	}
	return out
}

// streamed asks for records whose frames are edited on the way.
func streamed(t *testing.T, edit func(frames [][]byte) [][]byte) (federation.Taken, *node) {
	t.Helper()
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.records = ca.streams(4, federation.MaxChunk)
	ca.front = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rw := &rewrite{ResponseWriter: w}
			next.ServeHTTP(rw, r)
			_, _ = w.Write(bytes.Join(edit(split(rw.raw.Bytes())), nil))
		})
	}
	ca.start()
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{})
	if err != nil {
		t.Fatal(err)
	}
	return got, us
}

// TestAStreamThatWasChangedIsRefused: every way to change one, each with its
// reason; none is taken for whole.
func TestAStreamThatWasChangedIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit   func(f [][]byte) [][]byte
		reason guichet.GapReason
		says   string
	}{
		"no end":           {func(f [][]byte) [][]byte { return f[:len(f)-1] }, guichet.GapSilent, "was cut after"},
		"cut in a frame":   {func(f [][]byte) [][]byte { f[3] = f[3][:500]; return f[:4] }, guichet.GapSilent, "was cut after"},
		"nothing":          {func([][]byte) [][]byte { return nil }, guichet.GapSilent, "was cut after"},
		"a chunk less":     {func(f [][]byte) [][]byte { return append(f[:2], f[3:]...) }, guichet.GapUntrusted, "not what it signed"},
		"a chunk twice":    {func(f [][]byte) [][]byte { return append(f[:2:2], append([][]byte{f[1]}, f[2:]...)...) }, guichet.GapUntrusted, "not what it signed"},
		"chunks swapped":   {func(f [][]byte) [][]byte { f[1], f[2] = f[2], f[1]; return f }, guichet.GapUntrusted, "not what it signed"},
		"a byte altered":   {func(f [][]byte) [][]byte { f[2][77] ^= 1; return f }, guichet.GapUntrusted, "not what it signed"},
		"the head altered": {func(f [][]byte) [][]byte { f[0] = bytes.Replace(f[0], []byte(`"made"`), []byte(`"real"`), 1); return f }, guichet.GapUntrusted, "not what it signed"},
		"rows altered":     {func(f [][]byte) [][]byte { f[5] = resize(f[5], `"rows":4`, `"rows":5`); return f }, guichet.GapUntrusted, "end's signature does not hold"},
		"the end altered":  {func(f [][]byte) [][]byte { f[5] = resize(f[5], `"keyid":"`, `"keyid":"0`); return f }, guichet.GapUntrusted, "no seal key"},
		"two ends":         {func(f [][]byte) [][]byte { return append(f, f[5]) }, guichet.GapGarbled, "something follows"},
		"a chunk after":    {func(f [][]byte) [][]byte { return append(f, f[1]) }, guichet.GapGarbled, "something follows"},
		"no head":          {func(f [][]byte) [][]byte { return f[1:] }, guichet.GapGarbled, "out of its place"},
		"two heads":        {func(f [][]byte) [][]byte { return append(f[:1:1], f...) }, guichet.GapGarbled, "out of its place"},
		"an empty chunk": {func(f [][]byte) [][]byte {
			return append(f[:1:1], append([][]byte{federation.WriteFrame('C', nil)}, f[1:]...)...)
		}, guichet.GapGarbled, "out of its place"},
		"a type of its own":  {func(f [][]byte) [][]byte { f[2][0] = 'Z'; return f }, guichet.GapGarbled, "is none of this stream"},
		"a length too large": {func(f [][]byte) [][]byte { f[2][1] = 0xff; return f }, guichet.GapGarbled, "is none of this stream"},
		"a fault": {func(f [][]byte) [][]byte {
			return append(f[:2], federation.WriteFrame('X', []byte(`{"kind":"internal","message":"no disk"}`)))
		}, guichet.GapSilent, "broke off its stream after 262144 bytes: no disk"},
		"a fault that is none": {func(f [][]byte) [][]byte { return append(f[:2], federation.WriteFrame('X', []byte(`?`))) }, guichet.GapGarbled, "fault in the stream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, us := streamed(t, c.edit)
			if got.Whole || got.Reply != nil || got.Gap == nil || got.Gap.Reason != c.reason || !strings.Contains(got.Gap.Text, c.says) {
				t.Fatalf("whole: %t, the gap is %+v, want %s …%s…", got.Whole, got.Gap, c.reason, c.says)
			}
			us.wantLeaf(t, guichet.LeafMissed, c.reason)
		})
	}
}

func resize(f []byte, old, with string) []byte {
	return federation.WriteFrame(f[0], bytes.Replace(f[5:], []byte(old), []byte(with), 1))
}

// TestAnyChangeToAStreamIsFound: whatever is flipped, dropped, repeated or moved,
// the stream is not whole, unless it is what it was.
func TestAnyChangeToAStreamIsFound(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.records = ca.streams(6, 300)
	var edit atomic.Pointer[func([]byte) []byte]
	ca.front = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rw := &rewrite{ResponseWriter: w}
			next.ServeHTTP(rw, r)
			_, _ = w.Write((*edit.Load())(rw.raw.Bytes()))
		})
	}
	ca.start()
	c := us.client()
	rapid.Check(t, func(rt *rapid.T) {
		type change struct {
			how  string
			at   int
			bits byte
		}
		changes := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) change {
			return change{rapid.SampledFrom([]string{"flip", "cut", "repeat", "swap"}).Draw(rt, "how"), rapid.IntRange(0, 1<<20).Draw(rt, "at"), byte(rapid.IntRange(1, 255).Draw(rt, "bits"))}
		}), 1, 3).Draw(rt, "changes")
		var same atomic.Bool
		f := func(raw []byte) []byte {
			out := bytes.Clone(raw)
			for _, c := range changes {
				if len(out) < 2 {
					break
				}
				at, half := c.at%len(out), len(out)/2
				switch c.how {
				case "flip":
					out[at] ^= c.bits
				case "cut":
					out = out[:at]
				case "repeat":
					out = append(out[:at:at], append([]byte{out[at]}, out[at:]...)...)
				case "swap":
					out[at%half], out[half+at%half] = out[half+at%half], out[at%half]
				}
			}
			same.Store(bytes.Equal(out, raw))
			return out
		}
		edit.Store(&f)
		var into sink
		got, err := c.Records(t.Context(), us.circle.member("CA"), us.forRecords(), &into)
		if err != nil {
			rt.Fatal(err)
		}
		if got.Whole && !same.Load() && !bytes.Equal(into.Bytes(), wanted(6, 300)) {
			rt.Fatalf("a stream that was changed is taken for whole")
		}
		if !got.Whole && same.Load() {
			rt.Fatalf("a stream as it was is refused: %+v", got.Gap)
		}
	})
}

// TestAStreamIsCutOnTheWay: the connection ends cleanly in the middle of it.
func TestAStreamIsCutOnTheWay(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.records = ca.streams(20, federation.MaxChunk)
	ca.start()
	relay := guichettest.NewRelay(t, us.circle.member("CA").Endpoints[0], guichettest.RelayConfig{})
	us.circle.change("CA", func(m *guichet.Member) { m.Endpoints = []string{relay.Addr()} })
	relay.CutAfter(1 << 20)
	var into sink
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &into)
	if err != nil || got.Whole || got.Gap == nil || got.Gap.Reason != guichet.GapSilent {
		t.Fatalf("a stream that was cut: %+v, %v", got, err)
	}
	us.wantLeaf(t, guichet.LeafMissed, guichet.GapSilent)
}

// TestAStreamThatStandsStill is given up after the idle time, not the whole.
func TestAStreamThatStandsStill(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.records = func(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		if err := w.Begin(ca.head(a), 0); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	ca.start()
	guichettest.Longer(func(within time.Duration) bool {
		c := us.client(func(cfg *federation.ClientConfig) { cfg.Limits.Idle = within })
		began := time.Now()
		got, err := c.Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{})
		stood := err == nil && got.Gap != nil && got.Gap.Reason == guichet.GapLate && strings.Contains(got.Gap.Text, "stood still")
		if !stood && within < time.Minute {
			return true // before its head was there
		}
		if !stood {
			t.Errorf("a stream that stands still: %+v, %v", got.Gap, err)
		}
		if took := time.Since(began); took > within+guichettest.Patience/2 {
			t.Errorf("it was given up after %s", took)
		}
		return false
	})
}

// TestTheReaderHoldsTheWriterBack: the desk gets no further than the buffers of
// the connection while the sink stands still, and memory stays bounded.
func TestTheReaderHoldsTheWriterBack(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	const pieces = 200 // 50 MiB
	var written atomic.Int64
	ca.desk.records = func(_ context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		if err := w.Begin(ca.head(a), 0); err != nil {
			return err
		}
		for i := range pieces {
			if _, err := w.Write(piece(i, federation.MaxChunk)); err != nil {
				return err
			}
			written.Add(1)
		}
		if _, err := w.Root(); err != nil {
			return err
		}
		return w.End(pieces, 1)
	}
	ca.start()
	into := &counting{block: make(chan struct{})}
	before := heap()
	go func() {
		for now := int64(-1); now != written.Load(); time.Sleep(300 * time.Millisecond) {
			now = written.Load() // until it writes no more, or the first has not come
		}
		into.early = written.Load()
		close(into.block)
	}()
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), into)
	if err != nil || !got.Whole || into.n != pieces*federation.MaxChunk {
		t.Fatalf("%+v, %v; %d bytes", got.Gap, err, into.n)
	}
	if into.early > pieces/2 {
		t.Errorf("the desk had written %d of %d pieces before the first was taken", into.early, pieces)
	}
	if grown := into.most - before; grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB while 50 MiB passed", grown>>10)
	}
}

// counting takes bytes and forgets them.
type counting struct {
	n     int64
	block chan struct{}
	early int64
	most  int64 // bytes of heap in use, of several looks
	quiet bool  // nobody looks
}

// heap returns how many bytes of it are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (c *counting) Begin(guichet.Reply) error { return nil }

func (c *counting) Write(p []byte) (int, error) {
	<-c.block
	c.n += int64(len(p))
	if !c.quiet && c.n%(50*federation.MaxChunk) == 0 {
		c.most = max(c.most, heap())
	}
	return len(p), nil
}

// TestFaultsInTheMiddle: of the desk, which tells it in the stream, by a panic,
// which cuts it, and of our own sink, which is our fault.
func TestFaultsInTheMiddle(t *testing.T) {
	for name, c := range map[string]struct {
		fault func() error
		says  string
	}{
		"an error":        {func() error { return guichet.Errorf(guichet.KindFull, "no space is left") }, "broke off its stream after 0 bytes: no space is left"},
		"a fault of ours": {func() error { return io.ErrNoProgress }, "a fault of this node"},
		"no end":          {func() error { return nil }, "a fault of this node"},
		"a panic":         {func() error { panic("here") }, "CA"},
	} {
		t.Run(name, func(t *testing.T) {
			_, nodes := found(t, "US", "CA")
			us, ca := nodes["US"], nodes["CA"]
			ca.desk.records = func(_ context.Context, a federation.Asked, w *federation.RecordsWriter) error {
				if err := w.Begin(ca.head(a), 0); err != nil {
					return err
				}
				if _, err := w.Write([]byte("abc")); err != nil {
					return err
				}
				return c.fault()
			}
			ca.start()
			got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{})
			if err != nil || got.Whole || got.Gap == nil || got.Gap.Reason != guichet.GapSilent || !strings.Contains(got.Gap.Text, c.says) {
				t.Errorf("the result is %+v, %v", got.Gap, err)
			}
		})
	}
	_, nodes := found(t, "US", "CA")
	us := nodes["US"]
	nodes["CA"].start()
	full := guichet.Errorf(guichet.KindFull, "the disk is full")
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{fail: full})
	if !errors.Is(err, full) || got.Whole {
		t.Errorf("a sink that fails: %+v, %v", got, err)
	}
	us.wantLeaf(t, guichet.LeafMissed, guichet.GapSilent)
}
