package portal_test

import (
	"testing"

	"guichet/internal/portal"
)

func TestTypeset(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"<p>l&#39;accord : « rien » ; oui ?</p>", "<p>l’accord\u00a0: «\u00a0rien\u00a0»\u00a0; oui\u00a0?</p>"},
		{"<p>qu&#39;il n&#39;y a &#39;x&#39;</p>", "<p>qu’il n’y a &#39;x&#39;</p>"},
		{"<p>&amp; l&#39;été : 12 :30 http://x ?y</p>", "<p>&amp; l’été\u00a0: 12 :30 http://x ?y</p>"},
		{"<pre>a : l&#39;b</pre> c : d <textarea>« e »</textarea>", "<pre>a : l&#39;b</pre> c\u00a0: d <textarea>« e »</textarea>"},
		{`<code>x : <b>y : z</b> ; w</code> ; v`, "<code>x : <b>y : z</b> ; w</code>\u00a0; v"},
		{`<span class="guichet-mono">a : b.csv</span> : c`, "<span class=\"guichet-mono\">a : b.csv</span>\u00a0: c"},
		{`<span lang="en">office&#39;s : x</span>`, `<span lang="en">office&#39;s : x</span>`},
		{`<a href="/fr/x?a : b">fin :</a>`, "<a href=\"/fr/x?a : b\">fin\u00a0:</a>"},
		{"<", "<"},
		{"", ""},
		{" ", " "},
		{"é :", "é\u00a0:"},
	} {
		if got := string(portal.Typeset([]byte(c.in))); got != c.want {
			t.Errorf("%q is set %q, want %q", c.in, got, c.want)
		}
	}
}
