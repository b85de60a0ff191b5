package agreement

import (
	"fmt"

	"guichet"
)

// say makes a wording of two formats with the same arguments.
func say(en, fr string, args ...any) guichet.Text {
	if len(args) == 0 {
		return guichet.Text{EN: en, FR: fr}
	}
	return guichet.Text{EN: fmt.Sprintf(en, args...), FR: fmt.Sprintf(fr, args...)}
}

// stage is how far a request came: the fixed order in which clauses are looked at.
// Of all refusals the one that came furthest is told, since it is the nearest to
// a permit. Stages are not told to anybody, so they may be added.
type stage int

const (
	stageParties   stage = iota // both stand in the paper
	stageValidity               // from, until, withdrawn
	stageSuspended              // the asker is not suspended
	stageOffices                // the office may ask
	stageSecurity               // the age of the key
	stagePurposes               // forbidden, permitted
	stageAutomated              // decisions by machine
	stageTerms                  // a term over the dataset, from us, to the asker
	stageRecords                // rows as they are
	stageGrains                 // grain, and fields that only one grain has
	stageRegimes                // statistics serve statistics
	stageMeasures               // figures
	stagePicks                  // classifications
	stageTiers                  // sensitivity
	stageFields                 // what is told apart or picked by
	stageWhere                  // values
	stageLevels                 // finest level of anything but time
	stagePeriods                // time: span, delay, embargo, finest level
	stageQuota                  // answers today
)

// refusal says why a paper does not permit, and what could be asked instead.
type refusal struct {
	at     stage
	clause string
	text   guichet.Text
	hint   guichet.Text
}

func refuse(at stage, clause string, text, hint guichet.Text) *refusal {
	return &refusal{at, clause, text, hint}
}

// decision writes a refusal in the question's language.
func (r *refusal) decision(p *Paper, lang string) guichet.Decision {
	d := guichet.Decision{Clause: r.clause, Text: r.text.In(lang), Hint: r.hint.In(lang)}
	if p != nil {
		d.Agreement, d.Version, d.Digest = p.a.ID, p.a.Version, p.digest
	}
	return d
}

// clip keeps what comes from outside from filling a sentence.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
