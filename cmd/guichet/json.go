package main

import (
	"bytes"
	"encoding/json"

	"guichet"
)

// printJSON writes a value as --json promises it: indented, exact, and with no
// sign that a terminal would obey.
func (w *window) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return &guichet.Error{Kind: guichet.KindInternal, Message: "write JSON", Err: err}
	}
	w.write(harmless(b.String()))
	return nil
}

// some returns a list that JSON shows as [] when there is nothing, never as
// null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
