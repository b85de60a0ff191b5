// Package wording is how people are told something in their own language: by a Text,
// which is written in both, or by a Sentence, which keeps apart what was written once, in
// English, and what fills its places, so that a window can say it by the words that it
// holds for what was written.
//
// It holds no words itself. It does not make a sentence grammatical: what a format says of
// one and of many alike is said so in every language.
package wording

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Text is a short wording for people in the two languages of the windows.
type Text struct {
	EN string `json:"en"`
	FR string `json:"fr"`
}

// In returns the wording in a language ("fr"), English for any other.
func (t Text) In(lang string) string {
	if lang == "fr" && t.FR != "" {
		return t.FR
	}
	return t.EN
}

// String returns the English wording, which errors are written in.
func (t Text) String() string { return t.EN }

// Sentence is an English sentence taken apart: what was written once, and what fills its
// places. A window looks its other languages up by the former.
type Sentence struct {
	Of     string  `json:"of"` // "there is no file %s"
	Pieces []Piece `json:"pieces,omitempty"`
}

// Piece fills a place of a Sentence.
type Piece struct {
	Text string    `json:"text"`           // as it stands in the English sentence
	FR   string    `json:"fr,omitempty"`   // where it came with French words
	Said *Sentence `json:"said,omitempty"` // where it is made of words itself
}

// Say takes a format and its arguments apart. An argument that has French words of its
// own (a Text), is a Sentence or an error made of one keeps them.
func Say(format string, args ...any) Sentence {
	return Of(fmt.Sprintf(format, args...), format, args)
}

// Of takes apart what was already written: a text, by its format and arguments. A format
// that is not as we write them (places with numbers, too few arguments) leaves the text
// whole.
func Of(text, format string, args []any) Sentence {
	w := Sentence{Of: format}
	for at := 0; ; {
		from, to := nextVerb(format, at)
		switch {
		case from < 0 && len(w.Pieces) == len(args):
			return w
		case from < 0, len(w.Pieces) == len(args), strings.ContainsAny(format[from:to], "[*"):
			return Plain(text)
		}
		w.Pieces = append(w.Pieces, pieceOf(format[from:to], args[len(w.Pieces)]))
		at = to
	}
}

// Plain is a text that was not written as a format.
func Plain(text string) Sentence { return Sentence{Of: "%s", Pieces: []Piece{{Text: text}}} }

// Several are sentences behind one another.
func Several(list []Sentence, between string) Sentence {
	args := make([]any, len(list))
	for i, w := range list {
		args[i] = w
	}
	return Say(strings.TrimSuffix(strings.Repeat("%s"+between, len(list)), between), args...)
}

// String returns the sentence in English.
func (w Sentence) String() string {
	return w.Fill(w.Of, func(i int) string { return w.Pieces[i].Text })
}

// Fill writes a format with the sentence's pieces in its places: in their order, or
// where it numbers them (%[2]s). A place for which there is no piece stays empty.
func (w Sentence) Fill(format string, piece func(i int) string) string {
	var b strings.Builder
	for n, at := 0, 0; ; n++ {
		from, to := nextVerb(format, at)
		if from < 0 {
			b.WriteString(strings.ReplaceAll(format[at:], "%%", "%"))
			return b.String()
		}
		b.WriteString(strings.ReplaceAll(format[at:from], "%%", "%"))
		i := n
		if number, _, ok := strings.Cut(strings.TrimPrefix(format[from:to], "%["), "]"); ok {
			if x, err := strconv.Atoi(number); err == nil {
				i = x - 1
			}
		}
		if i >= 0 && i < len(w.Pieces) {
			b.WriteString(piece(i))
		}
		at = to
	}
}

// nextVerb finds the next place of a format, such as %s, %d or %.16s; from is -1 where
// there is none.
func nextVerb(format string, at int) (from, to int) {
	for i := at; i < len(format)-1; i++ {
		if format[i] != '%' {
			continue
		}
		if format[i+1] == '%' {
			i++
			continue
		}
		for j := i + 1; j < len(format); j++ {
			if c := format[j]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
				return i, j + 1
			}
		}
	}
	return -1, -1
}

// told is an error that can be said in other languages.
type told interface {
	error
	Wording() Sentence
}

func pieceOf(verb string, arg any) Piece {
	if v, ok := strings.CutSuffix(verb, "w"); ok {
		verb = v + "v"
	}
	p := Piece{Text: fmt.Sprintf(verb, arg)}
	switch x := arg.(type) {
	case Sentence:
		p.Said = &x
	case Text:
		p.FR = x.FR
	case error:
		if e, ok := errors.AsType[told](x); ok {
			if before, ok := strings.CutSuffix(p.Text, e.Error()); ok { // "read line 3: " and what that says
				w := e.Wording()
				p.Said = &Sentence{Of: "%s%s", Pieces: []Piece{{Text: before}, {Text: e.Error(), Said: &w}}}
			}
		}
	}
	return p
}

// Renamed returns the sentence with another name for what it speaks of.
func (w Sentence) Renamed(old, name string) Sentence {
	out := Sentence{Of: w.Of}
	for _, p := range w.Pieces {
		p.Text, p.FR = strings.ReplaceAll(p.Text, old, name), strings.ReplaceAll(p.FR, old, name)
		if p.Said != nil {
			said := p.Said.Renamed(old, name)
			p.Said = &said
		}
		out.Pieces = append(out.Pieces, p)
	}
	return out
}
