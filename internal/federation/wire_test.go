package federation_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/federation"
)

// TestRepliesReadAsTheyWereWritten: head and rows, of any size.
func TestRepliesReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOf(rapid.Byte()).Draw(rt, "rows")
		in := guichet.Reply{
			Exchange: rapid.StringMatching(`[0-9a-f]{32}`).Draw(rt, "exchange"), Member: "CA", Hidden: rapid.IntRange(0, 9).Draw(rt, "hidden"),
			Decision: guichet.Decision{Permitted: true, Text: rapid.String().Draw(rt, "text")},
			Answer:   &guichet.Answer{Columns: columns(), Rows: []guichet.Row{{"reporter": "dropped"}}},
		}
		body, err := federation.EncodeReply(in, rows)
		if err != nil {
			rt.Fatal(err)
		}
		out, got, err := federation.DecodeReply(body)
		if err != nil {
			rt.Fatal(err)
		}
		if out.Exchange != in.Exchange || out.Hidden != in.Hidden || out.Decision.Text != in.Decision.Text || len(out.Answer.Rows) != 0 || !bytes.Equal(got, rows) {
			rt.Fatalf("%+v came back as %+v with %x", in, out, got)
		}
		if len(in.Answer.Rows) != 1 {
			rt.Fatal("the answer was changed by writing it")
		}
	})
}

// TestRepliesAreBounded: what is too large is refused where it is made, with
// advice.
func TestRepliesAreBounded(t *testing.T) {
	_, err := federation.EncodeReply(guichet.Reply{}, make([]byte, federation.MaxReply))
	if guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a reply that is too large: %v", err)
	}
	if _, _, err := federation.DecodeReply(binary.BigEndian.AppendUint32(nil, 1<<31)); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a head that is too large: %v", err)
	}
	inHead := []byte(`{"answer":{"rows":[{"a":1}]}}`)
	if _, _, err := federation.DecodeReply(append(binary.BigEndian.AppendUint32(nil, uint32(len(inHead))), inHead...)); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("rows in the head: %v", err)
	}
}

// FuzzReply: whatever comes, reading it ends, and what is read is written and
// read again as the same.
func FuzzReply(f *testing.F) {
	body, err := federation.EncodeReply(guichet.Reply{Exchange: "e", Member: "CA", Answer: &guichet.Answer{Columns: columns()}}, []byte("rows"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x10{\"a\":1,\"a\":2}   "))
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, rows, err := federation.DecodeReply(body)
		if err != nil {
			return
		}
		again, err := federation.EncodeReply(reply, rows)
		if err != nil {
			t.Fatal(err)
		}
		second, same, err := federation.DecodeReply(again)
		if err != nil || !bytes.Equal(rows, same) {
			t.Fatalf("%q was read, and not again: %v", body, err)
		}
		if reply.Answer != nil {
			reply.Answer.Rows = second.Answer.Rows // [] and null are the same
		}
		if diff := cmp.Diff(reply, second, cmp.Comparer(func(a, b guichet.Decimal) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzRequest: whatever comes, reading it ends, and what is taken has the shapes
// that leaves repeat.
func FuzzRequest(f *testing.F) {
	text, err := guichet.Canonical(vectorRequest(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"exchange":"0"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := federation.ParseRequest(body)
		if err != nil {
			if k := guichet.KindOf(err); k != guichet.KindInvalid && k != guichet.KindVersion {
				t.Fatalf("%q is refused with %s: %v", body, k, err)
			}
			return
		}
		if len(req.Exchange) != 32 || len(req.Salt) != 32 || len(req.From.Member) != 2 || len(req.Officer) != 16 {
			t.Fatalf("%q was taken: %+v", body, req)
		}
	})
}

// FuzzFrames: whatever comes, reading it ends, with frames that write the same
// bytes.
func FuzzFrames(f *testing.F) {
	f.Add(bytes.Join([][]byte{federation.WriteFrame('H', []byte("{}")), federation.WriteFrame('C', []byte("abc")), federation.WriteFrame('E', []byte("{}"))}, nil))
	f.Add([]byte("C\x00\x04\x00\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		kinds, payloads, err := federation.ReadFrames(bytes.NewReader(raw))
		if err == nil {
			t.Fatal("a stream without an end")
		}
		var again []byte
		for i := range kinds {
			again = append(again, federation.WriteFrame(kinds[i], payloads[i])...)
		}
		if !bytes.HasPrefix(raw, again) {
			t.Fatalf("%x is read as %x", raw, again)
		}
	})
}

// TestAMemberIsNamedOnce: also where the second stands among many; and all are
// named in the letters of the wire, as they are written.
func TestAMemberIsNamedOnce(t *testing.T) {
	many := ""
	for i := range 40 {
		many += fmt.Sprintf(`"n%d":1,`, i)
	}
	for text, twice := range map[string]bool{
		`{"a":1,"a":2}`: true, `{"a":1,"A":2}`: true, `{"a":1,"\u0061":2}`: true, `{"x":[{"a":1,"b":{"c":1,"c":2}}]}`: true, `{"a" : 1, "a" :2}`: true,
		"{" + many + `"n39":1}`: true, "{" + many + `"n0":1}`: true,
		`{"A":1}`: true, `{"\u0061":1}`: true, `{"a-b":1}`: true, `{"":1}`: true, `{"\u017f":1}`: true, `{"ſ":1}`: true, `{"K":1}`: true, `{"é":1}`: true, `{"a ":1}`: true,
		`{"a":1,"b":2}`: false, `{"x":{"a":1},"y":{"a":1}}`: false, `{"x":["a","a"]}`: false, `{"x":"a\"b","a":":"}`: false, `{"x":"{\"a\":1,\"a\":2}"}`: false,
		"{" + many + `"n40":1}`: false, `[{"a":1},{"a":1}]`: false, `{"a":"\\","b":1}`: false,
	} {
		head := []byte(`{"answer":{"question":{"where":{}}},"more":` + text + "}")
		_, _, err := federation.DecodeReply(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...))
		if (err != nil) != twice {
			t.Errorf("%s: %v", text, err)
		}
	}
}
