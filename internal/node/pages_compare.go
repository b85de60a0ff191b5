package node

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"guichet"
	"guichet/internal/portal"
	"guichet/internal/store"
)

// Mirror asks two members for their sides of a flow, each its own, and compares them;
// each is told of a member when its total came. All that either was asked is in the
// answer's members: every exchange has its receipt.
func (x seatForPages) Mirror(ctx context.Context, q portal.Comparing, each func(portal.MemberResult)) (portal.Answer, error) {
	out := portal.Answer{Circle: x.s.name}
	told := map[string]bool{}
	m, err := x.s.n.mirror(ctx, q.Mirror, func(ctx context.Context, reporter string, of guichet.Question) (guichet.Answer, error) {
		a, err := x.s.AskMembers(ctx, MembersQuestion{Question: of, Members: []string{reporter}, Purpose: q.Purpose, Office: q.Office, Officer: q.Officer}, nil)
		if err != nil {
			return guichet.Answer{}, err
		}
		for _, r := range a.Members {
			out.Members = append(out.Members, portal.MemberResult(r))
			if !told[r.Member] {
				told[r.Member] = true
				each(portal.MemberResult(r))
			}
		}
		for _, n := range a.Notices {
			if !slices.Contains(out.Notices, n) {
				out.Notices = append(out.Notices, n)
			}
		}
		return a.Answer, nil
	})
	out.Mirror = &m
	return out, err
}

// Line names a line of a national list.
func (g *goods) Line(edition int, list, code, lang string) (string, bool) {
	return g.n.ListLabel(edition, list, code, lang)
}

// Held says which official wordings the home holds: editions first, then lists by name.
func (g *goods) Held() ([]portal.HeldLabels, error) {
	type of struct {
		list    string
		edition int
	}
	counts := map[of]*portal.HeldLabels{}
	err := g.n.store.HeldLabels(func(k store.LabelKey, labels map[string]string) {
		h := counts[of{k.List, k.Edition}]
		if h == nil {
			h = &portal.HeldLabels{Edition: k.Edition, List: k.List}
			counts[of{k.List, k.Edition}] = h
		}
		switch k.Lang {
		case "en":
			h.EN = len(labels)
		case "fr":
			h.FR = len(labels)
		}
	})
	var out []portal.HeldLabels
	for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b of) int {
		return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(b.edition, a.edition))
	}) {
		out = append(out, *counts[k])
	}
	return out, err
}
