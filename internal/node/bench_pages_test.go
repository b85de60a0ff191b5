//go:build bench

package node_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/hs"
	"guichet/internal/node"
)

// How pages are measured: so many a second, for so long, and one in so many puts a
// question that nobody has asked before.
const (
	pagesPerSecond = 50
	pagesFor       = 20 * time.Second
	pagesColdEach  = 50
)

// TestBenchPages measures pages of one member while another, in a process of its own on
// the same cores, answers from all rows. A page's time runs from when it was due, not from
// when it could be sent: one that waits for others has waited.
func TestBenchPages(t *testing.T) {
	seats := benchCircle(t, func(_, listen string) string { return listen }, "CA", "US")
	seats[1].benchFigures(t, benchRows())
	seats[1].serve(t)
	b := newBrowser(t, servePagesOf(t, seats[0]), "officer")
	const question = "?flow=imports&member=US&from=2024-01&to=2024-12&by=period&by=partner&purpose=official-statistics&office=statistics&product="
	list := hs.Codes(hs.HS2022, 6)
	rng := rand.New(rand.NewPCG(5, 6))
	asked, page := b.asked("/en/question" + question + string(list[7]))
	if !strings.Contains(page, "1 of 1") && !strings.Contains(page, "The member asked answered") {
		t.Fatalf("no answer:\n%s", page)
	}
	compared, page := b.put("/en/compare/question?exporter=CA&importer=US&from=2024-01&to=2024-12&purpose=official-statistics&office=statistics&product=" + string(list[7]))
	if !strings.Contains(page, `id="sides"`) {
		t.Fatalf("no comparison:\n%s", page)
	}
	paths := []string{
		"/en/", "/en/ask", "/fr/ask?find=1&goods=masques+chirurgicaux", "/en/question" + question + string(list[7]), "/en/asked",
		asked, "/fr" + strings.TrimPrefix(asked, "/en"), asked + "/figures/csv", compared, asked + "/estimated", "/en/codes/630790", "/fr/compare",
	}
	for _, p := range paths { // what is made once is made: the index of a search
		if status, _ := b.get(p); status != http.StatusOK {
			t.Fatalf("%s: %d", p, status)
		}
	}
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.http.Transport = &http.Transport{MaxIdleConnsPerHost: 200}
	form := regexp.MustCompile(`name="once" value="([^"]*)"`)
	var mu sync.Mutex
	ms, busy := map[string][]float64{}, 0
	one := func(name, method, path string, body url.Values, due time.Time) string {
		r, err := http.NewRequestWithContext(context.Background(), method, b.at+path, strings.NewReader(body.Encode()))
		if err != nil {
			t.Error(err)
			return ""
		}
		if body != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := b.http.Do(r)
		if err != nil {
			t.Error(err)
			return ""
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode >= http.StatusBadRequest && resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %v", path, resp.StatusCode, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if resp.StatusCode == http.StatusServiceUnavailable {
			busy++
		}
		ms[name] = append(ms[name], float64(time.Since(due).Microseconds())/1000)
		return string(text)
	}
	var wg sync.WaitGroup
	began := time.Now()
	cold := 0
	for i := 0; time.Since(began) < pagesFor; i++ {
		due := began.Add(time.Duration(i) * time.Second / pagesPerSecond)
		time.Sleep(time.Until(due))
		if i%pagesColdEach == 0 { // two pages: the question, and its putting
			cold++
			q := question[1:] + string(list[rng.IntN(len(list))])
			wg.Go(func() {
				m := form.FindStringSubmatch(one("question", http.MethodGet, "/en/question?"+q, nil, due))
				if m != nil {
					one("cold", http.MethodPost, "/en/question", url.Values{"csrf": {tryToken}, "query": {q}, "once": {m[1]}}, time.Now())
				}
			})
			continue
		}
		path := paths[rng.IntN(len(paths))]
		wg.Go(func() { one(path, http.MethodGet, path, nil, due) })
	}
	wg.Wait()
	took := time.Since(began).Seconds()
	var all []float64
	for name, x := range ms {
		all = append(all, x...)
		slices.Sort(x)
		t.Logf("%6.1f ms p50, %6.1f p99, %4d of %s", at(x, 0.5), at(x, 0.99), len(x), name)
	}
	slices.Sort(all)
	if busy > 0 {
		t.Errorf("%d pages were sent away as too many", busy)
	}
	fmt.Printf("page_p50_ms: %.1f\npage_p99_ms: %.1f\npage_per_s: %.0f\npage_cold: %d\n", at(all, 0.5), at(all, 0.99), float64(len(all))/took, cold)
	fmt.Printf("first_load_kb: %.1f\n", float64(firstLoad(t, b))/1000)
}

// firstLoad is how many bytes a browser fetches that has nothing of ours: the start page,
// its style and script, as they are sent.
func firstLoad(t *testing.T, b *browser) int {
	t.Helper()
	start := b.fetch("/en/")
	n := len(start.body)
	for _, m := range regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(start.body, -1) {
		r := given(http.NewRequestWithContext(t.Context(), http.MethodGet, b.at+m[1], nil))(t)
		r.Header.Set("Accept-Encoding", "gzip")
		n += len(b.do(r).body)
	}
	return n
}

// servePagesOf serves a member's node with its pages, in this process.
func servePagesOf(t *testing.T, s *benchSeat) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	cfg := s.cfg
	cfg.Child = []string{tool(t, "BENCH_GUICHET"), "stage-child"}
	go func() {
		done <- node.Serve(ctx, cfg, node.ServeRequest{
			Listen: map[string]string{"": s.listen}, Pages: node.PagesRequest{Listen: ":0"}.WithDoor(tryDoor{}),
			Ready: func(at []node.Listening) { ready <- at[0].Pages },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s ended: %v", s.code, err)
		}
	})
	select {
	case at := <-ready:
		return at
	case err := <-done:
		done <- nil
		t.Fatalf("%s does not serve: %v", s.code, err)
	}
	return ""
}
