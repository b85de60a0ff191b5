package circle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"guichet"
	"guichet/wording"
)

// Limits of the papers that people write. An agreement of forty parties with a
// hundred terms stays well below.
const (
	maxYAML   = 512 << 10 // bytes
	maxDepth  = 24
	maxNodes  = 50000
	maxFaults = 50 // told at once
)

// ReadAgreement reads an agreement that a person has written:
//
//	id: b5-covid-supply
//	parties:
//	  - member: CA
//	    offices: [statistics]
//
// Every fault is told at once, each with its line and column: unknown fields,
// values of another kind, anything of YAML that one reader may understand in
// another way than the next (aliases, tags, several documents). What a field
// must hold is judged by the rules of agreements.
func ReadAgreement(text []byte) (guichet.Agreement, error) {
	var a guichet.Agreement
	if err := readYAML(text, &a, "agreement draft"); err != nil {
		return guichet.Agreement{}, err
	}
	return filled(a), nil
}

// memberYAML is the part of a member's paper that people write; its keys come
// from the key file.
type memberYAML struct {
	Code      string            `yaml:"code"`
	Name      guichet.Text      `yaml:"name"`
	Role      string            `yaml:"role"`
	Offices   []guichet.Office  `yaml:"offices"`
	Endpoints []string          `yaml:"endpoints"`
	Contacts  []guichet.Contact `yaml:"contacts"`
}

// ReadMember reads a member's own paper that a person has written. It has no
// keys yet.
func ReadMember(text []byte) (guichet.Member, error) {
	var m memberYAML
	if err := readYAML(text, &m, "circle paper"); err != nil {
		return guichet.Member{}, err
	}
	return filled(guichet.Member{Code: m.Code, Name: m.Name, Role: m.Role, Offices: m.Offices, Endpoints: m.Endpoints, Contacts: m.Contacts}), nil
}

// readYAML reads a paper; writer is the command that writes an empty one.
func readYAML(text []byte, into any, writer string) error {
	if len(text) > maxYAML {
		return guichet.Errorf(guichet.KindHostile, "the paper has %d bytes; at most %d are read", len(text), maxYAML)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "the paper is empty")
	} else if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "the paper is no YAML: %w", err).WithHint("check the indentation and the quotes at that line")
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "the paper holds more than one document").WithHint("remove the lines of --- and what follows")
	}
	r := &yamlReader{}
	if r.plain(&doc, 0); len(r.faults) == 0 && len(doc.Content) == 1 {
		r.read(doc.Content[0], reflect.ValueOf(into).Elem(), "")
	}
	if len(r.faults) == 0 {
		return nil
	}
	if more := len(r.faults) - maxFaults; more > 0 {
		r.faults = append(r.faults[:maxFaults], wording.Say("and %d more", more))
	}
	return guichet.Errorf(guichet.KindInvalid, "the paper has faults:\n%s", wording.Several(r.faults, "\n")).
		WithHint("mend the lines named; guichet %s writes a paper with every field explained", writer)
}

// yamlReader turns nodes into values by the yaml tags of their fields. The
// library's own decoder stops short of telling the place and the path.
type yamlReader struct {
	nodes  int
	faults []wording.Sentence
}

func (r *yamlReader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, wording.Say("line %d, column %d: %s", n.Line, n.Column, wording.Say(format, args...)))
}

// plain refuses what makes a small file large, or its meaning doubtful.
func (r *yamlReader) plain(n *yaml.Node, depth int) {
	r.nodes++
	switch {
	case depth > maxDepth:
		r.fault(n, "nested deeper than %d", maxDepth)
		return
	case r.nodes == maxNodes:
		r.fault(n, "more than %d values", maxNodes)
		return
	case r.nodes > maxNodes:
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.fault(n, "anchors and aliases (& and *) are not read; write the value out")
		return
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(n, "tags (!) are not read")
		return
	}
	for _, inner := range n.Content {
		r.plain(inner, depth+1)
	}
}

func (r *yamlReader) read(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && (n.Value == "" || n.Value == "null" || n.Value == "~") && into.Kind() != reflect.String {
		return // "offices:" with nothing after it
	}
	switch into.Kind() { //nolint:exhaustive // the other kinds go by default
	case reflect.Struct:
		r.readStruct(n, into, path)
	case reflect.Map:
		r.readMap(n, into, path)
	case reflect.Slice:
		r.readList(n, into, path)
	default:
		r.readScalar(n, into, path)
	}
}

// pairs are the fields of a mapping; each name once.
func (r *yamlReader) pairs(n *yaml.Node, path string, each func(key *yaml.Node, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s must hold fields (name: value)", orPaper(path))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			r.fault(k, "%s has a name that is no word", orPaper(path))
			continue
		}
		if line, twice := seen[k.Value]; twice {
			r.fault(k, "%s is written twice; first in line %d", join(path, clip(k.Value)), line)
			continue
		}
		seen[k.Value] = k.Line
		each(k, n.Content[i+1])
	}
}

func (r *yamlReader) readStruct(n *yaml.Node, into reflect.Value, path string) {
	fields := yamlFields(into.Type())
	r.pairs(n, path, func(k, v *yaml.Node) {
		for i, name := range fields {
			if name == k.Value && name != "" {
				r.read(v, into.Field(i), join(path, name))
				return
			}
		}
		r.fault(k, "there is no field %s; %s has %s", join(path, clip(k.Value)), orPaper(path), strings.Join(fields, ", "))
	})
}

func (r *yamlReader) readMap(n *yaml.Node, into reflect.Value, path string) {
	into.Set(reflect.MakeMap(into.Type()))
	r.pairs(n, path, func(k, v *yaml.Node) {
		// The names go into canonical JSON, where they are plain ASCII.
		if strings.ContainsFunc(k.Value, func(c rune) bool { return c < ' ' || c > '~' }) {
			r.fault(k, "%s: the name must be plain letters", join(path, clip(k.Value)))
			return
		}
		inner := reflect.New(into.Type().Elem()).Elem()
		r.read(v, inner, join(path, clip(k.Value)))
		into.SetMapIndex(reflect.ValueOf(k.Value), inner)
	})
}

func (r *yamlReader) readList(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "%s must be a list: [a, b], or lines that begin with -", path)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		r.read(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// readScalar takes a text as it is written: NO is Norway and never false, 0301 is
// a code and never a number.
func (r *yamlReader) readScalar(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		r.fault(n, "%s must be one value", path)
		return
	}
	switch into.Kind() { //nolint:exhaustive // the other kinds go by default
	case reflect.String:
		if n.Tag != "!!null" || n.Value != "" && n.Value != "~" {
			into.SetString(n.Value)
		}
	case reflect.Int:
		const most = 1 << 31
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil || v < -most || v > most || n.Style != 0 {
			r.fault(n, "%s must be a whole number, not %q", path, clip(n.Value))
			return
		}
		into.SetInt(v)
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" || n.Style != 0 {
			r.fault(n, "%s must be true or false, not %q", path, clip(n.Value))
			return
		}
		into.SetBool(n.Value == "true")
	default:
		r.fault(n, "%s cannot be written by hand", path)
	}
}

// yamlFields are the names of a struct's fields, in their order.
func yamlFields(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		f := t.Field(i)
		if names[i], _, _ = strings.Cut(f.Tag.Get("yaml"), ","); names[i] == "" {
			names[i] = strings.ToLower(f.Name)
		}
	}
	return names
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orPaper(path string) string {
	if path == "" {
		return "the paper"
	}
	return path
}
