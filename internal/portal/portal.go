package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"time"

	"guichet"
	"guichet/trade"
)

// Config is what the pages need of the house.
type Config struct {
	Member  string // whose node it is: "CA"
	Version string // of the program
	Seats   []Seat // in circles; the first is the one meant where none is named
	Goods   Goods
	// Datasets describe what may be asked of, the one of a question that names none
	// first; none: trade alone.
	Datasets []*guichet.Dataset
	Purposes []Purpose // that a question may have
	// Newest is the first day of the last month of which we hold figures of a dataset;
	// false where we hold none. nil: nobody knows.
	Newest func(ctx context.Context, dataset string) (time.Time, bool)
	Kept   string // folder of what was asked; it must be there and the owner's alone
	Door   Door   // nil: nobody can sign in
	Audit  Audit
	Public Public
	// FormAction are origins beside our own that a form may lead to: a provider's, for
	// signing out there. They may become known later; nil: none.
	FormAction func() []string
	// Automated are purposes for which no person asks; papers name them.
	Automated []Purpose
	// Demonstration: nobody checks who comes in. Every page says so.
	Demonstration bool
	Tries         []Try  // what a demonstration has made ready, for its start page
	Keeper        Keeper // looks at how the node does; nil: nobody
	// Parquet writes rows for other programs.
	Parquet func(ctx context.Context, columns []guichet.Column, rows []guichet.Row, w io.Writer) error
	Steward *Stewardship // nil: no file is taken in by pages
	Clock   guichet.Clock
	Log     *slog.Logger // nil: discarded
	Rand    io.Reader    // nil: the machine's
	// Hosts are the names that pages are served under; none: any. A browser that was
	// led to us by another name is sent away.
	Hosts []string
	// Secure: the browser speaks TLS with us, or with a proxy before us.
	Secure bool
	// BehindProxy: nobody reaches us but by a proxy that says for whom it asks.
	BehindProxy bool
}

// Seat is our seat in one circle.
type Seat interface {
	Circle() guichet.Circle
	// Ask puts a question to members; each is told what came of one, as it comes.
	Ask(ctx context.Context, q Asking, each func(MemberResult)) (Answer, error)
	// Mirror asks two members for their sides of one flow, and compares them.
	Mirror(ctx context.Context, q Comparing, each func(MemberResult)) (Answer, error)
	// Receipt fetches what proves an exchange, and verifies it: an error of kind
	// untrusted where it proves nothing.
	Receipt(ctx context.Context, exchange string) (Receipt, error)
}

// Goods knows what goods are called.
type Goods interface {
	// Search finds codes and groups by words or by the beginning of a code, nearest first.
	Search(query string, limit int) ([]Found, error)
	// Label names a code of the HS.
	Label(edition int, code, lang string) string
	// Line names a line of a national list, where its wording is held.
	Line(edition int, list, code, lang string) (string, bool)
	// Held says which official wordings the home holds.
	Held() ([]HeldLabels, error)
}

// HeldLabels is how many official labels of an edition of the HS, or of a national list
// that refines it, are held in each language.
type HeldLabels struct {
	Edition int
	List    string // "" the HS itself
	EN, FR  int
}

// Purpose is a word by which an asker says what an answer is for.
type Purpose struct {
	Word string
	Use  string
	Text guichet.Text
}

// Portal serves the pages.
type Portal struct {
	cfg     Config
	assets  *assets
	words   map[string]phrases // by language
	looks   *looks
	shelf   *shelf
	askings *askings
	rounds  *rounds
	intakes *intakes            // nil where no file is taken in
	papers  *drawer[draftPaper] // agreements that are being written; as intakes
	signing signing
	guard   *http.CrossOriginProtection
	checks  *checks
	open    *openPages
}

// New makes the pages ready. Close must be called.
func New(cfg Config) (*Portal, error) {
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if len(cfg.Datasets) == 0 {
		cfg.Datasets = []*guichet.Dataset{trade.Dataset()}
	}
	p := &Portal{cfg: cfg, words: map[string]phrases{}, guard: http.NewCrossOriginProtection()}
	if p.cfg.Door == nil {
		p.cfg.Door = shut{p.plainly}
	}
	var err error
	for _, lang := range languages() {
		if p.words[lang], err = phrasesIn(lang); err != nil {
			return nil, err
		}
	}
	if p.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if p.looks, err = loadLooks(p.words, p.assets); err != nil {
		return nil, err
	}
	if p.shelf, err = openShelf(cfg.Kept, cfg.Clock); err != nil {
		return nil, err
	}
	p.askings = newAskings(cfg.Clock, cfg.Log, p.shelf)
	p.checks, p.open = newChecks(cfg.Clock, cfg.Log, cfg.Kept), newOpenPages()
	p.rounds = newRounds(cfg.Clock, cfg.Log, cfg.Keeper)
	if cfg.Steward != nil {
		if p.intakes, err = openIntakes(cfg.Steward, cfg.Clock, cfg.Log); err != nil {
			return nil, err
		}
		if p.papers, err = openDrawer[draftPaper](cfg.Steward.Drafts); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Close ends what is being asked, and waits for it.
func (p *Portal) Close() error {
	p.askings.close()
	p.checks.close()
	p.rounds.close()
	if p.intakes != nil {
		p.intakes.close()
	}
	return nil
}

// Server returns a server of the pages with bounds on time and size; the caller
// gives it a listener.
func (p *Portal) Server() *http.Server {
	return &http.Server{
		Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.cfg.Log.Handler(), slog.LevelDebug),
	}
}

// Handler serves all pages.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /assets/{file}", p.assets)
	mux.HandleFunc("GET /{$}", p.choose)
	open := http.NewServeMux() // before the door
	for _, route := range p.routes() {
		for _, lang := range languages() {
			if route.open() {
				open.Handle(route.method+" /"+lang+route.path, p.serveOpen(lang, route))
				continue
			}
			mux.Handle(route.method+" /"+lang+route.path, p.serve(lang, route))
		}
	}
	mux.HandleFunc("/", p.nothing)
	open.Handle("/", p.cfg.Door.Handler(mux))
	if p.cfg.BehindProxy {
		return behindProxy(p.safe(open))
	}
	return p.safe(open)
}

// choose leads who names no language to the one of their browser.
func (p *Portal) choose(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Language")
	http.Redirect(w, r, "/"+preferred(r.Header.Get("Accept-Language"))+"/", http.StatusSeeOther)
}

// seat returns the seat in a circle; the first for "".
func (p *Portal) seat(circle string) (Seat, error) {
	for _, s := range p.cfg.Seats {
		if circle == "" || s.Circle().Name == circle {
			return s, nil
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no circle %q here", circle)
}
