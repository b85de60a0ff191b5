package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
)

// silenceSoon is how long a reader of notices may have been away before it is
// told: at longestSilence its subscriptions end.
const silenceSoon = longestSilence * 2 / 3

// keptFindings judge what is kept of other members, what they have to tell us, and
// what we have to tell them. Of what there is none nothing is said.
func (s *Seat) keptFindings() []Finding {
	var out []Finding
	for _, p := range copyPapers(s.n.Home().Path, s.name) {
		if p.List != "" || p.Ended != nil || p.Failed {
			out = append(out, s.copyFinding(p))
		}
	}
	if f, ok := s.noticesFinding(); ok {
		out = append(out, f)
	}
	if f, ok := s.readersFinding(); ok {
		out = append(out, f)
	}
	return out
}

// copyFinding holds a copy's age against what the agreement says.
func (s *Seat) copyFinding(p copyPaper) Finding {
	what, again := "copy "+p.Of, "guichet sync --from "+p.Of
	if p.List == "" && p.Ended == nil {
		return finding(what, stateWatch, "no copy of %s was ever taken: the last try failed", "aucune copie de %s n'a jamais été prise : le dernier essai a échoué", p.Of).do("try again, and see why: %[1]s", "essayez encore, et voyez pourquoi : %[1]s", again)
	}
	h := s.n.standing(p, s.papers, "")
	if h.why.EN != "" {
		f := Finding{What: what, State: stateWrong, Text: h.why}
		switch {
		case p.Denied:
			return f.do("find out why with %[1]s; then begin anew: %[2]s --afresh", "cherchez pourquoi avec %[1]s ; puis recommencez : %[2]s --afresh", p.Of, again)
		case h.reason == guichet.GapStale, p.Ended == nil && h.grant.Decision.Permitted:
			return f.do("%[1]s; if it fails, look whether %[2]s can be reached", "%[1]s ; en cas d'échec, regardez si %[2]s peut être atteint", again, p.Of)
		}
		return f.do("agree anew, if it is still wanted: guichet agreement draft; where the agreement says so the next sync removes the copy", "convenez-en de nouveau, si elle est encore voulue : guichet agreement draft ; là où l'accord le dit, la prochaine synchronisation retire la copie")
	}
	return s.agedFinding(what, again, p, h.grant)
}

// agedFinding judges a copy that answers: how old it is, and how old it may be.
func (s *Seat) agedFinding(what, again string, p copyPaper, grant agreement.CopyGrant) Finding {
	age := s.clock().Sub(p.Confirmed)
	f := finding(what, stateWell, "%d submissions, confirmed by %s %s ago", "%d envois, confirmés par %s il y a %s", len(p.Items), p.Of, ageText(age))
	if most := time.Duration(grant.MaxAgeDays) * 24 * time.Hour; most > 0 {
		f.Text.EN += fmt.Sprintf("; %s allows %d days", p.Agreement, grant.MaxAgeDays)
		f.Text.FR += fmt.Sprintf(" ; %s autorise %d jours", p.Agreement, grant.MaxAgeDays)
		if age > most*3/4 {
			f.State = stateWatch
			f = f.do("sync it before it stops to answer: %[1]s", "synchronisez-la avant qu'elle ne réponde plus : %[1]s", again)
		}
	} else {
		f.Text.EN += fmt.Sprintf("; %s sets no age", p.Agreement)
		f.Text.FR += fmt.Sprintf(" ; %s ne fixe pas d'âge", p.Agreement)
	}
	if p.Failed {
		f.State = stateWatch
		f.Text.EN += "; the last sync failed"
		f.Text.FR += " ; la dernière synchronisation a échoué"
		f = f.do("see why: %[1]s", "voyez pourquoi : %[1]s", again)
	}
	return f
}

// papersIn are the papers in a folder of subscriptions, by member. One that cannot be
// read is named.
func papersIn[T any](dir string) (papers map[string]T, unread []string) {
	papers = map[string]T{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return papers, nil // no folder: nothing was subscribed to
	}
	for _, e := range entries {
		code, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		var p T
		if there, err := readPaper(filepath.Join(dir, e.Name()), &p); err != nil || !there {
			unread = append(unread, e.Name())
			continue
		}
		papers[code] = p
	}
	return papers, unread
}

