package hs_test

import (
	"reflect"
	"slices"
	"testing"

	"guichet/hs"
)

func TestDecodeTable(t *testing.T) {
	got, err := hs.DecodeTable("401512 11* 19\n19 19*x\n630790 90*\n")
	want := []hs.Row{
		{Newer: "401512", Older: "401511", ByDefault: true},
		{Newer: "401512", Older: "401519"},
		{Newer: "401519", Older: "401519", ByDefault: true, Partial: true},
		{Newer: "630790", Older: "630790", ByDefault: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the table is %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{
		"12 11*\n", "401512\n", "401512 11\n", "401512 11* 11\n", "401512 19* 11\n", "401512 11* 19*\n",
		"401519 19*\n401512 11*\n", "401512 11*\n12 19*\n", "40151 11*\n", "401512 x*\n", "401512 11*xx\n", "401512  11*\n", "\n",
	} {
		if _, err := hs.DecodeTable(bad); err == nil {
			t.Errorf("the table %q is taken", bad)
		}
	}
}

func TestDecodeList(t *testing.T) {
	codes, units, err := hs.DecodeList("units\tkg\tu\n6307 10a 20b 90\n6308 00a\n")
	if err != nil || !slices.Equal(codes, []hs.Code{"630710", "630720", "630790", "630800"}) || !slices.Equal(units, []string{"kg", "u", "", "kg"}) {
		t.Errorf("the list is %v in %v, %v", codes, units, err)
	}
	for _, bad := range []string{
		"", "6307 10\n", "units\tkg\n6307\n", "units\tkg\n630 10\n", "units\tkg\n6307 10b\n", "units\tkg\n6307 10A\n",
		"units\tkg\n6307 20 10\n", "units\tkg\n6307 10 10\n", "units\tkg\n6307 1\n", "units\tkg\n6307 1x\n", "units\tkg\n6307 10aa\n",
		"units\tkg\n6308 10\n6307 10\n", "units\tkg\n6307 10 \n", "units\n6307 10a\n",
	} {
		if _, _, err := hs.DecodeList(bad); err == nil {
			t.Errorf("the list %q is taken", bad)
		}
	}
}

func FuzzDecodeTable(f *testing.F) {
	f.Add("401512 11* 19\n19 19*x\n")
	f.Add("010121 21*\n29 29*\n010221 21*x 0103 10\n")
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := hs.DecodeTable(body)
		if err != nil {
			return
		}
		conversions := make(map[hs.Code]int)
		for i, r := range rows {
			if len(r.Newer) != 6 || len(r.Older) != 6 {
				t.Fatalf("row %+v", r)
			}
			if i > 0 && (r.Newer < rows[i-1].Newer || r.Newer == rows[i-1].Newer && r.Older <= rows[i-1].Older) {
				t.Fatalf("row %+v after %+v", r, rows[i-1])
			}
			conversions[r.Newer] += map[bool]int{true: 1}[r.ByDefault]
		}
		for c, n := range conversions {
			if n != 1 {
				t.Fatalf("%s has %d conversions", c, n)
			}
		}
	})
}

func FuzzDecodeList(f *testing.F) {
	f.Add("units\tkg\tu\n6307 10a 20b 90\n6308 00a\n")
	f.Add("units\n0101 10\n")
	f.Fuzz(func(t *testing.T, body string) {
		codes, units, err := hs.DecodeList(body)
		if err != nil {
			return
		}
		if len(units) != len(codes) || !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
			t.Fatalf("codes %v in %v", codes, units)
		}
	})
}

// FuzzUnpack starts from a real file: a header is believed only with its digest.
func FuzzUnpack(f *testing.F) {
	b, err := hs.Packed("HS2007")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, _, err := hs.Unpack(b); err == nil && (s.Table == "" || len(s.Digest) != 64) {
			t.Fatalf("taken with %+v", s)
		}
	})
}
