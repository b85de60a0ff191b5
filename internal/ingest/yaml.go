package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"guichet/internal/ingest/draft"
	"guichet/wording"
)

// maxProfile bounds a profile's text. The largest of ours has 12 KiB.
const maxProfile = 1 << 20

// fault is one thing wrong with a profile, and where.
type fault struct {
	line int
	text wording.Sentence
}

// places remembers the line on which each value of a profile stands, by its
// path: "records[1].constants.flow".
type places map[string]int

// decodeYAML reads one document into dst, a pointer to a struct. It is strict:
// unknown and repeated keys, anchors, aliases, tags, nulls and second documents
// are faults. All faults are returned together.
//
// yaml.Decoder with KnownFields would tell them as text with Go types in it,
// and forget where what it took stands; so the decoder's node tree is walked
// here instead (docs/decisions/0005).
func decodeYAML(text []byte, dst any) (places, []fault) {
	if len(text) > maxProfile {
		return nil, []fault{{1, wording.Say("a profile may have %d bytes; this one has %d", maxProfile, len(text))}}
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, []fault{{1, wording.Say("the profile is empty")}}
		}
		return nil, []fault{syntaxFault(err)}
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, []fault{{max(second.Line, 1), wording.Say("a profile is one document; a second one begins here")}}
	}
	d := yamlWalk{places: places{}}
	if len(doc.Content) == 1 {
		d.value(doc.Content[0], reflect.ValueOf(dst).Elem(), "")
	}
	return d.places, d.faults
}

// syntaxFault says the library's own complaint. Its text begins with the line:
// "yaml: line 3: did not find expected ',' or ']'".
func syntaxFault(err error) fault {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if n, what, ok := strings.Cut(rest, ": "); ok {
			if i, err := strconv.Atoi(n); err == nil {
				line, text = i, what
			}
		}
	}
	return fault{line, wording.Say("no YAML: %s", text)}
}

type yamlWalk struct {
	places places
	faults []fault
}

func (d *yamlWalk) fail(n *yaml.Node, format string, args ...any) {
	d.faults = append(d.faults, fault{n.Line, wording.Say(format, args...)})
}

// value reads one node into v.
func (d *yamlWalk) value(n *yaml.Node, v reflect.Value, path string) {
	d.places[path] = n.Line
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n, "%s: anchors and aliases are not read in a profile", named(path))
		return
	}
	kind := v.Kind()
	if kind == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
		return
	}
	if kind == reflect.Struct && d.is(n, yaml.MappingNode, path, "keys with values") {
		d.object(n, v, path)
	}
	if kind == reflect.Map && d.is(n, yaml.MappingNode, path, "keys with values") {
		d.table(n, v, path)
	}
	if kind == reflect.Slice && d.is(n, yaml.SequenceNode, path, "a list") {
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, c := range n.Content {
			d.value(c, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	}
	single := kind == reflect.String || kind == reflect.Int || kind == reflect.Bool
	if single && d.is(n, yaml.ScalarNode, path, "one value") {
		d.scalar(n, v, path)
	}
}

func (d *yamlWalk) is(n *yaml.Node, kind yaml.Kind, path, want string) bool {
	if n.Kind != kind {
		d.fail(n, "%s: %s must stand here", named(path), want)
		return false
	}
	return true
}

// object reads a mapping into a struct; each field is known by its yaml tag.
func (d *yamlWalk) object(n *yaml.Node, v reflect.Value, path string) {
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
			fields[key] = i
			known = append(known, key)
		} else if key := v.Type().Field(i).Tag.Get("json"); key != "" { // guichet.Text
			fields[key] = i
			known = append(known, key)
		}
	}
	d.pairs(n, path, func(key string, k, value *yaml.Node) {
		i, ok := fields[key]
		if !ok {
			d.fail(k, "%s: the key %q is not known; known are %s", named(path), key, strings.Join(known, ", "))
			return
		}
		d.value(value, v.Field(i), join(path, key))
	})
}

// table reads a mapping into a map of strings to anything.
func (d *yamlWalk) table(n *yaml.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, path, func(key string, _, value *yaml.Node) {
		x := reflect.New(v.Type().Elem()).Elem()
		d.value(value, x, join(path, key))
		v.SetMapIndex(reflect.ValueOf(key), x)
	})
}

// pairs visits the keys of a mapping, each once.
func (d *yamlWalk) pairs(n *yaml.Node, path string, visit func(key string, k, v *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Tag == "!!merge" || k.Tag == "!!null" {
			d.fail(k, "%s: a key must be a plain text", named(path))
			continue
		}
		if first, ok := seen[k.Value]; ok {
			d.fail(k, "%s: the key %q stands twice; first on line %d", named(path), k.Value, first)
			continue
		}
		seen[k.Value] = k.Line
		visit(k.Value, k, v)
	}
}

// scalar reads one value. Texts are taken as they are written, whatever YAML
// makes of them: 008, 0101 and NO are codes, not numbers or truth.
func (d *yamlWalk) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Tag == "!!null" || n.Style&yaml.TaggedStyle != 0 {
		d.fail(n, "%s: a value is missing; write \"\" for the empty text", named(path))
		return
	}
	if n.Value == draft.FillMe {
		d.fail(n, "%s: not filled in yet; %s", named(path), fillHint(path))
		return
	}
	if v.Kind() == reflect.String {
		v.SetString(n.Value)
		return
	}
	if v.Kind() == reflect.Int {
		i, err := strconv.Atoi(n.Value)
		if err != nil || n.Tag != "!!int" {
			d.fail(n, "%s: %q is no whole number", named(path), n.Value)
			return
		}
		v.SetInt(int64(i))
		return
	}
	if n.Value != "true" && n.Value != "false" {
		d.fail(n, "%s: %q is neither true nor false", named(path), n.Value)
		return
	}
	v.SetBool(n.Value == "true")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// named is a path for people.
func named(path string) string {
	if path == "" {
		return "profile"
	}
	return path
}
