package trade

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"guichet/hs"
)

//go:embed groups/*.json
var groupFiles embed.FS

// treeFile holds the groups; every other file in the folder holds goods.
const treeFile = "groups/tree.json"

// catalogue decodes the embedded files at first use. They are part of the
// binary and a test decodes them, so a fault here is a broken build: it panics.
//
//nolint:gochecknoglobals // decoded once, never changed
var catalogue = sync.OnceValue(func() *catalog {
	c, err := decodeGroups(groupFiles)
	if err != nil {
		panic("trade: embedded product groups: " + err.Error())
	}
	return c
})

// catalog is the decoded form of the files.
type catalog struct {
	groups  []Group
	byPath  map[string]int
	byCode  map[goods]Item
	version string
}

// goods is a code in its edition; the same digits are other goods in another edition.
type goods struct {
	edition hs.Edition
	code    hs.Code
}

// groupJSON is a group in tree.json; parents stand before children:
//
//	{"path": "covid19/protective/masks", "tier": "critical",
//	 "name": {...}, "reason": {...}, "tier_reason": {...}}
type groupJSON struct {
	Path       string `json:"path"`
	Tier       Tier   `json:"tier"`
	Name       Text   `json:"name"`
	Reason     Text   `json:"reason"`
	TierReason Text   `json:"tier_reason"`
}

// goodJSON is a code in one or more editions where the same words hold:
//
//	{"code": "630790", "editions": [2007, 2012, 2017, 2022],
//	 "leaf": "covid19/protective/masks", "section": "II", "also_sections": ["VI"],
//	 "also": ["covid19/medical/consumables"],
//	 "label": {...}, "reason": {...},
//	 "via": {"2007": {"from": ["630790"], "relation": "wider", "loss": {...}}}}
//
// An edition other than 2017 without "via" is the same code with the same goods.
type goodJSON struct {
	Code         hs.Code            `json:"code"`
	Editions     []int              `json:"editions"`
	Leaf         string             `json:"leaf"`
	Section      string             `json:"section"`
	AlsoSections []string           `json:"also_sections"`
	Partial      bool               `json:"partial"`
	Also         []string           `json:"also"`
	Label        Text               `json:"label"`
	Reason       Text               `json:"reason"`
	Via          map[string]viaJSON `json:"via"`
}

type viaJSON struct {
	From     []hs.Code `json:"from"`
	Relation Relation  `json:"relation"`
	Loss     Text      `json:"loss"`
}

// decodeGroups reads the files and reports all their faults together. It does
// not check that a code is in its edition, nor the relations: tests do, since
// that needs the nomenclature and the tables.
func decodeGroups(files fs.FS) (*catalog, error) {
	names, err := fs.Glob(files, "groups/*.json")
	if err != nil {
		return nil, fmt.Errorf("list group files: %w", err)
	}
	c := &catalog{byPath: map[string]int{}, byCode: map[goods]Item{}}
	var tree struct {
		Groups []groupJSON `json:"groups"`
	}
	all := []goodJSON{}
	digest := sha256.New()
	for _, name := range names { // Glob sorts, so the digest does not wander
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read group file: %w", err)
		}
		_, _ = fmt.Fprintf(digest, "%s %d\n", name, len(raw)) // a hash never fails to write
		_, _ = digest.Write(raw)
		if name == treeFile {
			err = decodeStrictly(raw, &tree)
		} else {
			var part struct {
				Goods []goodJSON `json:"goods"`
			}
			err = decodeStrictly(raw, &part)
			all = append(all, part.Goods...)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	c.version = "groups-" + hex.EncodeToString(digest.Sum(nil))[:12]
	var faults []error
	for _, g := range tree.Groups {
		faults = append(faults, c.addGroup(g))
	}
	for _, g := range all {
		faults = append(faults, c.addGood(g))
	}
	for i := range c.groups {
		slices.SortFunc(c.groups[i].Items, func(a, b Item) int {
			return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Code, b.Code))
		})
	}
	return c, errors.Join(faults...)
}

func decodeStrictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode groups: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode groups: something follows the end")
	}
	return nil
}

