package seal_test

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/internal/seal"
)

// The keys of RFC 9421, appendix B.1.
const (
	rfcRSAPSS = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`
	rfcP256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`
	rfcEd25519     = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
	rfcEd25519Seed = "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="
	rfcShared      = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)

// The messages of RFC 9421, appendix B.2.
const (
	rfcRequest = `POST /foo?param=Value&Pet=dog HTTP/1.1
Host: example.com
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
Content-Length: 18

{"hello": "world"}`
	rfcResponse = `HTTP/1.1 200 OK
Date: Tue, 20 Apr 2021 02:07:56 GMT
Content-Type: application/json
Content-Digest: sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
Content-Length: 23

{"message": "good dog"}`
	rfcBusy = `HTTP/1.1 503 Service Unavailable
Date: Tue, 20 Apr 2021 02:07:56 GMT
Content-Type: application/json
Content-Length: 62
Content-Digest: sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:

{"busy": true, "message": "Your call is very important to us"}`
	rfcTransform = `GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.org
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: application/json
Accept: */*

`
	rfcProxied = `POST /foo?param=Value&Pet=dog HTTP/1.1
Host: service.internal.example
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Length: 18
Client-Cert: :MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:

{"hello": "world"}`
)

// TestRFC9421Signatures holds our signature bases against every signature that
// the RFC prints: whatever its algorithm, a signature over another base would not
// hold. (crypto/rsa, ecdsa and hmac check those that are not Ed25519; our own
// Verify has no other algorithm.)
func TestRFC9421Signatures(t *testing.T) {
	for _, c := range []struct{ name, message, to, input, signature, alg string }{
		{
			"B.2.1 minimal", rfcRequest, "",
			`();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
			"d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
			"rsa-pss-sha512",
		},
		{
			"B.2.2 selective", rfcRequest, "",
			`("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"`,
			"LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
			"rsa-pss-sha512",
		},
		{
			"B.2.3 full", rfcRequest, "",
			`("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
			"bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
			"rsa-pss-sha512",
		},
		{
			"B.2.4 response", rfcResponse, rfcRequest,
			`("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
			"wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
			"ecdsa-p256-sha256",
		},
		{
			"B.2.5 shared secret", rfcRequest, "",
			`("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=", "hmac-sha256",
		},
		{
			"B.2.6 ed25519", rfcRequest, "",
			`("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==", "ed25519",
		},
		{
			"B.3 proxy", rfcProxied, "",
			`("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"`,
			"xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==", "ecdsa-p256-sha256",
		},
		{
			"B.4 transform", rfcTransform, "",
			`("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"`,
			"ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==", "ed25519",
		},
		{
			"2.4 response bound to its request", rfcBusy, rfcRequest,
			`("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256"`,
			"dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==", "ecdsa-p256-sha256",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := message(t, c.message, c.to)
			in, err := seal.ParseInput(c.input)
			if err != nil {
				t.Fatal(err)
			}
			base, err := in.Base(m)
			if err != nil {
				t.Fatal(err)
			}
			if !holds(t, c.alg, base, unbase64(t, c.signature)) {
				t.Errorf("the RFC's signature does not hold over our base:\n%s", base)
			}
			if c.alg != "ed25519" {
				return
			}
			if err := seal.Sign(m, "sig-test", in, ed25519.NewKeyFromSeed(unbase64(t, rfcEd25519Seed))); err != nil {
				t.Fatal(err)
			}
			if got, want := m.Header.Get("Signature"), "sig-test=:"+c.signature+":"; got != want {
				t.Errorf("we sign %s, the RFC %s", got, want)
			}
			if got, want := m.Header.Get("Signature-Input"), "sig-test="+c.input; got != want {
				t.Errorf("Signature-Input is %s, want %s", got, want)
			}
			if _, err := seal.Verify(m, "sig-test", unbase64(t, rfcEd25519)); err != nil {
				t.Errorf("our own signature: %v", err)
			}
		})
	}
}

// TestRFC9421Transformations alters the message of B.4 as the RFC does: three
// ways that a signature outlives, three that it does not.
func TestRFC9421Transformations(t *testing.T) {
	const signed = `Signature-Input: transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"
Signature: transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:

`
	for _, c := range []struct {
		name, head string
		holds      bool
	}{
		{"a parameter and a field added", "GET /demo?name1=Value1&Name2=value2&param=added HTTP/1.1\nHost: example.org\nAccept: application/json\nAccept: */*\nAccept-Language: en-US,en;q=0.5\n", true},
		{"Accept on one line", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\nHost: example.org\nReferer: https://developer.example.org/demo\nAccept: application/json, */*\n", true},
		{"fields in another order", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\nAccept: application/json\nAccept: */*\nDate: Fri, 15 Jul 2022 14:24:55 GMT\nHost: example.org\n", true},
		{"another method and host", "POST /demo?name1=Value1&Name2=value2 HTTP/1.1\nHost: example.com\nAccept: application/json\nAccept: */*\n", false},
		{"another host", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\nHost: example.com\nAccept: application/json\nAccept: */*\n", false},
		{"Accept in another order", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\nHost: example.org\nAccept: */*\nAccept: application/json\n", false},
	} {
		_, err := seal.Verify(message(t, c.head+signed, ""), "transform", unbase64(t, rfcEd25519))
		if (err == nil) != c.holds {
			t.Errorf("%s: the signature holds: %v, and the RFC says %v (%v)", c.name, err == nil, c.holds, err)
		}
	}
}

// TestRFC9421Components holds single lines of the signature base against the
// examples of section 2.
func TestRFC9421Components(t *testing.T) {
	fields := "Host: www.example.com\nDate: Tue, 20 Apr 2021 02:07:56 GMT\nX-OWS-Header:   Leading and trailing whitespace.   \n" +
		"X-Obs-Fold-Header: Obsolete\n    line folding.\nCache-Control: max-age=60\nCache-Control:    must-revalidate\n" +
		"Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c), d\nX-Empty-Header: \nExample-Header: value, with, lots\nExample-Header: of, commas\n\n"
	post := func(target string) string { return "POST " + target + " HTTP/1.1\n" + fields }
	for _, c := range []struct{ message, id, line string }{
		{post("/"), `"host"`, `www.example.com`},
		{post("/"), `"date"`, `Tue, 20 Apr 2021 02:07:56 GMT`},
		{post("/"), `"x-ows-header"`, `Leading and trailing whitespace.`},
		{post("/"), `"x-obs-fold-header"`, `Obsolete line folding.`},
		{post("/"), `"cache-control"`, `max-age=60, must-revalidate`},
		{post("/"), `"example-dict"`, `a=1,    b=2;x=1;y=2,   c=(a   b   c), d`},
		{post("/"), `"x-empty-header"`, ``},
		{post("/"), `"example-dict";sf`, `a=1, b=2;x=1;y=2, c=(a b c), d`},
		{post("/"), `"example-dict";key="a"`, `1`},
		{post("/"), `"example-dict";key="d"`, `?1`},
		{post("/"), `"example-dict";key="b"`, `2;x=1;y=2`},
		{post("/"), `"example-dict";key="c"`, `(a b c)`},
		{post("/"), `"example-header"`, `value, with, lots, of, commas`},
		{post("/"), `"example-header";bs`, `:dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:`},
		{"GET / HTTP/1.1\nExample-Header: value, with, lots, of, commas\n\n", `"example-header";bs`, `:dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:`},
		{post("/path?param=value"), `"@method"`, `POST`},
		{post("/path?param=value"), `"@target-uri"`, `https://www.example.com/path?param=value`},
		{post("/path?param=value"), `"@authority"`, `www.example.com`},
		{"GET / HTTP/1.1\nHost: WWW.Example.COM:443\n\n", `"@authority"`, `www.example.com`},
		{"GET / HTTP/1.1\nHost: www.example.com:8443\n\n", `"@authority"`, `www.example.com:8443`},
		{post("/path?param=value"), `"@scheme"`, `https`},
		{post("/path?param=value"), `"@request-target"`, `/path?param=value`},
		{"GET https://www.example.com/path?param=value HTTP/1.1\nHost: www.example.com\n\n", `"@request-target"`, `https://www.example.com/path?param=value`},
		{"GET https://www.example.com/path?param=value HTTP/1.1\nHost: www.example.com\n\n", `"@path"`, `/path`},
		{"CONNECT www.example.com:80 HTTP/1.1\nHost: www.example.com\n\n", `"@request-target"`, `www.example.com:80`},
		{"OPTIONS * HTTP/1.1\nHost: www.example.com\n\n", `"@request-target"`, `*`},
		{post("/path?param=value"), `"@path"`, `/path`},
		{post("/a%2Fb%20c"), `"@path"`, `/a%2Fb%20c`},
		{"GET https://www.example.com HTTP/1.1\nHost: www.example.com\n\n", `"@path"`, `/`},
		{post("/path?param=value&foo=bar&baz=bat%2Dman"), `"@query"`, `?param=value&foo=bar&baz=bat%2Dman`},
		{post("/path?queryString"), `"@query"`, `?queryString`},
		{post("/path"), `"@query"`, `?`},
		{post("/path?param=value&foo=bar&baz=batman&qux="), `"@query-param";name="baz"`, `batman`},
		{post("/path?param=value&foo=bar&baz=batman&qux="), `"@query-param";name="qux"`, ``},
		{post("/path?param=value&foo=bar&baz=batman&qux="), `"@query-param";name="param"`, `value`},
		{post(rfcParams), `"@query-param";name="var"`, `this%20is%20a%20big%0Amultiline%20value`},
		{post(rfcParams), `"@query-param";name="bar"`, `with%20plus%20whitespace`},
		{post(rfcParams), `"@query-param";name="fa%C3%A7ade%22%3A%20"`, `something`},
		{rfcResponse, `"@status"`, `200`},
		{rfcResponse, `"@path";req`, `/foo`},
		{rfcResponse, `"content-digest";req;sf`, `sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:`},
	} {
		to := ""
		if strings.HasPrefix(c.message, "HTTP/") {
			to = rfcRequest
		}
		m := message(t, c.message, to)
		in, err := seal.ParseInput("(" + c.id + ")")
		if err != nil {
			t.Errorf("%s: %v", c.id, err)
			continue
		}
		base, err := in.Base(m)
		if err != nil {
			t.Errorf("%s: %v", c.id, err)
			continue
		}
		want := c.id + ": " + c.line + "\n\"@signature-params\": (" + c.id + ")"
		if diff := cmp.Diff(want, string(base)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.id, diff)
		}
	}
}

const rfcParams = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"

// TestRFC9421Trailer is the example of section 2.1.4.
func TestRFC9421Trailer(t *testing.T) {
	m := &seal.Message{
		Status: 200, Header: http.Header{"Trailer": {"Expires"}},
		Trailer: http.Header{"Expires": {"Wed, 9 Nov 2022 07:28:00 GMT"}},
	}
	in, err := seal.ParseInput(`("@status" "trailer" "expires";tr)`)
	if err != nil {
		t.Fatal(err)
	}
	base, err := in.Base(m)
	want := "\"@status\": 200\n\"trailer\": Expires\n\"expires\";tr: Wed, 9 Nov 2022 07:28:00 GMT\n" + `"@signature-params": ("@status" "trailer" "expires";tr)`
	if err != nil || string(base) != want {
		t.Errorf("the base is\n%s\n%v, want\n%s", base, err, want)
	}
}

// TestRFC9530 holds digests against the RFC's appendices B and D.
func TestRFC9530(t *testing.T) {
	const world = `{"hello": "world"}`
	for _, c := range []struct{ body, field string }{
		{world + "\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
		{world, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"},
		{"", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"},
		{world + "\n", "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"},
		{world, "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"},
		{"\"world\"}\n", "sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:"},
		{world + "\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:,sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"},
		{world + "\n", "md5=:AAAA:, sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	} {
		if err := seal.VerifyDigest([]string{c.field}, []byte(c.body)); err != nil {
			t.Errorf("%s of %q: %v", c.field, c.body, err)
		}
		if strings.HasPrefix(c.field, "sha-256") && !strings.Contains(c.field, ",") && seal.ContentDigest([]byte(c.body)) != c.field {
			t.Errorf("we send %s for %q, the RFC %s", seal.ContentDigest([]byte(c.body)), c.body, c.field)
		}
		if err := seal.VerifyDigest([]string{c.field}, []byte(c.body+" ")); err == nil {
			t.Errorf("%s is taken for the digest of another body", c.field)
		}
	}
}

// message reads a message as it stands in the RFC; to is the request that a
// response answers.
func message(t *testing.T, text, to string) *seal.Message {
	t.Helper()
	in := bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")))
	if strings.HasPrefix(text, "HTTP/") {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		m := &seal.Message{Status: resp.StatusCode, Header: resp.Header}
		if to != "" {
			m.Request = message(t, to, "")
		}
		return m
	}
	r, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m := seal.RequestMessage(r)
	m.Structured = map[string]string{"example-dict": "dictionary"}
	return m
}

// holds checks a signature by the algorithm of its key.
func holds(t *testing.T, alg string, base, signature []byte) bool {
	t.Helper()
	switch alg {
	case "ed25519":
		return ed25519.Verify(unbase64(t, rfcEd25519), base, signature)
	case "hmac-sha256":
		mac := hmac.New(sha256.New, unbase64(t, rfcShared))
		mac.Write(base)
		return hmac.Equal(mac.Sum(nil), signature)
	case "rsa-pss-sha512":
		sum := sha512.Sum512(base)
		return rsa.VerifyPSS(publicPEM(t, rfcRSAPSS).(*rsa.PublicKey), crypto.SHA512, sum[:], signature, nil) == nil
	case "ecdsa-p256-sha256":
		sum := sha256.Sum256(base)
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(publicPEM(t, rfcP256).(*ecdsa.PublicKey), sum[:], r, s)
	}
	t.Fatalf("unknown algorithm %q", alg)
	return false
}

func publicPEM(t *testing.T, text string) any {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatal("no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
