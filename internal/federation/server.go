package federation

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"guichet"
)

// Gate says who stands at the window.
type Gate interface {
	// Peer says which member is at the other end of the request's connection, as the
	// circle is now, before anything of the body is read. Admit never admits another.
	// KindUntrusted or KindRefused, as Admit.
	Peer(r *http.Request) (guichet.Member, error)
	// Admit says which member sent the request, whose body is given, nil of a
	// request without one: the key of its TLS connection and the key of its
	// signature are of one member of the circle and in force, the digest fits, the
	// clock is right and the request was not here before. KindUntrusted,
	// KindRefused (no member, or one no more) or KindInvalid; Told gives an error
	// a status of its own, as that of a replay.
	Admit(r *http.Request, body []byte) (Visitor, error)
}

// Visitor is a member whose request was admitted.
type Visitor struct {
	Member guichet.Member
	Key    guichet.MemberKey // the seal key that signed the request
}

// ServerSeal signs what leaves.
type ServerSeal interface {
	// Response adds digest and signature to the headers of the answer to a request,
	// bound to the request's signature. Every header that it covers is set before.
	Response(h http.Header, status int, to *http.Request, body []byte) error
	// Stream does the same without a digest.
	Stream(h http.Header, status int, to *http.Request) error
	// SignEnd signs the canonical JSON of the end of a stream of records, under
	// the context "guichet records end v1" and a zero byte, by the seal key.
	SignEnd(message []byte) (keyID string, signature []byte, err error)
}

// Desk answers members.
type Desk interface {
	// Reply decides, finds, protects and encodes; the leaf of the answer or the
	// refusal is durable when it returns. An error means that nothing was said:
	// KindBusy where the journal cannot write, KindInvalid where the request
	// contradicts itself.
	Reply(ctx context.Context, a Asked) (Said, error)
	// Records does the same for rows as they are, and writes them to w in the
	// order that RecordsWriter asks for.
	Records(ctx context.Context, a Asked, w *RecordsWriter) error
}

// Asked is a question as it came.
type Asked struct {
	Request guichet.Request
	Body    []byte            // of the request: what Reply.Request and the leaf digest
	Member  guichet.Member    // who asks, by the circle's paper; equal to Request.From.Member
	Key     guichet.MemberKey // that signed
}

// Said is a reply as it leaves.
type Said struct {
	Body    []byte // of EncodeReply
	Leaf    uint64 // its index in our journal
	Refused bool   // it is a refusal
}

// Log is our journal as members may see it.
type Log interface {
	// Receipt returns the proof of a leaf to a member that is a party to its
	// exchange. KindNotFound where there is no such leaf or the member is no
	// party: the two are not told apart. Covered is false where no checkpoint
	// holds the leaf yet.
	Receipt(ctx context.Context, index uint64, member string) (proof []byte, covered bool, err error)
	// Exchanges returns up to limit leaves from an index on in which the member
	// is a party, and the index to go on from, 0 where these were all.
	Exchanges(ctx context.Context, member string, from uint64, limit int) ([]Entry, uint64, error)
	// File returns "checkpoint", "checkpoint.cosigned" or a tile of hashes.
	File(ctx context.Context, path string) ([]byte, error)
	// AddCheckpoint witnesses a member's checkpoint, as C2SP tlog-witness says.
	AddCheckpoint(ctx context.Context, member string, body []byte) (Witnessed, error)
}

// Entry is a leaf of a journal with its index.
type Entry struct {
	Index uint64          `json:"index"`
	Leaf  json.RawMessage `json:"leaf"` // canonical JSON, as the log hashes it
}

// Witnessed is what a witness says to a checkpoint.
type Witnessed struct {
	Status int    // 200, 400, 403, 404, 409 or 422
	Type   string // media type of the body
	Body   []byte
}

// Limits bound what members can take of a node. Zero values mean the defaults.
type Limits struct {
	Concurrent       int           // requests under way in all: 512
	PerMember        int           // and of one member: 128
	Streams          int           // streams of records under way in all: 8
	StreamsPerMember int           // and of one member: 2
	Refused          int           // questions of one member that are refused in a day (UTC): 20,000; then it is told to wait
	Body             time.Duration // for a request's body to arrive: 10 s
	Answer           time.Duration // for an answer to be made: 30 s
	Write            time.Duration // for an answer, or one frame of a stream, to be taken: 30 s
	Stream           time.Duration // for a stream of records in all: 2 h
}

