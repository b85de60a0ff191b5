package portal

import (
	"net/http"
	"net/netip"
	"strings"
)

// forwardedFor is the header in which a proxy says for whom it asks. Each proxy on the
// way adds the address that spoke with it at the end:
//
//	X-Forwarded-For: 203.0.113.7, 198.51.100.4
//
// so the last one is what our own proxy saw. What stands before it was written by
// whoever asked, and is not looked at.
const forwardedFor = "X-Forwarded-For"

// longestHop bounds an address as it is written: IPv6 with brackets and a port.
const longestHop = 64

// behindProxy puts in the place of the proxy's address that of the browser, so that what
// is bounded by address is bounded for each. It is for pages that nobody reaches but by
// the proxy (--pages-behind-proxy), and that proxy must add to the header, or write it
// anew: one that passes on what a browser wrote lets it choose.
func behindProxy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, ok := lastHop(r.Header.Values(forwardedFor)); ok {
			r = r.Clone(r.Context())
			r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// lastHop is the last address of the header; false where there is none that is one: then
// the proxy's own stands, and all whom it names so share its bounds.
func lastHop(header []string) (netip.Addr, bool) {
	if len(header) == 0 {
		return netip.Addr{}, false
	}
	last := header[len(header)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if len(last) > longestHop {
		return netip.Addr{}, false
	}
	if at, err := netip.ParseAddrPort(last); err == nil { // some write the port too
		return at.Addr().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(last, "["), "]"))
	return ip.WithZone(""), err == nil
}
