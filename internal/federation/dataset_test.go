package federation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/federation"
)

// TestNamesOfDatasets: they may have points, as the protocol says, and nothing that is a
// path, another alphabet or another length; names of other things may have none.
func TestNamesOfDatasets(t *testing.T) {
	t.Parallel()
	body := func(change func(*guichet.Request)) []byte {
		req := vectorRequest(t)
		change(&req)
		text, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, good := range map[string]bool{
		"trade": true, "travel.crossings": true, "a.b.c": true, "travel.crossings-2": true, "7.x_y": true, strings.Repeat("a", 63) + ".": true,
		"": false, ".": false, ".travel": false, "-travel": false, "_t": false, "Travel.crossings": false, "travel/crossings": false, `travel\crossings`: false, "travel crossings": false,
		"travel.crossings\n": false, "trâde": false, "../trade": false, strings.Repeat("a", 65): false, "travel․crossings": false, // U+2024, which looks like a point
	} {
		req, err := federation.ParseRequest(body(func(r *guichet.Request) { r.Question.Dataset = name }))
		if (err == nil) != good || good && req.Question.Dataset != name {
			t.Errorf("the dataset %q is taken: %t (%v), want %t", name, err == nil, err, good)
		}
		if !good && guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("the dataset %q: %v", name, err)
		}
	}
	for what, change := range map[string]func(*guichet.Request){
		"an office":    func(r *guichet.Request) { r.From.Office = "statistics.trade" },
		"a circle":     func(r *guichet.Request) { r.From.Circle = "border.five" },
		"a purpose":    func(r *guichet.Request) { r.Purpose = "supply.monitoring" },
		"an agreement": func(r *guichet.Request) { r.Agreement = "b5.covid" },
		"a field":      func(r *guichet.Request) { r.Question.Where = map[string][]string{"travel.mode": {"air"}} },
	} {
		if _, err := federation.ParseRequest(body(change)); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s with a point in its name: %v", what, err)
		}
	}
}