func (l Limits) orDefaults() Limits {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	wait := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&l.Concurrent, 512)
	def(&l.PerMember, 128)
	def(&l.Streams, 8)
	def(&l.StreamsPerMember, 2)
	def(&l.Refused, 20_000)
	wait(&l.Body, 10*time.Second)
	wait(&l.Answer, 30*time.Second)
	wait(&l.Write, 30*time.Second)
	wait(&l.Stream, 2*time.Hour)
	return l
}

// ServerConfig is what a server is made of. All but Watch and Limits must be given.
type ServerConfig struct {
	Us      string                // our member code
	Version string                // of the program, which ping tells
	Circle  func() guichet.Circle // as it is verified now; a server belongs to one circle
	Clock   guichet.Clock
	Gate    Gate
	Seal    ServerSeal
	Desk    Desk
	// Still says whether a stream of records may go on under the decision that began
	// it: the key that signed is in force, the member in the circle, the agreement in
	// force. It is asked every few frames or seconds, and before the end; an error
	// ends the stream and is told in it.
	Still   func(ctx context.Context, a Asked, d guichet.Decision) error
	Letters Letters // nil: there are none, and their paths are unknown
	Journal Log
	Papers  func(guichet.Member) fs.FS // the circle's signed papers, as a member may fetch them
	Size    func() uint64              // leaves in our journal, which ping tells
	Log     *slog.Logger
	Watch   Watch // nil: nobody is told
	Limits  Limits
}

// Server serves the members of one circle.
type Server struct {
	cfg     ServerConfig
	all     *slots // requests under way
	streams *slots // streams of records among them
	refused *refusals
}

// NewServer returns a server; KindInternal where a part is missing.
func NewServer(cfg ServerConfig) (*Server, error) {
	for name, missing := range map[string]bool{
		"Us": cfg.Us == "", "Circle": cfg.Circle == nil, "Clock": cfg.Clock == nil, "Gate": cfg.Gate == nil, "Seal": cfg.Seal == nil,
		"Desk": cfg.Desk == nil, "Still": cfg.Still == nil, "Journal": cfg.Journal == nil, "Papers": cfg.Papers == nil, "Size": cfg.Size == nil, "Log": cfg.Log == nil,
	} {
		if missing {
			return nil, guichet.Errorf(guichet.KindInternal, "the federation's server has no %s", name)
		}
	}
	cfg.Limits = cfg.Limits.orDefaults()
	return &Server{
		cfg:     cfg,
		all:     newSlots(cfg.Limits.Concurrent, cfg.Limits.PerMember),
		streams: newSlots(cfg.Limits.Streams, cfg.Limits.StreamsPerMember),
		refused: newRefusals(cfg.Limits.Refused),
	}, nil
}

// Handler returns all that members may ask for. The server of HTTP around it
// bounds headers, their time and idle connections, which a handler cannot; it
// keeps idle ones longer than clients do, so that no question meets a connection
// that is being closed.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+Prefix+"ask", s.window(MaxQuestion, s.ask))
	mux.Handle("POST "+Prefix+"records", s.window(MaxQuestion, s.records))
	mux.Handle("GET "+Prefix+"receipts/{index}", s.window(0, s.receipt))
	mux.Handle("GET "+Prefix+"exchanges", s.window(0, s.exchanges))
	mux.Handle("GET "+Prefix+"log/{path...}", s.window(0, s.logFile))
	mux.Handle("POST "+Prefix+"witness/add-checkpoint", s.window(maxAdd, s.addCheckpoint))
	mux.Handle("GET "+Prefix+"circle/{path...}", s.window(0, s.circleFile))
	mux.Handle("GET "+Prefix+"ping", s.window(0, s.ping))
	if s.cfg.Letters != nil {
		for _, name := range letterNames() {
			mux.Handle("POST "+Prefix+name, s.window(int64(mostOf(name)), s.letter(name)))
		}
		mux.Handle("GET "+Prefix+"copies/{file}", s.window(0, s.copyPiece))
	}
	mux.Handle("/", s.window(0, s.unknown))
	return mux
}
