package node

import (
	"context"
	"slices"

	"guichet"
	"guichet/internal/portal"
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
