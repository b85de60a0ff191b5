package agreement

import (
	"slices"

	"guichet"
)

// Still says whether what a decision permitted may go on: a stream of records takes
// hours, in which a party may withdraw, be suspended, or sign another version. It
// looks at membership and at the clauses that hold for all terms of the agreement;
// its terms cannot change without another version, and quotas count what was begun.
// The request need not be completed. nil, or KindRefused in the question's language.
func Still(f Facts, r guichet.Request, d guichet.Decision) error {
	no := f.standing(r)
	papers := f.inOrder(r)
	i := slices.IndexFunc(papers, func(p *Paper) bool { return p.a.ID == d.Agreement && p.a.Version == d.Version })
	switch {
	case no != nil:
	case i < 0:
		no = refuse(stageParties, ClauseNone, say("the agreement %s, version %d, by which this was permitted is no longer in the circle", "l'accord %s, version %d, qui le permettait n'est plus dans le cercle", clip(d.Agreement), d.Version),
			say("ask again, by its newer version", "interrogez de nouveau, selon sa version plus récente"))
	default:
		_, no = f.general(&papers[i].a, &r)
	}
	if no == nil {
		return nil
	}
	return guichet.Errorf(guichet.KindRefused, "%s", no.text.In(r.Question.Lang)).WithHint("%s", no.hint.In(r.Question.Lang))
}
