package portal

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// typeset gives a French page its no-break spaces and apostrophes where a room, another
// member or a person wrote plain ones: before ; : ? ! », after «, and between letters. Only
// what is read is touched: no tag, no code, nothing that is to be typed or copied as it is,
// nothing in English.
//
// Words of ours have them already. It is done here because texts of rooms and of other
// members cross borders, and a sign that nobody sees must not tell two of them apart.
func typeset(page []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(page) + len(page)/64)
	kept := "" // the element whose content stands as it is: until its end
	for tag := ""; len(page) > 0; {
		i := bytes.IndexByte(page, '<')
		if i < 0 {
			i = len(page)
		}
		if text := string(page[:i]); kept != "" || strings.Contains(tag, "guichet-mono") || strings.Contains(tag, `lang="en"`) {
			out.WriteString(text)
		} else {
			out.WriteString(typesetText(text))
		}
		page = page[i:]
		end := bytes.IndexByte(page, '>')
		if end < 0 {
			out.Write(page)
			break
		}
		tag = string(page[:end+1])
		out.WriteString(tag)
		page = page[end+1:]
		kept = keptAfter(kept, tag)
	}
	return out.Bytes()
}

// keptAfter is the element whose content stands as it is, after a tag.
func keptAfter(kept, tag string) string {
	name, _, _ := strings.Cut(strings.Trim(tag, "<>"), " ")
	switch {
	case kept != "" && name == "/"+kept:
		return ""
	case kept != "":
		return kept
	}
	switch name {
	case "pre", "code", "textarea", "script", "style":
		return name
	}
	return ""
}

const apostrophe = "&#39;" // as html/template writes it

func typesetText(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "« ", "«\u00a0"), " »", "\u00a0»")
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case rest[0] == ' ' && len(rest) > 1 && strings.IndexByte(";:?!", rest[1]) >= 0 && (len(rest) == 2 || rest[2] == ' ' || rest[2] == '\n'):
			b.WriteString("\u00a0")
			i++
		case strings.HasPrefix(rest, apostrophe) && letterBefore(text[:i]) && letterAfter(rest[len(apostrophe):]):
			b.WriteString("’")
			i += len(apostrophe)
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

func letterBefore(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return unicode.IsLetter(r)
}

func letterAfter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}
