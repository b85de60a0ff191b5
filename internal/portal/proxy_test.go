package portal_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"guichet/internal/guichettest"
	"guichet/internal/portal"
)

// seeing is a door that notes from where it is asked.
type seeing struct {
	open
	from *string
}

// Handler notes it.
func (s seeing) Handler(http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { *s.from = r.RemoteAddr })
}

// TestWhomAProxyNames: the last address is the browser's, whatever it wrote before it;
// where there is none, and where nobody said that there is a proxy, the connection's.
func TestWhomAProxyNames(t *testing.T) {
	const proxy = "192.0.2.1:4711"
	for _, c := range []struct {
		header []string
		want   string
	}{
		{nil, proxy},
		{[]string{""}, proxy},
		{[]string{"203.0.113.7"}, "203.0.113.7:0"},
		{[]string{"10.0.0.1, 203.0.113.7"}, "203.0.113.7:0"},
		{[]string{"203.0.113.7", "10.0.0.1,  198.51.100.4 "}, "198.51.100.4:0"},
		{[]string{"203.0.113.7:5555"}, "203.0.113.7:0"},
		{[]string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{[]string{"[2001:db8::7]"}, "[2001:db8::7]:0"},
		{[]string{"[2001:db8::7]:443"}, "[2001:db8::7]:0"},
		{[]string{"fe80::1%eth0"}, "[fe80::1]:0"},
		{[]string{"203.0.113.7, unknown"}, proxy},
		{[]string{"203.0.113.7, _hidden"}, proxy},
		{[]string{"203.0.113.7,"}, proxy},
		{[]string{"203.0.113.7, " + strings.Repeat("1", 10_000)}, proxy},
	} {
		for _, behind := range []bool{true, false} {
			var from string
			p, err := portal.New(portal.Config{
				Member: "NZ", Goods: noGoods{}, Kept: t.TempDir(), Door: seeing{from: &from}, Clock: guichettest.NewClock().Now, BehindProxy: behind,
			})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/en/", http.NoBody)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = proxy, c.header
			p.Handler().ServeHTTP(httptest.NewRecorder(), r)
			want := c.want
			if !behind {
				want = proxy
			}
			if from != want {
				t.Errorf("behind a proxy: %t, %.80q: asked from %q, want %q", behind, c.header, from, want)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzWhomAProxyNames: whatever a header holds, what comes out is an address.
func FuzzWhomAProxyNames(f *testing.F) {
	f.Add("203.0.113.7, [2001:db8::7]:443")
	f.Fuzz(func(t *testing.T, header string) {
		if from, ok := portal.LastHop([]string{header}); ok && (!from.IsValid() || from.Zone() != "") {
			t.Errorf("%q is %v", header, from)
		}
	})
}
