package journal

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"guichet"
)

// ClockGap is how far the times of two leaves of one exchange may lie apart before
// it is told: answers take seconds, and clocks are held within the minute on the
// wire.
const ClockGap = 5 * time.Minute

// Compare holds what two members tell of their exchanges against each other: our
// leaves in which they are a party, and theirs in which we are. It needs whole
// lists: a leaf that was left out is told as missing. Exchanges of the last few
// seconds may stand on one side alone, and are told as such.
//
// It compares what the leaves say. That they are the leaves of the logs is what
// Check, CheckPeer and receipts are for.
func Compare(ours, theirs []IndexedLeaf, us, them string) []Finding {
	all := map[string]*exchange{}
	for side, leaves := range [][]IndexedLeaf{ours, theirs} {
		for _, l := range leaves {
			if !between(l.Leaf, us, them) {
				continue
			}
			x := all[l.Leaf.Exchange]
			if x == nil {
				x = &exchange{id: l.Leaf.Exchange, us: us, them: them}
				all[l.Leaf.Exchange] = x
			}
			x.add(side, l)
		}
	}
	var out []Finding
	for _, id := range slices.Sorted(maps.Keys(all)) {
		x := all[id]
		x.judge()
		out = append(out, x.findings...)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	return out
}

func rank(s Severity) int { return slices.Index([]Severity{Grave, Serious, Notice}, s) }

func between(l guichet.Leaf, us, them string) bool {
	return !ofOwner(l.Kind) && (l.From.Member == us && l.To == them || l.From.Member == them && l.To == us)
}

// ofOwner says whether a leaf is of what a member did with its own figures: no
// exchange.
func ofOwner(k guichet.LeafKind) bool {
	return k == guichet.LeafTaken || k == guichet.LeafPurged || k == guichet.LeafWithdrew || k == guichet.LeafRenewed
}

// exchange is one exchange as the two tell it. asked and asker are the sides in
// it: of the member asked, the leaf of its answer and, of a large one, its end; of
// the asker, what came of it.
type exchange struct {
	id, us, them string
	answer, end  [2]*IndexedLeaf // by who tells it: 0 we, 1 they
	outcome      [2]*IndexedLeaf
	recovered    [2]bool // told by a side that has lost its own leaf of it
	twice        bool
	findings     []Finding
}

func (x *exchange) add(side int, l IndexedLeaf) {
	var place **IndexedLeaf
	switch l.Leaf.Kind {
	case guichet.LeafAnswered, guichet.LeafRefused, guichet.LeafStarted:
		place = &x.answer[side]
	case guichet.LeafEnded:
		place = &x.end[side]
	case guichet.LeafReceived, guichet.LeafMissed:
		place = &x.outcome[side]
	case guichet.LeafRecovered:
		x.recovered[side] = true
		return
	case guichet.LeafTaken, guichet.LeafPurged, guichet.LeafWithdrew, guichet.LeafRenewed:
		return
	}
	if *place != nil {
		x.twice = true
	}
	*place = &l
}

// judge finds what does not fit.
func (x *exchange) judge() {
	if x.twice {
		x.found(ToldTwice, x.id)
	}
	for side, code := range []Code{RecoveredHere, RecoveredThere} {
		if x.recovered[side] {
			x.found(code, x.them, x.id)
		}
	}
	if x.recovered[0] || x.recovered[1] {
		return // of the two leaves one is lost: there is nothing to compare
	}
	// We asked: our outcome, their answer. Or they asked: their outcome, our answer.
	weAsked := x.outcome[0] != nil || x.answer[1] != nil
	if x.answer[0] != nil || x.outcome[1] != nil {
		if weAsked {
			x.found(OtherParties, x.id)
			return
		}
		x.theyAsked(x.answer[0], x.end[0], x.outcome[1])
		return
	}
	if weAsked {
		x.weAsked(x.answer[1], x.end[1], x.outcome[0])
	}
}

func (x *exchange) weAsked(answer, end, outcome *IndexedLeaf) {
	switch {
	case answer == nil && outcome.Leaf.Kind == guichet.LeafReceived:
		x.found(ReceivedNotAnswered, x.them, x.id)
	case answer == nil: // we missed it, and they tell of nothing
	case outcome == nil:
		x.found(AnsweredNotReceived, x.them, x.id)
	case outcome.Leaf.Kind == guichet.LeafMissed:
		x.found(AnsweredButMissed, x.them, x.id, outcome.Leaf.Reason)
		x.ended(answer, end)
	default:
		x.both(answer, end, outcome, x.them)
	}
}

func (x *exchange) theyAsked(answer, end, outcome *IndexedLeaf) {
	switch {
	case answer == nil && outcome.Leaf.Kind == guichet.LeafReceived:
		x.found(TheyReceivedNothing, x.them, x.id)
	case answer == nil:
	case outcome == nil || outcome.Leaf.Kind == guichet.LeafMissed:
		x.found(LeafWithoutAnswer, x.them, x.id)
		x.ended(answer, end)
	default:
		x.both(answer, end, outcome, x.us)
	}
}

// ended tells of a large answer that was begun and has no end.
func (x *exchange) ended(answer, end *IndexedLeaf) {
	if answer.Leaf.Kind == guichet.LeafStarted && end == nil {
		x.found(NoEnd, x.id)
	}
}

// both compares the leaf of who was asked with the leaf of who asked.
func (x *exchange) both(answer, end, outcome *IndexedLeaf, asked string) {
	a, o := answer.Leaf, outcome.Leaf
	x.ended(answer, end)
	rows, reply := a.Rows, a.Reply
	if a.Kind == guichet.LeafStarted && end != nil {
		rows, reply = end.Leaf.Rows, end.Leaf.Reply
	}
	begun := a.Kind == guichet.LeafStarted && end == nil
	refused := a.Kind == guichet.LeafRefused
	switch {
	case a.From != o.From || a.To != o.To:
		x.found(OtherParties, x.id)
	case a.Request != o.Request:
		x.found(OtherRequest, x.id)
	case refused != (o.Clause != "") || a.Clause != o.Clause:
		x.found(OtherDecision, x.id, asked)
	case !begun && reply != o.Reply:
		x.found(OtherReply, x.id)
	}
	if a.Agreement != o.Agreement || a.Version != o.Version {
		x.found(OtherAgreement, x.id, a.Agreement, a.Version, o.Agreement, o.Version)
	}
	if !begun && rows != o.Rows {
		x.found(OtherRows, x.id, rows, o.Rows)
	}
	if gap := o.Time.Sub(a.Time).Abs(); gap > ClockGap && a.Kind != guichet.LeafStarted {
		x.found(OtherTime, x.id, gap.Round(time.Second))
	}
	if o.Peer > 0 && o.Peer-1 != answer.Index && (end == nil || o.Peer-1 != end.Index) {
		x.found(OtherLeaf, x.id, o.Peer-1, answer.Index)
	}
}

// found adds a finding, with the leaves of both sides that it is about.
func (x *exchange) found(code Code, args ...any) {
	f := finding(code, -1, args...)
	f.Exchange = x.id
	if l := cmp.Or(x.outcome[0], x.answer[0], x.end[0]); l != nil {
		f.Index = l.Index
	}
	if l := cmp.Or(x.outcome[1], x.answer[1], x.end[1]); l != nil {
		f.Theirs = l.Index
	}
	x.findings = append(x.findings, f)
}

func storySayings() []saying { return slices.Concat(graveStories(), otherStories()) }

// graveStories are those of which one side cannot be right in good faith.
func graveStories() []saying {
	return []saying{
		{
			ReceivedNotAnswered, Grave, // them, exchange
			"we received an answer of %[1]s to %[2]s, and its log has no leaf of it: it was left out or removed",
			"nous avons reçu une réponse de %[1]s à %[2]s, et son journal n’en a aucune feuille : elle a été omise ou retirée",
		},
		{
			TheyReceivedNothing, Grave, // them, exchange
			"%[1]s says that it received our answer to %[2]s, and our journal has no leaf of it",
			"%[1]s dit avoir reçu notre réponse à %[2]s, et notre journal n’en a aucune feuille",
		},
		{
			OtherRequest, Grave, // exchange
			"the two tell of different questions in %[1]s: the digests of the request differ",
			"les deux racontent des questions différentes pour %[1]s : les empreintes de la demande diffèrent",
		},
		{
			OtherReply, Grave, // exchange
			"the two tell of different answers in %[1]s: the digests of the reply differ",
			"les deux racontent des réponses différentes pour %[1]s : les empreintes de la réponse diffèrent",
		},
		{
			OtherDecision, Grave, // exchange, who was asked
			"of %[1]s one side tells a refusal and the other an answer, or another clause; %[2]s was asked",
			"pour %[1]s, un côté raconte un refus et l’autre une réponse, ou une autre clause ; %[2]s était interrogé",
		},
		{
			OtherParties, Grave, // exchange
			"the two name different parties in %[1]s",
			"les deux nomment des parties différentes pour %[1]s",
		},
	}
}

func otherStories() []saying {
	return []saying{
		{
			OtherAgreement, Serious, // exchange, agreement, version, agreement, version
			"%[1]s was answered under %[2]s version %[3]d and received under %[4]s version %[5]d",
			"%[1]s a reçu réponse sous %[2]s version %[3]d et a été noté sous %[4]s version %[5]d",
		},
		{
			OtherRows, Serious, // exchange, rows given, rows received
			"%[2]d rows were given in %[1]s, and %[3]d received",
			"%[2]d lignes ont été données pour %[1]s, et %[3]d reçues",
		},
		{
			OtherLeaf, Serious, // exchange, index told, index found
			"the receipt of %[1]s was for leaf %[2]d, and the other log tells it at %[3]d",
			"le reçu de %[1]s était pour la feuille %[2]d, et l’autre journal la raconte à %[3]d",
		},
		{
			ToldTwice, Serious, // exchange
			"one side tells %[1]s more than once",
			"un côté raconte %[1]s plus d’une fois",
		},
		{
			AnsweredNotReceived, Serious, // them, exchange
			"%[1]s answered %[2]s, and our journal tells nothing of it: it may be under way, or our node ended before it wrote",
			"%[1]s a répondu à %[2]s, et notre journal n’en dit rien : c’est peut-être en cours, ou notre nœud s’est arrêté avant d’écrire",
		},
		{
			RecoveredHere, Notice, // them, exchange
			"%[1]s tells of %[2]s, of which our leaf was lost; it is in the list of what was lost, with the leaf of %[1]s as evidence",
			"%[1]s raconte %[2]s, dont notre feuille a été perdue ; il est dans la liste de ce qui fut perdu, avec la feuille de %[1]s comme preuve",
		},
		{
			RecoveredThere, Notice, // them, exchange
			"%[1]s has lost its leaf of %[2]s, and says so; ours stands",
			"%[1]s a perdu sa feuille de %[2]s, et le dit ; la nôtre tient",
		},
		{
			AnsweredButMissed, Notice, // them, exchange, reason
			"%[1]s answered %[2]s, and no answer was used here (%[3]s)",
			"%[1]s a répondu à %[2]s, et aucune réponse n’a été utilisée ici (%[3]s)",
		},
		{
			LeafWithoutAnswer, Notice, // them, exchange
			"a leaf without an answer: we wrote down an answer to %[2]s, and %[1]s did not receive it",
			"une feuille sans réponse : nous avons noté une réponse à %[2]s, et %[1]s ne l’a pas reçue",
		},
		{
			NoEnd, Notice, // exchange
			"the large answer %[1]s was begun, and no end of it was written",
			"la grande réponse %[1]s a été commencée, et aucune fin n’en a été notée",
		},
		{
			OtherTime, Notice, // exchange, gap
			"the two sides wrote %[1]s down %[2]s apart: one clock is wrong",
			"les deux côtés ont noté %[1]s à %[2]s d’écart : une horloge est fausse",
		},
	}
}
