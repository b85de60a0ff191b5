package circle

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"guichet"
)

// WriteAgreement writes an agreement for a person to edit: every field, also the
// empty ones, with what it means in English and French. ReadAgreement reads it
// back to the same paper.
func WriteAgreement(a guichet.Agreement) ([]byte, error) {
	return writeYAML(a, agreementComments())
}

// WriteMember writes a member's own paper for a person to edit; its keys are not
// written.
func WriteMember(m guichet.Member) ([]byte, error) {
	return writeYAML(memberYAML{m.Code, m.Name, m.Role, m.Offices, m.Endpoints, m.Contacts}, memberComments())
}

func writeYAML(paper any, comments map[string]string) ([]byte, error) {
	w := &yamlWriter{comments: comments}
	n, err := w.node(reflect.ValueOf(paper), "")
	if err != nil {
		return nil, err
	}
	n.HeadComment = comments[""]
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	const indent = 2
	e.SetIndent(indent)
	if err := e.Encode(n); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out.Bytes(), nil
}

type yamlWriter struct{ comments map[string]string }

// node writes a value. path names the field without the numbers of lists:
// "terms.levels".
func (w *yamlWriter) node(v reflect.Value, path string) (*yaml.Node, error) {
	switch v.Kind() { //nolint:exhaustive // the other kinds go by default
	case reflect.Struct:
		return w.structNode(v, path)
	case reflect.Map:
		return w.mapNode(v, path)
	case reflect.Slice:
		return w.listNode(v, path)
	case reflect.Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}, nil
	default:
		return textNode(v.String(), path)
	}
}

func (w *yamlWriter) structNode(v reflect.Value, path string) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i, name := range yamlFields(v.Type()) {
		own := join(path, name)
		inner, err := w.node(v.Field(i), own)
		if err != nil {
			return nil, err
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, HeadComment: w.comments[own]}
		n.Content = append(n.Content, key, inner)
	}
	return n, nil
}

func (w *yamlWriter) mapNode(v reflect.Value, path string) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		inner, err := w.node(v.MapIndex(k), path)
		if err != nil {
			return nil, err
		}
		key, err := textNode(k.String(), path)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, key, inner)
	}
	if len(keys) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n, nil
}

func (w *yamlWriter) listNode(v reflect.Value, path string) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if v.Len() == 0 || v.Type().Elem().Kind() == reflect.String {
		n.Style = yaml.FlowStyle
	}
	comments := w.comments
	for i := range v.Len() {
		inner, err := w.node(v.Index(i), path)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, inner)
		w.comments = nil // once is enough
	}
	w.comments = comments
	return n, nil
}

// plainText needs no quotes and is read as text by every reader of YAML.
var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9(][A-Za-z0-9_.)/-]*)*$`)

func textNode(s, path string) (*yaml.Node, error) {
	if !utf8.ValidString(s) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is no UTF-8 text", path)
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	words := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	if !plainText.MatchString(s) || slices.Contains(words, strings.ToLower(s)) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n, nil
}
