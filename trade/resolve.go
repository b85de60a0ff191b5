package trade

import (
	"fmt"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// namedAtMost is how many codes a sentence names before it only counts.
const namedAtMost = 5

// Resolve turns what a person wrote into codes of the edition of the rows at
// hand. It reads, in this order:
//
//	all, TOTAL             every product: the zero Selection
//	covid19/protective     a group, by its own codes of the rows' edition
//	uk-cn:63079098         a national code, or the start of one, of one list
//	630790  63.07  63      an HS code of the asked edition
//	401511+401519          several, asked for as one; also with a comma
//	6307909870  9802       more than six digits, or under chapters 77, 98, 99: national, of any list
//
// Codes of another edition than the rows' enter by closed families that lie
// wholly inside what was asked. With Conversion "default" the rest enters by
// UNSD's single conversion, remarked as an estimate; otherwise Gap says what
// cannot be compared, and nothing may be used.
//
// The error is KindInvalid for what cannot be read and for an edition that is
// not held, KindNotFound for a code, group or list that does not exist there.
func Resolve(r guichet.Resolution) (guichet.Selection, error) {
	expr := strings.TrimSpace(r.Expr)
	if isTotal(expr) {
		return guichet.Selection{}, nil
	}
	if r.Conversion != "" && r.Conversion != "exact" && r.Conversion != "default" {
		return guichet.Selection{}, guichet.Errorf(guichet.KindInvalid, "conversion %q is neither exact nor default", r.Conversion).WithHint("leave it out for exact families alone, or give default to accept UNSD's estimate")
	}
	if _, ok := LookupGroup(expr); ok || strings.Contains(expr, "/") {
		return resolveGroup(expr, r)
	}
	if list, code, ok := strings.Cut(expr, ":"); ok {
		if list == ListHS {
			return resolveCodes(code, r)
		}
		return resolveNational(list, code)
	}
	if s, ok := nationalOnly(expr, r.Lang); ok {
		return s, nil
	}
	return resolveCodes(expr, r)
}

func isTotal(expr string) bool {
	return strings.EqualFold(expr, "all") || strings.EqualFold(expr, TotalCode)
}

// nationalOnly reads what no edition of the HS can answer: more than six
// digits, and codes under the national chapters.
func nationalOnly(expr, lang string) (guichet.Selection, bool) {
	digits := strings.NewReplacer(".", "", " ", "").Replace(expr)
	if len(digits) < 2 || len(digits) > 14 || strings.Trim(digits, "0123456789") != "" {
		return guichet.Selection{}, false
	}
	chapter := hs.Code(digits).Chapter()
	s := guichet.Selection{Digits: len(digits)}
	switch {
	case NationalChapter(chapter) && len(digits) == 2:
		s.Prefix = digits
	case NationalChapter(chapter), len(digits) > 6:
		s.National = digits
	default:
		return guichet.Selection{}, false
	}
	if NationalChapter(chapter) {
		s.Remarks = []guichet.Remark{remarkOn(RemarkNationalChapter, lang, digits)}
	}
	return s, true
}

func resolveNational(list, code string) (guichet.Selection, error) {
	var names []string
	for _, l := range codes.Lists() {
		names = append(names, l.Name)
	}
	names = slices.Compact(names)
	if !slices.Contains(names, list) {
		return guichet.Selection{}, guichet.Errorf(guichet.KindNotFound, "there is no list %q", list).WithHint("lists held: %s", strings.Join(names, ", "))
	}
	digits := strings.NewReplacer(".", "", " ", "").Replace(code)
	if len(digits) < 2 || len(digits) > 14 || strings.Trim(digits, "0123456789") != "" {
		return guichet.Selection{}, guichet.Errorf(guichet.KindInvalid, "%q is no code of %s", clip(code), list).WithHint("write digits after the colon: %s:63079098", list)
	}
	return guichet.Selection{National: digits, List: list, Digits: len(digits)}, nil
}

func resolveGroup(path string, r guichet.Resolution) (guichet.Selection, error) {
	if _, ok := LookupGroup(path); !ok {
		var paths []string
		for _, g := range Groups() {
			paths = append(paths, g.Path)
		}
		return guichet.Selection{}, guichet.Errorf(guichet.KindNotFound, "there is no product group %q", clip(path)).WithHint("groups: %s", strings.Join(paths, ", "))
	}
	present, asked, err := editionsOf(r)
	if err != nil {
		return guichet.Selection{}, err
	}
	if present == 0 {
		return guichet.Selection{Gap: gapNoEdition(r.Lang)}, nil
	}
	counted, _ := GroupCodes(path, present)
	s := guichet.Selection{Codes: texts(counted), Digits: 6}
	if len(counted) == 0 {
		s.Gap = fmt.Sprintf(text("the group %s counts no code in %s: what it names are baskets of mostly other goods",
			"le groupe %s ne compte aucun code dans %s : ce qu’il nomme est fait surtout d’autres biens").In(r.Lang), path, present)
	}
	if asked != present {
		before, _ := GroupCodes(path, asked)
		if c := correspond(asked, before, present, false); len(c.left) > 0 || !slices.Equal(c.to, counted) {
			s.Remarks = append(s.Remarks, remarkOn(RemarkBasketDiffers, r.Lang, fmt.Sprintf("%s, %s", asked, present)))
		}
	}
	for _, kind := range []struct {
		code  string
		items []Item
	}{{RemarkNotCounted, GroupNotCounted(path, present)}, {RemarkElsewhere, GroupElsewhere(path, present)}} {
		var found []hs.Code
		for _, it := range kind.items {
			found = append(found, it.Code)
		}
		if len(found) > 0 {
			slices.Sort(found)
			s.Remarks = append(s.Remarks, remarkOn(kind.code, r.Lang, named(slices.Compact(found), r.Lang)))
		}
	}
	return s, nil
}

// resolveCodes reads one HS code, or several joined by + or commas.
func resolveCodes(expr string, r guichet.Resolution) (guichet.Selection, error) {
	present, asked, err := editionsOf(r)
	if err != nil {
		return guichet.Selection{}, err
	}
	var wanted []hs.Code
	for part := range strings.SplitSeq(strings.ReplaceAll(expr, "+", ","), ",") {
		if _, ok := nationalOnly(part, r.Lang); ok {
			return guichet.Selection{}, guichet.Errorf(guichet.KindInvalid, "%s is a national code, and cannot be added to others", clip(part)).WithHint("ask for it alone, or by the list: us-hts:%s", strings.TrimSpace(part))
		}
		c, err := hs.ParseCode(part)
		if err != nil {
			return guichet.Selection{}, guichet.Errorf(guichet.KindInvalid, "%q is no product", clip(expr)).WithHint("write an HS code of 2, 4 or 6 digits (630790), a group (covid19/protective), LIST:CODE (uk-cn:63079098) or all")
		}
		if asked != 0 && !hs.Known(asked, c) {
			return guichet.Selection{}, unknownCode(asked, c)
		}
		wanted = append(wanted, c)
	}
	if present == 0 {
		return guichet.Selection{Gap: gapNoEdition(r.Lang)}, nil
	}
	if present == asked && len(wanted) == 1 && len(wanted[0]) < 6 {
		return guichet.Selection{Prefix: string(wanted[0]), Digits: len(wanted[0])}, nil
	}
	six := subheadings(asked, wanted)
	if present == asked {
		return guichet.Selection{Codes: texts(six), Digits: 6}, nil
	}
	return acrossEditions(crossing{asked, present, wanted, six, r.Conversion == "default", r.Lang}), nil
}

// unknownCode says in which editions a code can be found instead.
func unknownCode(asked hs.Edition, c hs.Code) error {
	var in []string
	for _, e := range hs.Editions() {
		if hs.Known(e, c) {
			in = append(in, e.String())
		}
	}
	if len(in) == 0 {
		return guichet.Errorf(guichet.KindNotFound, "%s is in no edition of the HS held here", c).WithHint("look at the codes of its heading: guichet codes %s", c.Chapter())
	}
	return guichet.Errorf(guichet.KindNotFound, "%s is not in %s", c, asked).WithHint("it is in %s: name that edition with --edition", strings.Join(in, ", "))
}

func gapNoEdition(lang string) string {
	return text(
		"the HS edition of these rows is not known, so that an HS code cannot be looked up in them",
		"l’édition du SH de ces lignes est inconnue : un code du SH ne peut pas y être cherché",
	).In(lang)
}

// editionsOf checks both editions. A present edition that is not held, 0 among
// them, is no fault of the asker and comes back as 0.
func editionsOf(r guichet.Resolution) (present, asked hs.Edition, err error) {
	present, asked = hs.Edition(r.Present), hs.Edition(r.Asked)
	if !slices.Contains(hs.Editions(), present) {
		present = 0
	}
	if asked == 0 {
		return present, present, nil
	}
	if !slices.Contains(hs.Editions(), asked) {
		return 0, 0, guichet.Errorf(guichet.KindInvalid, "HS edition %d is not held", r.Asked).WithHint("give 2007, 2012, 2017 or 2022")
	}
	return present, asked, nil
}

// subheadings returns the six-digit codes of an edition under the wanted ones,
// each once, sorted.
func subheadings(e hs.Edition, wanted []hs.Code) []hs.Code {
	var out []hs.Code
	if !slices.ContainsFunc(wanted, func(w hs.Code) bool { return len(w) != 6 || !hs.Known(e, w) }) {
		return slices.Compact(slices.Sorted(slices.Values(wanted))) // nothing to look for below them
	}
	for _, c := range hs.Codes(e, 6) {
		if slices.ContainsFunc(wanted, func(w hs.Code) bool { return strings.HasPrefix(string(c), string(w)) }) {
			out = append(out, c)
		}
	}
	return out
}

// remarkOn is a remark that also says what it is about.
func remarkOn(code, lang, what string) guichet.Remark {
	return guichet.Remark{Code: code, Text: fmt.Sprintf("%s (%s)", RemarkText(code, lang), what)}
}

func texts(cs []hs.Code) []string {
	out := make([]string, 0, len(cs))
	for _, c := range cs {
		out = append(out, string(c))
	}
	return out
}

// named names the first few codes and counts the rest.
func named(cs []hs.Code, lang string) string {
	if len(cs) <= namedAtMost {
		return strings.Join(texts(cs), ", ")
	}
	return fmt.Sprintf(text("%s and %d more", "%s et %d autres").In(lang), strings.Join(texts(cs[:namedAtMost]), ", "), len(cs)-namedAtMost)
}

// clip keeps a message short whatever was sent.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}
