package node

import (
	"context"
	"time"
)

// retentionFinding says whether what is due has gone, and what holds it.
func (s *Seat) retentionFinding(ctx context.Context) Finding {
	const what = "retention"
	n := s.n
	k, err := n.Keeping(ctx)
	if err != nil {
		return finding(what, stateWrong, "%s", "%s", err).do("look at the home: guichet check", "examinez le dépôt : guichet check")
	}
	events, err := n.Events(ctx)
	if err != nil {
		return finding(what, stateWrong, "%s", "%s", err).do("look at the home: guichet check", "examinez le dépôt : guichet check")
	}
	for _, e := range events {
		if !e.OffDisk {
			return finding(what, stateWatch, "purge %s of %s still waits for answers that read what it removes", "la suppression %s du %s attend encore des réponses qui lisent ce qu'elle supprime", e.ID, e.At.Format(time.DateTime)).
				do("it ends with them; if none runs, start the node again", "elle finit avec elles ; si aucune ne court, redémarrez le nœud")
		}
	}
	if len(k.Rules) == 0 {
		return finding(what, stateWell, "no rule: everything is kept without end", "aucune règle : tout est gardé sans fin")
	}
	var rows, held int64
	var since, next time.Time
	for _, p := range k.Plans {
		for _, g := range p.Goes {
			if rows += g.Rows; since.IsZero() || g.On.Before(since) {
				since = g.On
			}
		}
		for _, g := range p.Held {
			held += g.Rows
		}
		if p.Next != nil && (next.IsZero() || p.Next.Before(next)) {
			next = *p.Next
		}
	}
	switch {
	case rows > 0 && n.cfg.Clock().Sub(since) > 48*time.Hour:
		return finding(what, stateWrong, "%d rows have been due to be removed since %s", "%d lignes sont à supprimer depuis le %s", rows, since.Format(time.DateOnly)).
			do("remove them: guichet purge; a node that serves does it within the hour, and its log says why it did not", "supprimez-les : guichet purge ; un nœud qui sert le fait dans l'heure, et son journal d'exploitation dit pourquoi il ne l'a pas fait")
	case rows > 0:
		return finding(what, stateWell, "%d rows go within the hour while the node serves", "%d lignes partent dans l'heure tant que le nœud sert", rows)
	case held > 0:
		return finding(what, stateWell, "nothing is due but %d rows that are held", "rien n'est échu, sauf %d lignes gelées", held)
	case next.IsZero():
		return finding(what, stateWell, "nothing is due, and nothing will be", "rien n'est échu, et rien ne le sera")
	}
	return finding(what, stateWell, "nothing is due before %s", "rien n'est échu avant le %s", next.Format(time.DateOnly))
}
