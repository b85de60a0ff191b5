package federation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
	"guichet/mark"
)

// ColumnMember is the first column of every merged answer: the member that says
// what stands in the row.
const ColumnMember = "member"

// Codes of remarks that a merged answer makes. They cross borders: appended,
// never renamed.
const (
	RemarkSaidBySeveral = "said_by_several" // members' figures for one reporter stand side by side: the same trade, told twice
	RemarkSaidByOther   = "said_by_other"   // figures of a reporter that another member holds as a copy
)

// RemarkCodes returns the closed list of codes that a merged answer makes.
func RemarkCodes() []string { return []string{RemarkSaidBySeveral, RemarkSaidByOther} }

// RemarkText says in a sentence what a code of RemarkCodes means, in French for
// "fr", otherwise in English; "" for a code that is none of them. An answer says
// it with names.
func RemarkText(code, lang string) string {
	switch code {
	case RemarkSaidBySeveral:
		return guichet.Text{
			EN: "several members give figures of one reporter, some from copies: the same figures told more than once, which must not be added",
			FR: "plusieurs membres donnent les chiffres d’un même déclarant, certains à partir de copies : les mêmes chiffres dits plusieurs fois, à ne pas additionner",
		}.In(lang)
	case RemarkSaidByOther:
		return guichet.Text{
			EN: "the figures of this reporter are given by another member, which holds copies of them",
			FR: "les chiffres de ce déclarant sont donnés par un autre membre, qui en détient des copies",
		}.In(lang)
	}
	return ""
}

// Merge lays the answers of several members side by side. Rows are never added
// or dropped: each says in the column member who said it, also where one member
// alone answered, so that the shape of an answer does not depend on who was
// there. Marks stay the last column, which is there where one of the members has it. Two members that speak for the same reporter, one of them from copies,
// stay two rows with a remark. Remarks, gaps and sources name their member, what
// is generated among them. Rows are in order of reporter, then member, and within
// these as the member gave them; a limit of the question holds for each member.
//
// The order of results makes no difference. AsOf is the earliest of the answers':
// nobody speaks of an older state.
func Merge(q guichet.Question, results []Result) guichet.Answer { return merge(q, results, maps.Clone) }

// Absorb is Merge for who has no more use for the results: their rows are not
// copied but become the answer's.
func Absorb(q guichet.Question, results []Result) guichet.Answer {
	return merge(q, results, func(row guichet.Row) guichet.Row { return row })
}

// merge lays answers side by side; own makes a row one that may be written to.
func merge(q guichet.Question, results []Result, own func(guichet.Row) guichet.Row) guichet.Answer {
	out := guichet.Answer{Question: q, Columns: []guichet.Column{memberColumn()}}
	said := map[string][]string{} // reporter -> members
	results = slices.Clone(results)
	slices.SortStableFunc(results, func(a, b Result) int { return cmp.Compare(a.Member, b.Member) })
	for _, r := range results {
		if r.Err != nil {
			out.Gaps = append(out.Gaps, notOurs(r, q.Lang))
			continue
		}
		if r.Gap != nil {
			out.Gaps = append(out.Gaps, *r.Gap)
		}
		if r.Reply == nil {
			continue
		}
		mergeNotices(&out, r)
		if r.Reply.Answer != nil {
			mergeAnswer(&out, r.Member, r.Reply.Answer, own)
			for _, reporter := range reporters(r.Reply.Answer) {
				said[reporter] = append(said[reporter], r.Member)
			}
		}
	}
	slices.SortStableFunc(out.Columns, func(a, b guichet.Column) int { return mark.Last(a.Name, b.Name) })
	inOrder(out.Rows)
	tellCopies(&out, said)
	return out
}

// inOrder puts merged rows in the order of reporter and member.
func inOrder(rows []guichet.Row) {
	type placed struct {
		reporter, member string
		row              guichet.Row
	}
	all := make([]placed, len(rows))
	for i, row := range rows {
		all[i] = placed{text(row[guichet.FieldReporter]), text(row[ColumnMember]), row}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(strings.Compare(a.reporter, b.reporter), strings.Compare(a.member, b.member))
	})
	for i := range all {
		rows[i] = all[i].row
	}
}

