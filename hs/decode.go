package hs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxText bounds what one packed file may unfold to; the largest has 86 kB.
const maxText = 1 << 20

// unpack undoes gzip and checks the header line against the body:
//
//	guichet hs facts	format=1	table=HS2022	date=2026-11-21	version=201c812e51f2	rows=5612	digest=99...	source=...
func unpack(packed []byte) (Source, string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Source{}, "", fmt.Errorf("unpack: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return Source{}, "", fmt.Errorf("unpack: %w", err)
	}
	if len(text) > maxText {
		return Source{}, "", fmt.Errorf("unpack: more than %d bytes", maxText)
	}
	head, body, _ := strings.Cut(string(text), "\n")
	s, err := parseHead(head)
	if err != nil {
		return Source{}, "", err
	}
	if sum := sha256.Sum256([]byte(body)); hex.EncodeToString(sum[:]) != s.Digest {
		return Source{}, "", fmt.Errorf("%s: the body is not the one of the header's digest: make the facts anew", s.Table)
	}
	return s, body, nil
}

func parseHead(head string) (Source, error) {
	fields := strings.Split(head, "\t")
	names := []string{"table", "date", "version", "rows", "digest", "source"}
	if len(fields) != len(names)+2 || fields[0] != "guichet hs facts" || fields[1] != "format=1" {
		return Source{}, fmt.Errorf("header %q is not of format 1", clip(head))
	}
	values := make([]string, len(names))
	for i, name := range names {
		value, ok := strings.CutPrefix(fields[i+2], name+"=")
		if !ok || value == "" {
			return Source{}, fmt.Errorf("header lacks %s", name)
		}
		values[i] = value
	}
	rows, err := strconv.Atoi(values[3])
	if err != nil {
		return Source{}, fmt.Errorf("header: rows: %w", err)
	}
	return Source{Table: values[0], Date: values[1], Version: values[2], Rows: rows, Digest: values[4], From: values[5]}, nil
}

// listed is a subheading and its unit as a list has them.
type listed struct {
	code Code
	unit string
}

// decodeList reads the body of an edition: the units, named a, b, c and so on
// in their order, then a line for each heading with its subheadings' last two
// digits and the letters of their units.
//
//	units	kg	u	2u
//	6307 10a 20b 90a
func decodeList(body string) ([]listed, error) {
	first, rest, _ := strings.Cut(body, "\n")
	units := strings.Split(first, "\t")
	if units[0] != "units" {
		return nil, errors.New("line 1: no units")
	}
	units = units[1:]
	var codes []listed
	number, last := 1, Code("")
	for line := range strings.Lines(rest) {
		number++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields[0]) != 4 || !isDigits(fields[0]) || len(fields) == 1 {
			return nil, fmt.Errorf("line %d: no heading with subheadings", number)
		}
		for _, f := range fields[1:] {
			l := listed{}
			if len(f) == 3 {
				n := int(f[2]) - 'a'
				if n < 0 || n >= len(units) {
					return nil, fmt.Errorf("line %d: %q has no unit of the list", number, clip(f))
				}
				l.unit, f = units[n], f[:2]
			}
			l.code = Code(fields[0] + f)
			if len(f) != 2 || !isDigits(f) || l.code <= last {
				return nil, fmt.Errorf("line %d: %q is no subheading after %s", number, clip(f), last)
			}
			codes, last = append(codes, l), l.code
		}
	}
	return codes, nil
}

// pair is a row of a correlation table.
type pair struct {
	newer, older       Code
	byDefault, partial bool
}

// decodeTable reads the body of a correlation table: a newer code, then the
// older codes related to it, with * for UNSD's single conversion and x for
// "ex". Two digits stand for a code whose heading is that of the code before
// it, which on a line is the one written before, and at its start the code
// that opens the line above.
//
//	401512 11* 19
//	19 19*
func decodeTable(body string) ([]pair, error) {
	pairs := make([]pair, 0, len(body)/5) // a row takes five bytes or more
	number, newer := 0, Code("")
	for line := range strings.Lines(body) {
		number++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		next, err := whole(newer, fields[0])
		if err != nil || next <= newer || len(fields) == 1 {
			return nil, fmt.Errorf("line %d: %q does not go on from %s", number, clip(line), newer)
		}
		newer = next
		before, last, conversions := newer, Code(""), 0
		for _, f := range fields[1:] {
			p := pair{newer: newer}
			f, p.partial = strings.CutSuffix(f, "x")
			f, p.byDefault = strings.CutSuffix(f, "*")
			p.older, err = whole(before, f)
			if err != nil || p.older <= last {
				return nil, fmt.Errorf("line %d: %q does not go on from %s", number, clip(f), before)
			}
			if p.byDefault {
				conversions++
			}
			before, last = p.older, p.older
			pairs = append(pairs, p)
		}
		if conversions != 1 {
			return nil, fmt.Errorf("line %d: %d conversions, not one", number, conversions)
		}
	}
	return pairs, nil
}

// whole completes a code of two digits with the heading of the code before.
func whole(before Code, s string) (Code, error) {
	if len(s) == 2 {
		s = string(before.Heading()) + s
	}
	if len(s) != 6 || !isDigits(s) {
		return "", errors.New("no code")
	}
	return Code(s), nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
