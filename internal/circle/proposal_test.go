package circle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/circle"
)

// TestHostileProposals: whatever arrives as a file is refused before anything is
// shown, signed or installed.
func TestHostileProposals(t *testing.T) {
	h := newHouse(t, 3, five()...)
	other := newHouse(t, 2, "AU", "CA")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Why: "more care", Threshold: 4})
	h.must(err)
	p = h.sign(p, "AU", "CA", "GB", "US")
	for what, c := range map[string]struct {
		change func(map[string]any)
		want   guichet.Kind
	}{
		"an unknown field":        {func(m map[string]any) { m["more"] = 1 }, guichet.KindInvalid},
		"a newer format":          {func(m map[string]any) { m["format"] = 2 }, guichet.KindVersion},
		"an unknown kind":         {func(m map[string]any) { m["kind"] = "coup" }, guichet.KindInvalid},
		"a path out of the house": {func(m map[string]any) { m["papers"].(map[string]any)["../../etc/passwd"] = map[string]any{} }, guichet.KindInvalid},
		"an unknown role":         {func(m map[string]any) { m["papers"].(map[string]any)["metadata/2.mirrors.json"] = map[string]any{} }, guichet.KindInvalid},
		"a file of no paper":      {func(m map[string]any) { m["files"].(map[string]any)["targets/../../x"] = "eA==" }, guichet.KindUntrusted},
		"a root of no step": {func(m map[string]any) {
			m["papers"].(map[string]any)["metadata/9.root.json"] = m["papers"].(map[string]any)["metadata/2.root.json"]
		}, guichet.KindUntrusted},
		"another circle":    {func(m map[string]any) { m["circle_id"] = strings.Repeat("ab", 32) }, guichet.KindUntrusted},
		"another name":      {func(m map[string]any) { m["circle"] = "border-six" }, guichet.KindUntrusted},
		"a past version":    {func(m map[string]any) { m["base"] = 0 }, guichet.KindRefused},
		"a version to come": {func(m map[string]any) { m["base"] = 7 }, guichet.KindRefused},
		"another time":      {func(m map[string]any) { m["made"] = "2026-01-01T00:00:00Z" }, guichet.KindInvalid},
		"a longer reason":   {func(m map[string]any) { m["why"] = strings.Repeat("x", 5000) }, guichet.KindHostile},
		"a signature changed": {func(m map[string]any) {
			sigs := m["papers"].(map[string]any)["metadata/2.root.json"].(map[string]any)["signatures"].([]any)
			s := sigs[0].(map[string]any)
			s["sig"] = strings.Repeat("00", 64)
		}, guichet.KindUntrusted},
		"a threshold changed after signing": {func(m map[string]any) {
			s := m["papers"].(map[string]any)["metadata/2.root.json"].(map[string]any)["signed"].(map[string]any)
			s["roles"].(map[string]any)["root"].(map[string]any)["threshold"] = 1
		}, guichet.KindUntrusted},
		"a charter changed after signing": {func(m map[string]any) {
			for path, text := range m["files"].(map[string]any) {
				m["files"].(map[string]any)[path] = "A" + text.(string)[1:]
			}
		}, guichet.KindUntrusted},
		"a null": {func(m map[string]any) { m["papers"].(map[string]any)["metadata/2.root.json"] = nil }, guichet.KindInvalid},
		"an empty paper": {func(m map[string]any) {
			m["papers"].(map[string]any)["metadata/timestamp.json"] = map[string]any{"signed": map[string]any{"_type": "timestamp"}, "signatures": []any{}}
		}, guichet.KindInvalid},
	} {
		text, err := p.Bytes()
		h.must(err)
		var tree map[string]any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		h.must(d.Decode(&tree))
		c.change(tree)
		text, err = guichet.Canonical(tree)
		h.must(err)
		changed, err := circle.ReadProposal(text)
		if err == nil {
			_, err = h.of("NZ").repo.Review(changed)
			if _, signErr := h.of("NZ").repo.Sign(changed, h.of("NZ").key); signErr == nil {
				t.Errorf("%s: it was signed", what)
			}
			if _, pubErr := h.of("NZ").repo.Publish(context.Background(), changed); pubErr == nil {
				t.Errorf("%s: it was published", what)
			}
		}
		kind(t, err, c.want, what)
	}
	_, err = circle.ReadProposal(make([]byte, circle.MaxProposal+1))
	kind(t, err, guichet.KindHostile, "a huge proposal")
	_, err = other.all[0].repo.Publish(context.Background(), p)
	kind(t, err, guichet.KindUntrusted, "a proposal of another circle")
	if s, err := h.of("NZ").repo.State(); err != nil || s.Version != 1 {
		t.Errorf("something was installed: version %d, %v", s.Version, err)
	}
	_, err = h.of("NZ").repo.Sign(p, newKey("a stranger"))
	kind(t, err, guichet.KindRefused, "a stranger's signature")
}

// FuzzProposal: what can be read is written again to the same bytes, and a
// review of it never ends in a panic.
func FuzzProposal(f *testing.F) {
	h := newHouse(f, 2, "AU", "CA")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Renew: []string{"root", "targets"}})
	h.must(err)
	text, err := p.Bytes()
	h.must(err)
	f.Add(text)
	f.Add([]byte(`{"format":1}`))
	f.Add(bytes.ReplaceAll(text, []byte(`"threshold":2`), []byte(`"threshold":0`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := circle.ReadProposal(text)
		if err != nil {
			return
		}
		again, err := p.Bytes()
		if err != nil || !bytes.Equal(again, bytes.TrimSpace(text)) {
			t.Fatalf("another file came out: %v", err)
		}
		if r, err := h.all[0].repo.Review(p); err == nil && r.Ready {
			t.Fatal("a proposal that nobody signed is ready")
		}
	})
}

// BenchmarkRefresh measures how long a node takes to follow a circle of forty
// by one change, from a copy in memory, and to verify all of it from the first
// root.
func BenchmarkRefresh(b *testing.B) {
	h := newHouse(b, 21, codesFor(40)...)
	bundle, err := h.all[0].repo.Bundle()
	h.must(err)
	get, id, err := circle.ReadBundle(bundle)
	h.must(err)
	b.Run("adopt_40", func(b *testing.B) {
		for b.Loop() {
			r := open(b, b.TempDir()+"/c", h.clock)
			h.must(r.Adopt(context.Background(), id, get))
		}
	})
	b.Run("verify_40", func(b *testing.B) {
		for b.Loop() {
			if _, err := circle.FromBundle(bundle, id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unchanged_40", func(b *testing.B) {
		r := open(b, b.TempDir()+"/c", h.clock)
		h.must(r.Adopt(context.Background(), id, get))
		for b.Loop() {
			if _, err := r.Fetch(context.Background(), get); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("state_40", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.all[0].repo.State(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