func memberColumn() guichet.Column {
	return guichet.Column{Name: ColumnMember, Title: guichet.Text{EN: "said by", FR: "selon"}}
}

// notOurs tells a fault of our own as a gap: nothing of that member is shown.
func notOurs(r Result, lang string) guichet.Gap {
	words := say("our own node failed while it asked %[1]s, and nothing of it is used: %[2]s", "notre propre nœud a échoué en interrogeant %[1]s, et rien n’en est utilisé : %[2]s", r.Member, told(r.Err))
	return guichet.Gap{Reporter: r.Member, Member: r.Member, Reason: guichet.GapSilent, Text: words.In(lang)}
}

// mergeNotices takes over what is to be shown with a reply: of the agreement and
// of the circle.
func mergeNotices(out *guichet.Answer, r Result) {
	for _, notice := range slices.Concat(r.Reply.Decision.Notices, r.Reply.Notices) {
		notice.Member = r.Member
		out.Remarks = append(out.Remarks, notice)
	}
}

func mergeAnswer(out *guichet.Answer, member string, a *guichet.Answer, own func(guichet.Row) guichet.Row) {
	for _, c := range a.Columns {
		known := func(other guichet.Column) bool { return other.Name == c.Name }
		if !slices.ContainsFunc(out.Columns, known) {
			out.Columns = append(out.Columns, c)
		}
	}
	out.Rows = slices.Grow(out.Rows, len(a.Rows))
	var by any = member
	for _, row := range a.Rows {
		if row = own(row); row == nil {
			row = guichet.Row{}
		}
		row[ColumnMember] = by
		out.Rows = append(out.Rows, row)
	}
	for _, r := range a.Remarks {
		r.Member = member
		out.Remarks = append(out.Remarks, r)
	}
	for _, g := range a.Gaps {
		g.Member = member
		out.Gaps = append(out.Gaps, g)
	}
	for _, s := range a.Sources {
		s.Member = member
		out.Sources = append(out.Sources, s)
	}
	if out.AsOf.IsZero() || !a.AsOf.IsZero() && a.AsOf.Before(out.AsOf) {
		out.AsOf = a.AsOf
	}
}

// reporters are those that an answer has figures of, by its rows where they say
// it, else by its sources.
func reporters(a *guichet.Answer) []string {
	found := map[string]bool{}
	for _, row := range a.Rows {
		if r := text(row[guichet.FieldReporter]); r != "" {
			found[r] = true
		}
	}
	if len(found) == 0 {
		for _, s := range a.Sources {
			for r := range strings.FieldsSeq(s.Reporter) {
				found[r] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// tellCopies remarks where figures of a reporter are not its own word, or not
// its word alone.
func tellCopies(out *guichet.Answer, said map[string][]string) {
	for _, reporter := range slices.Sorted(maps.Keys(said)) {
		by := said[reporter]
		r := guichet.Remark{Reporter: reporter}
		switch {
		case len(by) > 1:
			r.Code = RemarkSaidBySeveral
			r.Text = say("the figures of %[1]s are said by %[2]s: the same figures told more than once; the rows stand side by side and must not be added", "les chiffres de %[1]s sont dits par %[2]s : les mêmes chiffres dits plusieurs fois ; les lignes sont côte à côte et ne doivent pas être additionnées", reporter, strings.Join(by, ", ")).In(out.Question.Lang)
		case by[0] != reporter:
			r.Code, r.Member = RemarkSaidByOther, by[0]
			r.Text = say("the figures of %[1]s are said by %[2]s, which holds copies, and not by %[1]s itself", "les chiffres de %[1]s sont dits par %[2]s, qui en détient des copies, et non par %[1]s même", reporter, by[0]).In(out.Question.Lang)
		default:
			continue
		}
		out.Remarks = append(out.Remarks, r)
	}
}

// text is a value of a row as it sorts; "" where there is none.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}
