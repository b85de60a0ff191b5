package seal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dunglas/httpsfv"

	"guichet"
)

// component is a component identifier of RFC 9421, section 2: what of a message
// is covered, as in "@method" or "content-digest";req.
type component struct {
	id   string // as serialised: it stands in the signature base
	same string // equal for two identifiers that mean the same: parameters in order
	name string
	// The parameters. Any other is refused by name.
	req, sf, bs, tr bool
	key, param      *string // of ;key and of "@query-param";name
}

// The derived components that a request has; a response has @status.
const (
	derivedMethod    = "@method"
	derivedAuthority = "@authority"
	derivedPath      = "@path"
	derivedQuery     = "@query"
	derivedStatus    = "@status"
)

func newComponent(item httpsfv.Item) (component, error) {
	name, ok := item.Value.(string)
	if !ok || name == "" || strings.ToLower(name) != name || name == "@signature-params" {
		return component{}, badInput("%v is no name of a component", item.Value)
	}
	if params := item.Params.Names(); isName(name) && len(params) == 0 {
		c := plainComponent(name)
		return c, c.check()
	} else if isName(name) && len(params) == 1 && params[0] == "req" {
		if v, _ := item.Params.Get("req"); v == true {
			c := ofRequest(name)
			return c, c.check()
		}
	}
	id, err := httpsfv.Marshal(item)
	if err != nil {
		return component{}, badInput("component %q: %w", name, err)
	}
	c := component{id: id, name: name}
	marks := []string{name}
	for _, p := range item.Params.Names() {
		v, _ := item.Params.Get(p)
		if err := c.set(p, v); err != nil {
			return component{}, err
		}
		mark, err := httpsfv.Marshal(httpsfv.NewItem(v))
		if err != nil {
			return component{}, badInput("component %s: %w", id, err)
		}
		marks = append(marks, p+"="+mark)
	}
	slices.Sort(marks[1:])
	c.same = strings.Join(marks, ";")
	return c, c.check()
}

// plainComponent is a component without parameters, and ofRequest the same of the
// request that a response answers: all that our own messages cover.
func plainComponent(name string) component {
	return component{id: `"` + name + `"`, same: name, name: name}
}

func ofRequest(name string) component {
	return component{id: `"` + name + `";req`, same: name + ";req=?1", name: name, req: true}
}