func (c *catalog) addGroup(g groupJSON) error {
	if _, twice := c.byPath[g.Path]; twice || g.Path == "" {
		return fmt.Errorf("group %q: no path, or twice", g.Path)
	}
	if !g.Tier.Known() {
		return fmt.Errorf("group %s: tier %q", g.Path, g.Tier)
	}
	if !full(g.Name) || !full(g.Reason) || !full(g.TierReason) {
		return fmt.Errorf("group %s: a text is missing", g.Path)
	}
	if cut := strings.LastIndexByte(g.Path, '/'); cut >= 0 {
		at, ok := c.byPath[g.Path[:cut]]
		if !ok {
			return fmt.Errorf("group %s: its parent does not stand before it", g.Path)
		}
		parent := &c.groups[at]
		if g.Tier.Rank() > parent.Tier.Rank() {
			return fmt.Errorf("group %s: tier %s above its parent's %s", g.Path, g.Tier, parent.Tier)
		}
		parent.Children = append(parent.Children, g.Path)
	}
	c.byPath[g.Path] = len(c.groups)
	c.groups = append(c.groups, Group{
		Path: g.Path, Name: g.Name, Reason: g.Reason, Tier: g.Tier, TierReason: g.TierReason,
	})
	return nil
}

func (c *catalog) addGood(g goodJSON) error {
	if heading := len(g.Code) == 4; len(g.Code) != 6 && (!heading || !g.Partial) {
		return fmt.Errorf("code %q: neither six digits nor a heading that is not counted", g.Code)
	}
	if !full(g.Label) || !full(g.Reason) || g.Section == "" || len(g.Editions) == 0 {
		return fmt.Errorf("code %s: label, reason, section or editions missing", g.Code)
	}
	for _, leaf := range append([]string{g.Leaf}, g.Also...) {
		at, ok := c.byPath[leaf]
		if !ok || len(c.groups[at].Children) > 0 {
			return fmt.Errorf("code %s: %q is no leaf", g.Code, leaf)
		}
	}
	if slices.Contains(g.Also, g.Leaf) {
		return fmt.Errorf("code %s: also in its own leaf", g.Code)
	}
	for year := range g.Via {
		n, err := strconv.Atoi(year)
		if err != nil || !slices.Contains(g.Editions, n) {
			return fmt.Errorf("code %s: via for %q, an edition it is not in", g.Code, year)
		}
	}
	at := c.byPath[g.Leaf]
	for _, year := range g.Editions {
		it, err := g.item(year)
		if err != nil {
			return err
		}
		key := goods{it.Edition, it.Code}
		if other, twice := c.byCode[key]; twice {
			return fmt.Errorf("code %s in HS%d: in %s and in %s", g.Code, year, other.Group, g.Leaf)
		}
		c.byCode[key] = it
		c.groups[at].Items = append(c.groups[at].Items, it)
	}
	return nil
}

// item returns the good in one edition.
func (g goodJSON) item(year int) (Item, error) {
	e := hs.Edition(year)
	if !slices.Contains(hs.Editions(), e) {
		return Item{}, fmt.Errorf("code %s: no edition HS%d", g.Code, year)
	}
	it := Item{
		Edition: e, Code: g.Code, Group: g.Leaf, Label: g.Label, Reason: g.Reason,
		Also: g.Also, Partial: g.Partial, Section: g.Section, AlsoSections: g.AlsoSections,
	}
	if e == hs.HS2017 || len(g.Code) == 4 {
		return it, nil
	}
	via, told := g.Via[strconv.Itoa(year)]
	if !told {
		it.Via = &Via{From: []hs.Code{g.Code}, Relation: RelationSame}
		return it, nil
	}
	if (via.Relation == RelationPart) != g.Partial || len(via.From) == 0 || via.Relation != RelationPart && !full(via.Loss) {
		return Item{}, fmt.Errorf("code %s in HS%d: via is not complete", g.Code, year)
	}
	it.Via = &Via{From: via.From, Relation: via.Relation, Loss: via.Loss}
	return it, nil
}

// full: both languages are there.
func full(t Text) bool { return t.EN != "" && t.FR != "" }
