package circle_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
	"guichet/internal/circle"
)

// rogue serves a copy of a circle in which some files are others.
type rogue struct {
	h     *house
	from  circle.Get
	files map[string][]byte // nil content: not there
	asked int
}

func (h *house) rogue() *rogue {
	return &rogue{h: h, from: from(h.all[0].repo), files: map[string][]byte{}}
}

func (r *rogue) get(ctx context.Context, path string) ([]byte, error) {
	r.asked++
	if text, ok := r.files[path]; ok {
		if text == nil {
			return nil, fs.ErrNotExist
		}
		return text, nil
	}
	return r.from(ctx, path)
}

// serve puts the papers and files of a proposal before the copy, however few
// have signed it.
func (r *rogue) serve(p *circle.Proposal) {
	for path, raw := range p.Papers {
		r.files[path] = raw
	}
	maps.Copy(r.files, p.Files)
}

// forge changes a paper, signs it with the keys given, and lets two members sign
// the snapshot and timestamp that name it: what two hostile members can do.
func (r *rogue) forge(path, role string, keys []ed25519.PrivateKey, mutate func(signed map[string]any)) {
	r.h.tb.Helper()
	text, err := r.get(context.Background(), path)
	r.h.must(err)
	raw, digest := r.edit(text, keys, mutate)
	r.files[path] = raw
	two := []ed25519.PrivateKey{r.h.all[0].key, r.h.all[1].key}
	timestamp, err := r.get(context.Background(), "metadata/timestamp.json")
	r.h.must(err)
	var ts struct{ Signed struct{ Version int64 } }
	r.h.must(json.Unmarshal(timestamp, &ts))
	old := "metadata/" + itoa(ts.Signed.Version) + ".snapshot.json"
	snapshot, err := r.get(context.Background(), old)
	r.h.must(err)
	raw, digest = r.edit(snapshot, two, func(signed map[string]any) {
		signed["version"] = ts.Signed.Version + 1
		entry := signed["meta"].(map[string]any)[role+".json"].(map[string]any)
		entry["signed"] = digest
	})
	r.files["metadata/"+itoa(ts.Signed.Version+1)+".snapshot.json"] = raw
	r.files["metadata/timestamp.json"], _ = r.edit(timestamp, two, func(signed map[string]any) {
		signed["version"] = ts.Signed.Version + 1
		entry := signed["meta"].(map[string]any)["snapshot.json"].(map[string]any)
		entry["signed"], entry["version"] = digest, ts.Signed.Version+1
	})
}

// reader is another machine that has the first's copy.
func (h *house) reader(t *testing.T) *circle.Repository {
	t.Helper()
	r := open(t, filepath.Join(t.TempDir(), "reader"), h.clock)
	s, err := h.all[0].repo.State()
	h.must(err)
	h.must(r.Adopt(context.Background(), s.ID, from(h.all[0].repo)))
	return r
}

// TestANameTwice: the library keeps what the first of two lists said, and follows
// a null in it.
func TestANameTwice(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	r := h.rogue()
	text, err := r.get(context.Background(), "metadata/1.targets.json")
	h.must(err)
	r.files["metadata/1.targets.json"] = []byte(strings.Replace(string(text), `"targets":`, `"targets":{"x":null},"targets":`, 1))
	fresh := open(t, filepath.Join(t.TempDir(), "new"), h.clock)
	s, err := h.all[0].repo.State()
	h.must(err)
	kind(t, fresh.Adopt(context.Background(), s.ID, r.get), guichet.KindInvalid, "a name that stands twice")
}

func itoa(n int64) string { text, _ := json.Marshal(n); return string(text) }

