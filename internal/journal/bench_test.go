package journal_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/internal/journal"
)

// BenchmarkAppend tells adds per second and how long one takes, with 1, 50, 64 and
// 256 at a time.
func BenchmarkAppend(b *testing.B) {
	for _, workers := range []int{1, 50, 64, 256} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			j := open(b, b.TempDir())
			took := make([]time.Duration, b.N)
			var next atomic.Int64
			var all sync.WaitGroup
			b.ResetTimer()
			for range workers {
				all.Go(func() {
					for {
						i := int(next.Add(1)) - 1
						if i >= b.N {
							return
						}
						start := time.Now()
						if _, err := j.Append(context.Background(), answered("US", i)); err != nil {
							b.Error(err)
							return
						}
						took[i] = time.Since(start)
					}
				})
			}
			all.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "adds/s")
			b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50_ms")
			b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99_ms")
		})
	}
}

// BenchmarkRead tells what a receipt, its verification, a search and a check of
// the whole cost in a log of 105,000 leaves.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	const leaves = 105_000
	j := open(b, b.TempDir())
	fill(b, j, "US", 0, leaves)
	text := receipt(b, j, leaves-1)
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			report, err := j.Check(ctx, trusted())
			if err != nil || len(codes(report.Findings)) > 0 {
				b.Fatal(report, err)
			}
		}
	})
	b.Run("receipt", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := j.Receipt(ctx, int64(i*7919%leaves)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		keys := trusted()
		for b.Loop() {
			if _, err := journal.VerifyReceipt(text, keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("search", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if found, err := j.Exchange(ctx, exchangeID(i*7919%leaves)); err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
		}
	})
}
