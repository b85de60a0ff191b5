package main

import (
	"context"
	"math"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/node"
	"guichet/trade"
)

// fieldUseJSON is how a profile fills one field.
type fieldUseJSON struct {
	Field    string    `json:"field"`
	From     string    `json:"from"`
	How      string    `json:"how"`
	Required bool      `json:"required"`
	Filled   *float64  `json:"filled,omitempty"`
	WCO      []wcoJSON `json:"wco"`
}

// wcoJSON is a data element of the WCO Data Model.
type wcoJSON struct {
	ID        string `json:"id"`
	Class     string `json:"class"`
	Attribute string `json:"attribute"`
	Flow      string `json:"flow,omitempty"`
}

func fieldUse(u node.FieldUse) fieldUseJSON {
	out := fieldUseJSON{Field: u.Field, From: u.From, How: u.How, Required: u.Required, Filled: u.Filled, WCO: []wcoJSON{}}
	for _, e := range u.WCO {
		out.WCO = append(out.WCO, wcoJSON(e))
	}
	return out
}

// checkedJSON is what a check of a profile says.
type checkedJSON struct {
	Profile    profileJSON         `json:"profile"`
	Fields     []fieldUseJSON      `json:"fields"`
	Conformity float64             `json:"conformity"`
	Sample     *guichet.Submission `json:"sample,omitempty"`
}

func (w *window) checkProfile(ctx context.Context, f *flags, profile, sample string) error {
	p := w.progress()
	rep, err := node.CheckProfile(ctx, w.config(f), profile, sample, p.report())
	p.end()
	if err != nil {
		return err
	}
	if w.json {
		out := checkedJSON{Profile: profileJSON(rep.Profile), Fields: []fieldUseJSON{}, Conformity: rep.Conformity}
		for _, u := range rep.Fields {
			out.Fields = append(out.Fields, fieldUse(u))
		}
		if rep.Sample != nil {
			s := tidy(*rep.Sample)
			out.Sample = &s
		}
		return w.printJSON(out)
	}
	w.print(w.say("profile.title", "name", rep.Profile.Name, "version", rep.Profile.Version, "title", rep.Profile.Title.In(w.lang)))
	w.printFields(rep.Fields)
	w.print(w.say("profile.conformity", "percent", w.percentOf(rep.Conformity/100)))
	if rep.Sample == nil {
		w.print(w.say("profile.nosample", "profile", profile))
		return nil
	}
	w.print("")
	w.print(w.say("profile.sample", "file", sample))
	w.printSubmission(*rep.Sample)
	return nil
}

// printFields shows how each field is filled; with a sample, in how many of its
// records.
func (w *window) printFields(fields []node.FieldUse) {
	sampled := slices.ContainsFunc(fields, func(u node.FieldUse) bool { return u.Filled != nil })
	heads := []string{w.say("head.field"), w.say("head.required"), w.say("head.from"), w.say("head.wco")}
	if sampled {
		heads = append(heads, ">"+w.say("head.filled"))
	}
	t := newTable(heads...)
	t.indent = "  "
	for _, u := range fields {
		required := ""
		if u.Required {
			required = w.say("yes")
		}
		const columns = 70
		cells := []string{u.Field, required, short(clean(u.From), columns), w.elements(u.WCO)}
		if sampled {
			share := ""
			if u.Filled != nil {
				share = w.percentOf(*u.Filled)
			}
			cells = append(cells, share)
		}
		t.add(cells...)
	}
	w.table(t)
}

// elements writes data elements: 063 Origin.CountryCode.
func (w *window) elements(list []trade.WCOElement) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.ID + " " + e.Class + "." + e.Attribute
	}
	return strings.Join(out, ", ")
}

// percentOf writes a share with one digit, rounded down, so that 100 is all.
func (w *window) percentOf(share float64) string {
	const tenths = 1000
	return number(tenth(int64(math.Floor(share*tenths+1e-9))), w.lang, 1) + " %"
}