// edit changes the signed part of a paper and signs it.
func (r *rogue) edit(text []byte, keys []ed25519.PrivateKey, mutate func(map[string]any)) (raw []byte, digest string) {
	r.h.tb.Helper()
	var p map[string]any
	r.h.must(json.Unmarshal(text, &p))
	signed := p["signed"].(map[string]any)
	mutate(signed)
	payload, err := cjson.EncodeCanonical(signed)
	r.h.must(err)
	sum := sha256.Sum256(payload)
	sigs := []any{}
	for _, k := range keys {
		key, err := metadata.KeyFromPublicKey(public(k))
		r.h.must(err)
		id, err := key.ID()
		r.h.must(err)
		sigs = append(sigs, map[string]any{"keyid": id, "sig": hex.EncodeToString(ed25519.Sign(k, payload))})
	}
	if len(sigs) == 2 && sigs[0].(map[string]any)["keyid"].(string) > sigs[1].(map[string]any)["keyid"].(string) {
		sigs[0], sigs[1] = sigs[1], sigs[0]
	}
	p["signatures"] = sigs
	raw, err = guichet.Canonical(p)
	r.h.must(err)
	return raw, hex.EncodeToString(sum[:])
}

func TestTwoOfFiveAreNoRoot(t *testing.T) {
	h := newHouse(t, 3, five()...)
	p, err := h.all[0].repo.Propose(circle.Change{By: "AU", Threshold: 4})
	h.must(err)
	r := h.rogue()
	r.serve(h.sign(p, "AU", "CA"))
	_, err = h.of("NZ").repo.Fetch(context.Background(), r.get)
	kind(t, err, guichet.KindUntrusted, "a root signed by two of five")
	s, err := h.of("NZ").repo.State()
	h.must(err)
	if s.Version != 1 || s.Threshold != 3 {
		t.Errorf("NZ has version %d, threshold %d", s.Version, s.Threshold)
	}
}

// TestOnePartyOfTwo: the agreement is told and not used; another one is.
func TestOnePartyOfTwo(t *testing.T) {
	h := newHouse(t, 3, five()...)
	good, bad := agreement("good", "CA", "US"), agreement("bad", "CA", "US")
	h.change(circle.Change{By: "CA", Agreement: &good}, "CA", "US", "GB")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Agreement: &bad})
	h.must(err)
	r := h.rogue()
	r.serve(h.sign(p, "CA", "GB", "AU"))
	_, err = h.of("NZ").repo.Fetch(context.Background(), r.get)
	h.must(err)
	s, err := h.of("NZ").repo.State()
	h.must(err)
	if len(s.Agreements) != 1 || s.Agreements[0].ID != "good" || len(s.Faults) != 1 || s.Faults[0].Paper != "agreement-bad" || s.Faults[0].Text.FR == "" {
		t.Errorf("agreements %d, faults %+v", len(s.Agreements), s.Faults)
	}
	rep, err := h.of("NZ").repo.Verify()
	h.must(err)
	for _, p := range rep.Papers {
		if p.Name == "agreement-bad" && (p.State != "not_used" || len(p.Signed) != 1 || p.Need != 2) {
			t.Errorf("the report says of it: %+v", p)
		}
	}
}

func TestRollbackAndFreeze(t *testing.T) {
	h := newHouse(t, 3, five()...)
	old, err := h.all[0].repo.Bundle()
	h.must(err)
	h.change(circle.Change{By: "AU", Lists: map[string][]byte{"codes/a.json": []byte("1")}}, "AU", "CA", "GB")
	get, id, err := circle.ReadBundle(old)
	h.must(err)
	_, err = h.of("NZ").repo.Fetch(context.Background(), get)
	kind(t, err, guichet.KindUntrusted, "an older circle")
	if err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("the refusal does not name the versions: %v", err)
	}
	// Freeze: the same old state, for ever, to a member that knows no other.
	fresh := open(t, filepath.Join(t.TempDir(), "new"), h.clock)
	h.must(fresh.Adopt(context.Background(), id, get))
	h.clock.Move(50 * oneDay)
	_, err = fresh.Fetch(context.Background(), get)
	if _, stateErr := fresh.State(); err != nil {
		kind(t, err, guichet.KindRefused, "a frozen circle, fetched")
		kind(t, stateErr, guichet.KindRefused, "a frozen circle")
	} else {
		kind(t, stateErr, guichet.KindRefused, "a frozen circle")
	}
	other := open(t, filepath.Join(t.TempDir(), "late"), h.clock)
	kind(t, other.Adopt(context.Background(), id, get), guichet.KindRefused, "an expired circle, adopted")
	if other.Exists() {
		t.Error("a refused circle was installed")
	}
}

