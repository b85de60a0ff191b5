package portal

import (
	"strings"

	"guichet"
)

// conformText says in sentences how a file fills its fields.
func (v *visit) conformText(s guichet.Submission, c Conformity) []string {
	var out []string
	switch {
	case c.Gone:
		out = append(out, v.t("submission.conform.gone"))
	default:
		out = append(out, v.t("submission.conform.of", "percent", v.words.number(tenths(c.PerCent), 1)))
	}
	if !c.Counted {
		return append(out, v.t("submission.conform.uncounted"))
	}
	every, some, none := 0, 0, 0
	for _, f := range c.Fields {
		switch {
		case f.Count.Filled >= s.Records:
			every++
		case f.Count.Filled > 0:
			some++
		default:
			none++
		}
	}
	out = append(out, v.words.count("submission.conform.rows", int(s.Records), "all", v.words.whole(int64(len(c.Fields))),
		"every", v.words.whole(int64(every)), "some", v.words.whole(int64(some)), "none", v.words.whole(int64(none))))
	if c.Partly {
		return append(out, v.t("submission.conform.partly"))
	}
	return append(out, v.t("submission.conform.share"))
}

// conformSheet says field by field in how many records it is filled and empty, how many
// were kept with a remark on it, how many lines it put aside, and what fills it.
func (p *Portal) conformSheet(v *visit, s guichet.Submission, c Conformity) sheet {
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	keys, kinds := []string{"submission.conform.field", "submission.conform.required"}, ".."
	if c.Counted {
		keys, kinds = append(keys, "submission.conform.filled", "submission.conform.empty"), kinds+"##"
	}
	if c.Counted && !c.Partly {
		keys, kinds = append(keys, "submission.conform.remarked", "submissions.aside"), kinds+"##"
	}
	out := sheet{Title: v.t("submission.conform.table"), Heads: v.heads(kinds+"..", append(keys, "submission.conform.how", "submission.conform.from")...)}
	for _, f := range c.Fields {
		required := ""
		if f.Required {
			required = v.t("code.yes")
		}
		row := []sheetCell{textCell(v.fieldTitle(ds, f.Field)), textCell(required)}
		if c.Counted {
			empty := numCell(v.words.whole(s.Records - f.Count.Filled))
			if f.Required && f.Count.Filled < s.Records {
				empty.Tag = "red"
			}
			row = append(row, numCell(v.words.whole(f.Count.Filled)), empty)
		}
		if c.Counted && !c.Partly {
			row = append(row, numCell(v.words.whole(f.Count.Remarked)), numCell(v.words.whole(f.Count.Aside)))
		}
		out.Rows = append(out.Rows, append(row, v.howCell(f), textCell(tidy(f.From, 3*exampleShown))))
	}
	return out
}

// howCell says what fills a field.
func (v *visit) howCell(f ConformField) sheetCell {
	if f.How == "" {
		return textCell("")
	}
	var how []string
	for h := range strings.SplitSeq(f.How, ",") {
		h = strings.TrimSpace(h)
		how = append(how, v.words.or("submission.how."+h, h))
	}
	cell := textCell(strings.Join(how, ", "))
	if f.How == "absent" && f.Required {
		cell.Tag = "red"
	}
	return cell
}
