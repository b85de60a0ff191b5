package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/ingest/draft"
)

// jsonTable reads rows of JSON from the beginnings of the pieces: arrays of
// values, or flat objects in an array that may stand within other objects.
// Places amid a JSON text cannot be read, so only beginnings are.
func jsonTable(name string, pieces []piece, t *draft.Table) error {
	var j jsonRows
	for _, p := range pieces {
		if !p.head || j.wide || len(j.rows) >= draftRows {
			continue
		}
		j.dec = json.NewDecoder(bytes.NewReader(p.text))
		j.dec.UseNumber()
		err := j.find("", 0)
		if err != nil && !errors.Is(err, errStop) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && len(j.rows) == 0 {
			return guichet.Errorf(guichet.KindInvalid, "%s is no JSON that can be read: %w", name, err)
		}
	}
	if j.wide {
		return tooWide(name)
	}
	if len(j.rows) == 0 {
		return notDraftable(name, "JSON without rows", "rows are arrays of values, or flat objects in one array")
	}
	if j.nested {
		return notDraftable(name, "JSON whose rows hold other objects or arrays", "ask for a flat table, or for CSV")
	}
	if j.keys != nil {
		t.Shape.Kind, t.Shape.At, t.Names = kindObjects, j.at, j.keys
		t.Rows = j.objects()
		t.Typed = j.typed(t.Rows)
		return nil
	}
	t.Shape.Kind = kindArrays
	columns := len(j.rows[0])
	all := slices.DeleteFunc(j.rows, func(r []string) bool { return len(r) != columns })
	if err := nameColumns(name, all, t); err != nil {
		return err
	}
	t.Shape.HeaderRow, t.Shape.NoHeader = !t.Shape.NoHeader, false
	t.Typed = j.typed(t.Rows)
	return nil
}

// jsonRows gathers rows from a document.
type jsonRows struct {
	dec     *json.Decoder
	at      string
	keys    []string // of objects, in the order in which they are met; nil of arrays
	rows    [][]string
	maps    []map[string]string
	numbers map[string]bool // keys, or places of arrays, whose values are JSON numbers
	known   map[string]bool // keys
	nested  bool
	wide    bool // there are more columns than are looked at
}

// find reads one value that stands at a path, and stops after the rows.
func (j *jsonRows) find(at string, depth int) error {
	tok, err := j.dec.Token()
	if err != nil {
		return err //nolint:wrapcheck // told by the caller, with the file
	}
	switch tok {
	case json.Delim('['):
		if err := j.readRows(at); err != nil {
			return err
		}
		if len(j.rows) > 0 {
			return errStop
		}
	case json.Delim('{'):
		for j.dec.More() {
			key, err := j.dec.Token()
			if err != nil {
				return err //nolint:wrapcheck // as above
			}
			if depth > 3 {
				return errStop
			}
			if err := j.find(strings.TrimPrefix(at+"."+key.(string), "."), depth+1); err != nil { //nolint:forcetypeassert // a key of an object is a text
				return err
			}
		}
		_, err = j.dec.Token()
	}
	return err
}

// readRows reads the elements of an array as rows.
func (j *jsonRows) readRows(at string) error {
	for j.dec.More() && len(j.rows) < draftRows {
		var raw json.RawMessage
		if err := j.dec.Decode(&raw); err != nil {
			return err //nolint:wrapcheck // as above
		}
		if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
			continue // an array of single values is no table
		}
		j.at = at
		if err := j.row(raw); err != nil {
			return err
		}
	}
	if j.dec.More() {
		return nil
	}
	_, err := j.dec.Token()
	return err //nolint:wrapcheck // as above
}

// row reads one row.
func (j *jsonRows) row(raw json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	open, err := dec.Token()
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	values := map[string]string{}
	var row []string
	for dec.More() {
		key := ""
		if open == json.Delim('{') {
			k, err := dec.Token()
			if err != nil {
				return err //nolint:wrapcheck // as above
			}
			key = k.(string) //nolint:forcetypeassert // a key of an object is a text
			j.meet(key)
		}
		if j.wide = max(len(j.keys), len(row)+1) > draftColumns; j.wide {
			return errStop
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return err //nolint:wrapcheck // as above
		}
		text := j.text(v)
		if _, number := v.(json.Number); number {
			j.note(key, len(row))
		}
		values[key] = text
		row = append(row, text)
	}
	j.rows, j.maps = append(j.rows, row), append(j.maps, values)
	return nil
}

// meet takes up a key of an object.
func (j *jsonRows) meet(key string) {
	if j.known == nil {
		j.known = map[string]bool{}
	}
	if !j.known[key] {
		j.known[key] = true
		j.keys = append(j.keys, key)
	}
}

func (j *jsonRows) note(key string, place int) {
	if j.numbers == nil {
		j.numbers = map[string]bool{}
	}
	if key == "" {
		key = strconv.Itoa(place)
	}
	j.numbers[key] = true
}

func (j *jsonRows) text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	j.nested = true
	return ""
}

// objects puts the values of objects under the keys of all.
func (j *jsonRows) objects() [][]string {
	out := make([][]string, min(len(j.maps), draftCells/max(1, len(j.keys))))
	for i, m := range j.maps[:len(out)] {
		out[i] = make([]string, len(j.keys))
		for k, key := range j.keys {
			out[i][k] = m[key]
		}
	}
	return out
}

// typed says which columns are JSON numbers.
func (j *jsonRows) typed(rows [][]string) []bool {
	if len(rows) == 0 {
		return nil
	}
	out := make([]bool, len(rows[0]))
	for i := range out {
		key := strconv.Itoa(i)
		if j.keys != nil {
			key = j.keys[i]
		}
		out[i] = j.numbers[key]
	}
	return out
}