// isName says whether a name needs no escapes in quotation marks.
func isName(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < '!' || b > '~' || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

func (c *component) set(p string, v any) error {
	var flag *bool
	var text **string
	switch p {
	case "req":
		flag = &c.req
	case "sf":
		flag = &c.sf
	case "bs":
		flag = &c.bs
	case "tr":
		flag = &c.tr
	case "key":
		text = &c.key
	case "name":
		text = &c.param
	default:
		return badInput("component %s has the parameter %q, which is not known here", c.id, p)
	}
	if flag != nil {
		*flag = true
		if v != true {
			return badInput("component %s: the parameter %s is a flag", c.id, p)
		}
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return badInput("component %s: the parameter %s is a text", c.id, p)
	}
	*text = &s
	return nil
}

func (c *component) check() error {
	derived := strings.HasPrefix(c.name, "@")
	switch {
	case derived && (c.sf || c.bs || c.tr || c.key != nil):
		return badInput("component %s: sf, bs, tr and key belong to fields", c.id)
	case (c.param != nil) != (c.name == "@query-param"):
		return badInput("component %s: name belongs to @query-param, which needs it", c.id)
	case c.bs && (c.sf || c.key != nil):
		return badInput("component %s: bs goes with neither sf nor key", c.id)
	}
	return nil
}

// value is the component's value in a message; an error where it has none.
func (c *component) value(m *Message) (string, error) {
	if c.req {
		if m.Status == 0 {
			return "", badInput("component %s: only a response has a request", c.id)
		}
		if m.Request == nil {
			return "", badInput("component %s: the request that was answered is not known", c.id)
		}
		m = m.Request
	}
	if !strings.HasPrefix(c.name, "@") {
		return c.field(m)
	}
	if c.name == derivedStatus {
		if m.Status == 0 {
			return "", badInput("component %s: a request has no status", c.id)
		}
		return strconv.Itoa(m.Status), nil
	}
	if m.Status != 0 {
		return "", badInput("component %s is of the request: it needs the parameter req", c.id)
	}
	return c.derived(m)
}

func (c *component) derived(m *Message) (string, error) {
	switch c.name {
	case derivedMethod:
		return m.Method, nil
	case derivedAuthority:
		return m.authority(), nil
	case derivedPath:
		return m.path(), nil
	case derivedQuery:
		return m.query(), nil
	case "@scheme":
		return strings.ToLower(m.Scheme), nil
	case "@target-uri":
		return m.targetURI(), nil
	case "@request-target":
		return m.Target, nil
	case "@query-param":
		return c.queryParam(m)
	}
	return "", badInput("component %s is not known here", c.id)
}

// queryParam is the value of one parameter of the query, decoded as a form is and
// encoded again (RFC 9421, section 2.2.8). One that stands there twice is refused.
func (c *component) queryParam(m *Message) (string, error) {
	var found []string
	for pair := range strings.SplitSeq(m.query()[1:], "&") {
		name, value, _ := strings.Cut(pair, "=")
		if formEncode(formDecode(name)) == *c.param {
			found = append(found, formEncode(formDecode(value)))
		}
	}
	if len(found) != 1 {
		return "", badInput("component %s: the query has that parameter %d times, not once", c.id, len(found))
	}
	return found[0], nil
}

// field is the value of a field (RFC 9421, section 2.1).
func (c *component) field(m *Message) (string, error) {
	header := m.Header
	if c.tr {
		header = m.Trailer
	}
	values := header.Values(c.name)
	if c.name == "host" && !c.tr && m.Status == 0 {
		values = []string{m.Authority} // net/http keeps it apart
	}
	if len(values) == 0 {
		return "", badInput("component %s: the message has no such field", c.id)
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Trim(v, " \t")
	}
	switch {
	case c.bs:
		return wrapped(trimmed)
	case c.key != nil:
		return c.member(trimmed)
	case c.sf:
		return c.strict(m, trimmed)
	}
	return strings.Join(trimmed, ", "), nil
}

// wrapped is RFC 9421, section 2.1.3: each line as bytes, so that two messages
// with commas in other places cannot read alike.
func wrapped(values []string) (string, error) {
	list := make(httpsfv.List, len(values))
	for i, v := range values {
		list[i] = httpsfv.NewItem([]byte(v))
	}
	text, err := httpsfv.Marshal(list)
	if err != nil {
		return "", badInput("a field cannot be wrapped: %w", err)
	}
	return text, nil
}

// member is RFC 9421, section 2.1.2: one member of a dictionary.
func (c *component) member(values []string) (string, error) {
	d, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return "", badInput("component %s: the field is no dictionary: %w", c.id, err)
	}
	m, ok := d.Get(*c.key)
	if !ok {
		return "", badInput("component %s: the field has no such member", c.id)
	}
	sfv, ok := m.(httpsfv.StructuredFieldValue)
	if !ok {
		return "", badInput("component %s: the member cannot be written", c.id)
	}
	text, err := httpsfv.Marshal(sfv)
	if err != nil {
		return "", badInput("component %s: %w", c.id, err)
	}
	return text, nil
}

// strict is RFC 9421, section 2.1.1: the field as its type would be written. A
// field whose type is not known is refused, since a guess could sign another value.
func (c *component) strict(m *Message, values []string) (string, error) {
	kind := m.Structured[c.name]
	switch c.name {
	case "content-digest", "signature", "signature-input":
		kind = "dictionary"
	}
	var v httpsfv.StructuredFieldValue
	var err error
	switch kind {
	case "dictionary":
		v, err = httpsfv.UnmarshalDictionary(values)
	case "list":
		v, err = httpsfv.UnmarshalList(values)
	case "item":
		v, err = httpsfv.UnmarshalItem(values)
	default:
		return "", badInput("component %s: which structured field that is, is not known here", c.id)
	}
	if err != nil {
		return "", badInput("component %s: %w", c.id, err)
	}
	text, err := httpsfv.Marshal(v)
	if err != nil {
		return "", badInput("component %s: %w", c.id, err)
	}
	return text, nil
}

// formDecode is the percent-decoding of application/x-www-form-urlencoded (WHATWG
// URL, section 5.1): a plus is a space, a stray percent sign stays.
func formDecode(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2]))) //nolint:gosec // two digits of 16
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

// unhex is the value of a hexadecimal digit, -1 of anything else.
func unhex(c byte) int {
	if c >= 'A' && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte("0123456789abcdef", c)
}

// formEncode is the form percent-encode set, with %20 for a space.
func formEncode(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		b := s[i]
		plain := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("*-._", b) >= 0
		if plain {
			out = append(out, b)
			continue
		}
		out = append(out, '%', digits[b>>4], digits[b&0xf])
	}
	return string(out)
}

func badInput(format string, args ...any) error {
	return guichet.Errorf(guichet.KindInvalid, "the signature cannot be read: %w", guichet.Errorf(guichet.KindInvalid, format, args...)).
		WithHint("docs/protocol/signatures.md says what every message signs and how")
}
