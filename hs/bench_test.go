package hs_test

import (
	"testing"
	"time"

	"guichet/hs"
)

// The rules ask 200,000 keys a second; each of these must stay far below the
// five microseconds that leaves.

func BenchmarkKnown(b *testing.B) {
	codes := hs.Codes(hs.HS2022, 6)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if !hs.Known(hs.HS2022, codes[n]) {
			b.Fatal("unknown")
		}
		n = (n + 1) % len(codes)
	}
}

func BenchmarkCorrespond(b *testing.B) {
	codes := hs.Codes(hs.HS2022, 6)
	hs.Correspond(hs.HS2022, "630790", hs.HS2017)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		hs.Correspond(hs.HS2022, codes[n], hs.HS2017)
		n = (n + 1) % len(codes)
	}
}

func BenchmarkRelations(b *testing.B) {
	codes := hs.Codes(hs.HS2017, 6)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		hs.Relations(hs.HS2017, codes[n], hs.HS2022)
		n = (n + 1) % len(codes)
	}
}

func BenchmarkInForce(b *testing.B) {
	on := time.Date(2022, 1, 10, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		hs.InForce("US", "exports", "us-schedule-b", on)
	}
}

func BenchmarkParseCode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hs.ParseCode("6307.90"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hs.Load(asItIs); err != nil {
			b.Fatal(err)
		}
	}
}
