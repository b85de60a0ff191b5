package federation_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/federation"
)

// A head that was read before says what it would if it were read anew, under the
// names of its own exchange.
func TestHeadsReadBeforeSayTheSame(t *testing.T) {
	var heads federation.Heads
	one, two := strings.Repeat("1", 32), strings.Repeat("2", 32)
	digest := strings.Repeat("ab", 32)
	tail := `"member":"US","decision":{"permitted":true,"agreement":"goods"},"answer":{"question":{},"columns":[{"name":"value"}],"rows":[],"remarks":[]},"snapshot":"trade@1"}`
	for _, head := range []string{
		`{"exchange":"` + one + `","request":"` + digest + `",` + tail,
		`{"exchange":"` + two + `","request":"` + digest + `",` + tail,
		`{"exchange":"` + two + `","request":"` + digest + `", ` + tail,
		`{"exchange":"` + two + `","request":"` + digest + `","exchange":"` + one + `",` + tail,
		`{"exchange":"` + two[:30] + `\"","request":"` + digest[:62] + `\\",` + tail,
		`{"request":"` + digest + `","exchange":"` + one + `",` + tail,
		`{"exchange":"` + one + `","request":"` + digest + `",` + tail + `}`,
		`{"exchange":"` + one + `","request":"` + digest + `",`,
		`{"exchange":"`, ``,
	} {
		body := append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head+"rows"...)
		want, wantRows, wantErr := federation.DecodeReply(body)
		for range 2 { // the second time it may have been read before
			got, rows, err := heads.Decode(body)
			if (err != nil) != (wantErr != nil) || err == nil && cmp.Diff(want, got) != "" || err == nil && string(rows) != string(wantRows) {
				t.Errorf("%s\ngot  %+v, %q, %v\nwant %+v, %q, %v", head, got, rows, err, want, wantRows, wantErr)
			}
			if got.Answer != nil { // what a client fills in is its own
				got.Answer.Rows, got.Answer.Question.Lang = []guichet.Row{{"value": "x"}}, "fr"
			}
		}
	}
}