func TestMixAndMatch(t *testing.T) {
	h := newHouse(t, 3, five()...)
	nz := h.of("NZ").paper
	nz.Endpoints = []string{"one.example:1"}
	one, err := h.all[0].repo.Propose(circle.Change{By: "NZ", Paper: &nz})
	h.must(err)
	nz.Endpoints = []string{"two.example:2"}
	two, err := h.all[0].repo.Propose(circle.Change{By: "NZ", Paper: &nz})
	h.must(err)
	one, two = h.sign(one, "NZ", "AU"), h.sign(two, "NZ", "AU")
	old := h.rogue()
	snapshot, err := old.get(context.Background(), "metadata/1.snapshot.json")
	h.must(err)
	_, err = h.all[0].repo.Publish(context.Background(), one)
	h.must(err)

	r := h.rogue() // the new timestamp, the old snapshot
	r.files["metadata/2.snapshot.json"] = snapshot
	_, err = h.of("GB").repo.Fetch(context.Background(), r.get)
	kind(t, err, guichet.KindUntrusted, "an old snapshot under a new timestamp")

	r = h.rogue() // the other paper of the same version, by the same member
	r.files["metadata/2.member-NZ.json"] = two.Papers["metadata/2.member-NZ.json"]
	maps.Copy(r.files, two.Files)
	_, err = h.of("GB").repo.Fetch(context.Background(), r.get)
	h.must(err)
	s, err := h.of("GB").repo.State()
	h.must(err)
	if _, ok := s.Member("NZ"); ok || len(s.Faults) != 1 || len(s.Members) != 4 {
		t.Errorf("the other paper of NZ is taken: %d members, faults %v", len(s.Members), s.Faults)
	}

	r = h.rogue() // a fork: two states of one version
	r.serve(two)
	_, err = h.of("CA").repo.Fetch(context.Background(), from(h.all[0].repo))
	h.must(err)
	_, err = h.of("CA").repo.Fetch(context.Background(), r.get)
	kind(t, err, guichet.KindUntrusted, "two states of one version")
}

// TestTamperedTargets: on the way, and on our own disk.
func TestTamperedTargets(t *testing.T) {
	h := newHouse(t, 3, five()...)
	for _, id := range []string{"one", "two"} {
		a := agreement(id, "CA", "US")
		p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Agreement: &a})
		h.must(err)
		_, err = h.all[0].repo.Publish(context.Background(), h.sign(p, "CA", "US", "GB"))
		h.must(err)
		if id == "one" {
			h.follow()
		}
	}
	spoil := func(path string, text []byte) []byte {
		if strings.Contains(path, ".two.json") {
			return append(text[:len(text)-1:len(text)-1], ' ')
		}
		return text
	}
	_, err := h.of("NZ").repo.Fetch(context.Background(), func(_ context.Context, path string) ([]byte, error) {
		text, err := h.all[0].repo.File(path)
		return spoil(path, text), err
	})
	h.must(err)
	s, err := h.of("NZ").repo.State()
	h.must(err)
	if len(s.Agreements) != 1 || s.Agreements[0].ID != "one" || len(s.Faults) != 1 {
		t.Errorf("agreements %d, faults %v", len(s.Agreements), s.Faults)
	}

	gb := h.of("GB")
	_, err = gb.repo.Fetch(context.Background(), from(h.all[0].repo))
	h.must(err)
	spoilDisk(t, gb.dir, ".two.json")
	h.clock.Move(time.Minute)
	s, err = gb.repo.State()
	h.must(err)
	if len(s.Agreements) != 1 || len(s.Faults) != 1 {
		t.Errorf("on disk: agreements %d, faults %v", len(s.Agreements), s.Faults)
	}
	spoilDisk(t, gb.dir, ".circle.json")
	h.clock.Move(time.Minute)
	_, err = gb.repo.State()
	kind(t, err, guichet.KindUntrusted, "a charter changed on disk")
	rep, err := gb.repo.Verify()
	h.must(err)
	if rep.Fatal == "" {
		t.Error("the report finds nothing")
	}
}

func spoilDisk(t *testing.T, dir, suffix string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join(dir, "states"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		found = true
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text[len(text)/2] ^= 1
		return os.WriteFile(path, text, 0o600)
	})
	if err != nil || !found {
		t.Fatalf("spoil %s: found %v, %v", suffix, found, err)
	}
}

