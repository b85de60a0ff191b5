package seal

import (
	"net/http"
	"strings"
)

// Message is what a signature is made over: a request, or a response with the
// request that it answers.
type Message struct {
	Header  http.Header // of the message; Sign adds to it
	Trailer http.Header

	Method    string // of a request: "POST"
	Scheme    string // of a request: "https"
	Authority string // of a request: host and port as sent
	Target    string // of a request: the request target as sent, "/guichet/1/ask?x=1"

	Status  int      // of a response: 200; 0 marks a request
	Request *Message // of a response: what it answers, nil where that is not known

	// Structured names the fields beside our own whose type as a structured field
	// is known, for the parameter sf: "dictionary", "list" or "item".
	Structured map[string]string
}

// RequestMessage is the view of a request, one received or one about to be sent.
// Over HTTP/2 it is the same, so that a signature outlives the change.
func RequestMessage(r *http.Request) *Message {
	m := &Message{Header: r.Header, Trailer: r.Trailer, Method: r.Method, Authority: r.Host, Target: r.RequestURI, Scheme: "https"}
	if m.Method == "" {
		m.Method = http.MethodGet // what net/http sends then
	}
	if r.URL != nil {
		if m.Authority == "" {
			m.Authority = r.URL.Host
		}
		if m.Target == "" {
			m.Target = r.URL.RequestURI()
		}
		if r.URL.Scheme != "" {
			m.Scheme = r.URL.Scheme
		}
	}
	return m
}

// ResponseMessage is the view of a response to a request.
func ResponseMessage(status int, header http.Header, to *http.Request) *Message {
	m := &Message{Header: header, Status: status}
	if to != nil {
		m.Request = RequestMessage(to)
	}
	return m
}

// authority is the host in lower case, and the port where it is not the scheme's
// own (RFC 9110, section 4.2.3).
func (m *Message) authority() string {
	a := strings.ToLower(m.Authority)
	switch strings.ToLower(m.Scheme) {
	case "https":
		return strings.TrimSuffix(a, ":443")
	case "http":
		return strings.TrimSuffix(a, ":80")
	}
	return a
}

// path and query split the target as it was sent: nothing is decoded (RFC 9421,
// sections 2.2.6 and 2.2.7). An absolute target (to a proxy) is cut to its path.
func (m *Message) path() string {
	p, _, _ := strings.Cut(m.originForm(), "?")
	if p == "" {
		return "/"
	}
	return p
}

func (m *Message) query() string {
	_, q, _ := strings.Cut(m.originForm(), "?")
	return "?" + q
}

func (m *Message) originForm() string {
	if strings.HasPrefix(m.Target, "/") {
		return m.Target
	}
	if _, rest, ok := strings.Cut(m.Target, "://"); ok {
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			return rest[i:]
		}
		return ""
	}
	return m.Target
}

func (m *Message) targetURI() string {
	if strings.Contains(m.Target, "://") {
		return m.Target
	}
	return strings.ToLower(m.Scheme) + "://" + m.authority() + m.originForm()
}
