package federation_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
)

// BenchmarkExchanges measures small exchanges, 50 at a time, over one version of
// HTTP and the other: TLS, one Ed25519 signature each way, the wire and nothing
// behind it. It is what the choice in docs/decisions/0031 rests on.
func BenchmarkExchanges(b *testing.B) {
	for _, http2 := range []bool{false, true} {
		b.Run(fmt.Sprintf("http2=%t", http2), func(b *testing.B) {
			c, req, m := benchNodes(b, http2)
			const together = 50
			took := make([]time.Duration, b.N)
			next := make(chan int)
			var wg sync.WaitGroup
			b.ResetTimer()
			for range together {
				wg.Go(func() {
					for i := range next {
						began := time.Now()
						r, err := c.Ask(context.Background(), m, req())
						if err != nil || r.Gap != nil {
							b.Errorf("%+v %v", r.Gap, err)
						}
						took[i] = time.Since(began)
					}
				})
			}
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
		})
	}
}

// BenchmarkRecords measures a stream of records over one version of HTTP and the
// other.
func BenchmarkRecords(b *testing.B) {
	for _, http2 := range []bool{false, true} {
		b.Run(fmt.Sprintf("http2=%t", http2), func(b *testing.B) {
			_, nodes := found(b, "US", "CA")
			us, ca := nodes["US"], nodes["CA"]
			us.http2, ca.http2 = http2, http2
			const pieces = 400 // 100 MiB
			one := piece(0, federation.MaxChunk)
			ca.desk.records = func(_ context.Context, a federation.Asked, w *federation.RecordsWriter) error {
				if err := w.Begin(ca.head(a), 0); err != nil {
					return err
				}
				for range pieces {
					if _, err := w.Write(one); err != nil {
						return err
					}
				}
				if _, err := w.Root(); err != nil {
					return err
				}
				return w.End(pieces, 1)
			}
			ca.start()
			c := us.client()
			open := make(chan struct{})
			close(open)
			b.SetBytes(pieces * federation.MaxChunk)
			for b.Loop() {
				got, err := c.Records(b.Context(), us.circle.member("CA"), us.forRecords(), &counting{block: open, quiet: true})
				if err != nil || !got.Whole {
					b.Fatalf("%+v %v", got.Gap, err)
				}
			}
		})
	}
}

func benchNodes(b *testing.B, http2 bool) (*federation.Client, func() guichet.Request, guichet.Member) {
	b.Helper()
	_, nodes := found(b, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	us.http2, ca.http2 = http2, http2
	ca.start()
	c := us.client()
	m := us.circle.member("CA")
	for range 3 {
		if r, err := c.Ask(context.Background(), m, us.question("CA")); err != nil || r.Gap != nil {
			b.Fatalf("%+v %v", r.Gap, err)
		}
	}
	return c, func() guichet.Request { return us.question("CA") }, m
}