// TestTwoHostileMembers holds snapshot and timestamp, and one of them its own
// delegation: it can spoil its own paper and nobody else's.
func TestTwoHostileMembers(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA", "US")
	for what, mutate := range map[string]func(map[string]any){
		"a path out of the folder": func(s map[string]any) {
			t := s["targets"].(map[string]any)
			t["../../../etc/cron.d/x"] = t["members/AU.json"]
		},
		"somebody else's paper": func(s map[string]any) {
			t := s["targets"].(map[string]any)
			t["members/CA.json"] = t["members/AU.json"]
		},
		"a charter of its own": func(s map[string]any) {
			t := s["targets"].(map[string]any)
			t["circle.json"] = t["members/AU.json"]
		},
		"a null":           func(s map[string]any) { s["targets"].(map[string]any)["members/AU.json"] = nil },
		"an unknown field": func(s map[string]any) { s["x-more"] = "y" },
		"two digests": func(s map[string]any) {
			h := s["targets"].(map[string]any)["members/AU.json"].(map[string]any)["hashes"].(map[string]any)
			h["sha512"] = strings.Repeat("00", 64)
		},
		"delegations of its own": func(s map[string]any) {
			s["delegations"] = map[string]any{"keys": map[string]any{}, "roles": []any{}}
		},
		"a negative length": func(s map[string]any) {
			s["targets"].(map[string]any)["members/AU.json"].(map[string]any)["length"] = -1
		},
		"no files": func(s map[string]any) { s["targets"] = map[string]any{} },
	} {
		t.Run(what, func(t *testing.T) {
			r := h.rogue()
			r.forge("metadata/1.member-AU.json", "member-AU", []ed25519.PrivateKey{h.of("AU").key}, mutate)
			us := h.reader(t)
			_, err := us.Fetch(context.Background(), r.get)
			h.must(err)
			s, err := us.State()
			h.must(err)
			if _, ok := s.Member("AU"); ok || len(s.Members) != 2 || len(s.Faults) == 0 {
				t.Errorf("%d members, faults %v", len(s.Members), s.Faults)
			}
			if _, err := os.Stat("/etc/cron.d/x"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a file was written outside")
			}
		})
	}
}

// TestHostileTop: what a threshold of hostile members signs is still held
// against the charter.
func TestHostileTop(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA", "US")
	for what, mutate := range map[string]func(map[string]any){
		"a delegation for everything": func(s map[string]any) {
			d := s["delegations"].(map[string]any)["roles"].([]any)[0].(map[string]any)
			d["paths"] = []any{"*/*"}
		},
		"a member's delegation taken over": func(s map[string]any) {
			roles := s["delegations"].(map[string]any)["roles"].([]any)
			roles[0].(map[string]any)["keyids"] = roles[1].(map[string]any)["keyids"]
		},
		"a delegation of no member": func(s map[string]any) {
			roles := s["delegations"].(map[string]any)["roles"].([]any)
			roles[0].(map[string]any)["name"] = "../../x"
		},
		"a short key": func(s map[string]any) {
			for _, k := range s["delegations"].(map[string]any)["keys"].(map[string]any) {
				k.(map[string]any)["keyval"].(map[string]any)["public"] = "00ff"
				return
			}
		},
		"a path": func(s map[string]any) {
			t := s["targets"].(map[string]any)
			t["codes/../../x"] = t["circle.json"]
		},
		"no delegations": func(s map[string]any) { delete(s, "delegations") },
		"a file too large": func(s map[string]any) {
			s["targets"].(map[string]any)["circle.json"].(map[string]any)["length"] = 1 << 40
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := h.rogue()
			r.forge("metadata/1.targets.json", "targets", []ed25519.PrivateKey{h.of("AU").key, h.of("CA").key}, mutate)
			us := h.reader(t)
			_, err := us.Fetch(context.Background(), r.get)
			if k := guichet.KindOf(err); k != guichet.KindUntrusted && k != guichet.KindInvalid && k != guichet.KindHostile {
				t.Errorf("got %q: %v", k, err)
			}
			if s, err := us.State(); err != nil || s.Version != 1 {
				t.Errorf("the state before is gone: version %d, %v", s.Version, err)
			}
		})
	}
}