// noticesFinding judges what we subscribed to: what waits to be read, and what has
// ended.
func (s *Seat) noticesFinding() (Finding, bool) {
	tellers, unread := papersIn[tellerPaper](filepath.Dir(s.tellerPath("x")))
	open, waiting, closed := 0, 0, []string{}
	for code, p := range tellers {
		for _, sub := range p.Subscriptions {
			if sub.Closed == "" {
				open++
			}
		}
		for _, n := range p.Notices {
			if n.Number <= p.Shown {
				continue
			}
			waiting++
			if n.Kind == NoticeClosed {
				closed = append(closed, code+" ("+n.Text.EN+")")
			}
		}
	}
	slices.Sort(closed)
	f := finding("notices", stateWell, "%d subscriptions are open, at %d members; no notice waits to be read", "%d abonnements sont ouverts, chez %d membres ; aucun avis n'attend d'être lu", open, len(tellers))
	switch {
	case len(unread) > 0:
		f = finding("notices", stateWrong, "what was told cannot be read: %s", "ce qui fut dit ne peut être lu : %s", join(unread)).
			do("restore it from a backup, or remove the file and subscribe anew", "restaurez-le d'une sauvegarde, ou retirez le fichier et abonnez-vous de nouveau")
	case len(closed) > 0:
		f = finding("notices", stateWatch, "%d notices wait to be read; subscriptions have ended at %s", "%d avis restent à lire ; des abonnements ont pris fin chez %s", waiting, join(closed)).
			do("read them: guichet notices; then subscribe anew, if it is still wanted: guichet subscribe", "lisez-les : guichet notices ; puis abonnez-vous de nouveau, si c'est encore voulu : guichet subscribe")
	case waiting > 0:
		f = finding("notices", stateWatch, "%d subscriptions are open, at %d members; %d notices wait to be read", "%d abonnements sont ouverts, chez %d membres ; %d avis restent à lire", open, len(tellers), waiting).
			do("read them: guichet notices", "lisez-les : guichet notices")
	case len(tellers) == 0:
		return f, false
	}
	return f, true
}

// readersFinding judges what is subscribed to here: a reader that stays away loses
// its subscriptions, and may not know.
func (s *Seat) readersFinding() (Finding, bool) {
	readers, unread := papersIn[readerPaper](filepath.Dir(s.readerPath("x")))
	open, away := 0, []string{}
	for code, p := range readers {
		n := 0
		for _, sub := range p.Subscriptions {
			if sub.Closed == "" {
				n++
			}
		}
		if silent := s.clock().Sub(p.Seen); n > 0 && !p.Seen.IsZero() && silent > silenceSoon {
			away = append(away, code+" ("+ageText(silent)+")")
		}
		open += n
	}
	slices.Sort(away)
	days := int(longestSilence.Hours() / 24)
	f := finding("subscribers", stateWell, "%d members have %d subscriptions here, and come for their notices", "%d membres ont %d abonnements ici, et viennent chercher leurs avis", len(readers), open)
	switch {
	case len(unread) > 0:
		f = finding("subscribers", stateWrong, "who is to be told cannot be read: %s", "à qui il faut dire ne peut être lu : %s", join(unread)).
			do("restore it from a backup, or remove the file: who subscribed must do it anew", "restaurez-le d'une sauvegarde, ou retirez le fichier : qui s'était abonné doit le refaire")
	case len(away) > 0:
		f = finding("subscribers", stateWatch, "%[1]s did not come for notices; after %[2]d days the subscriptions end", "%[1]s n'est pas venu chercher ses avis ; après %[2]d jours les abonnements prennent fin", join(away), days).
			do("ask its operations whether its node runs", "demandez à son exploitation si son nœud tourne")
	case open == 0:
		return f, false
	}
	return f, true
}
