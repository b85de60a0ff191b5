package portal

import (
	"net/http"
	"slices"

	"guichet"
	"guichet/mark"
	"guichet/trade"
)

// estimatedPage is what the page of an answer's estimates receives.
type estimatedPage struct {
	Title, Back, SaidIn string
	Said                []estimate
	Columns             []estimatedColumn
}

// estimate is something that is no record: who made it, and how much of it there is.
type estimate struct {
	What, Who, By, Text string
	Rows                int64
	Value, Unit         string
}

// estimatedColumn says of a measure and a member how many figures are estimated.
type estimatedColumn struct {
	Column, Member, How string
	Figures, Estimated  int
}

// estimates are the remarks that tell of an estimate, and who made it: the office, the
// table of rates, the conversion between editions, the reckoning from bands.
func estimates() map[string]string {
	return map[string]string{
		trade.RemarkEstimate: "office", trade.RemarkMassEstimated: "office", trade.RemarkQtyEstimated: "office", trade.RemarkPreliminary: "office",
		trade.RemarkDollars: "rates", trade.RemarkDefaultConv: "conversion", withinBand: "bands",
	}
}

// estimated shows what of an answer is estimated, by whom, and how much.
func (p *Portal) estimated(v *visit) error {
	k, err := p.shelf.get(v.r.PathValue("id"), v.person.Pseudonym)
	if err != nil {
		return err
	}
	if k.State != stateDone {
		return notKept()
	}
	ds := p.dataset(k.Answer.Answer.Question.Dataset)
	page := estimatedPage{Title: p.titleOf(v, k.keptHead), Back: v.to("/asked/"+k.ID, nil), SaidIn: k.Lang}
	by := estimates()
	for _, r := range k.Answer.Answer.Remarks {
		maker, ok := by[r.Code]
		if !ok || len(page.Said) >= mostSaid {
			continue
		}
		who := r.Member
		if who == "" {
			who = r.Reporter
		}
		e := estimate{What: v.t("estimated.of." + r.Code), Who: who, By: v.t("estimated.by." + maker), Text: r.Text, Rows: r.Rows, Unit: r.Unit}
		if x, ok := ds.DerivedBy(r.Unit); ok { // it names the measure that it is of
			e.What, e.Unit = x.Title.In(v.lang), ""
		}
		if r.Value != nil {
			e.Value = v.words.number(*r.Value, 0)
		}
		if !slices.Contains(page.Said, e) {
			page.Said = append(page.Said, e)
		}
	}
	if k.Answer.Mirror != nil {
		for _, x := range k.Answer.Mirror.Adjusted {
			if x.Status == trade.Estimated {
				page.Said = append(page.Said, estimate{What: v.t("estimated.reading"), By: x.Source, Text: x.Text})
			}
		}
	}
	page.Columns = v.estimatedColumns(ds, k.Answer.Answer)
	return v.show(http.StatusOK, "estimated", v.t("estimated.title"), page)
}

// estimatedColumns counts figures and estimates by measure and member: dollars of a row
// in another currency are ours, at the mean rate of its month; percentiles are reckoned from
// counts by band by whoever answers.
func (v *visit) estimatedColumns(ds *guichet.Dataset, a guichet.Answer) []estimatedColumn {
	marked, by := markedOf(ds, a, nil), estimates()
	var out []estimatedColumn
	for _, c := range a.Columns {
		if _, known := ds.Field(c.Name); !c.Measure || !known && !isDerived(ds, c.Name) {
			continue
		}
		of := map[string]*estimatedColumn{}
		var order []string
		for _, r := range a.Rows {
			if _, ok := decimalOf(r[c.Name]); !ok {
				continue
			}
			m := plain(r["member"])
			if of[m] == nil {
				of[m] = &estimatedColumn{Column: title(c.Title.In(v.lang), c.Name), Member: m, How: v.t("estimated.how.record")}
				order = append(order, m)
			}
			of[m].Figures++
			if slices.ContainsFunc(marked.at(r, c.Name), func(x mark.Mark) bool { return by[x.Code] == "office" }) {
				of[m].Estimated++
				of[m].How = v.t("estimated.how.office")
				continue
			}
			x, derived := ds.DerivedBy(c.Name)
			switch {
			case derived && x.By == guichet.ByBands:
				of[m].Estimated++
				of[m].How = v.t("estimated.how.bands")
			case derived && x.By == guichet.ByRate && plain(r["currency"]) != "USD":
				of[m].Estimated++
				of[m].How = v.t("estimated.how.rate")
			}
		}
		slices.Sort(order)
		for _, m := range order {
			out = append(out, *of[m])
		}
	}
	return out
}

func isDerived(ds *guichet.Dataset, name string) bool {
	_, ok := ds.DerivedBy(name)
	return ok
}
