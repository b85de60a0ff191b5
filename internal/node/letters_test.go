package node_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/node"
)

// TestTheLettersOfThePaper: our node reads what stands in the protocol's vectors of
// letters, and refuses what is to be refused; what all letters begin with is the wire's
// to see, whose tests read the same file.
func TestTheLettersOfThePaper(t *testing.T) {
	t.Parallel()
	var v struct {
		Letters []struct {
			Path   string
			Letter struct{ Body string }
			Reply  string
		}
		Refused []struct {
			Name, What string
			Letter     int
			Begins     bool
			Body       []byte
		}
	}
	if err := json.Unmarshal(given(os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "vectors", "letters.json")))(t), &v); err != nil {
		t.Fatal(err)
	}
	reply := func(path string, body []byte) error {
		var head guichet.LetterReply
		if err := federation.ReadLetter(body, &head, false); err != nil || !head.Decision.Permitted {
			return err
		}
		switch path {
		case federation.LetterCopies:
			var list guichet.CopyList
			if err := federation.ReadLetter(body, &list, false); err != nil {
				return err
			}
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "files"), 0o700); err != nil {
				t.Fatal(err)
			}
			return node.CheckListAgain(dir, "CA", "000102030405060708090a0b0c0d0e0f", list)
		case federation.LetterSubscribe:
			return node.CheckSubscribed(body)
		case federation.LetterNotices:
			var page guichet.NoticePage
			if err := federation.ReadLetter(body, &page, false); err != nil {
				return err
			}
			return node.CheckPage("CA", page, 2)
		}
		return nil
	}
	for _, l := range v.Letters {
		if err := node.CheckLetter(l.Path, []byte(l.Letter.Body)); err != nil {
			t.Errorf("a letter of %s: %v", l.Path, err)
		}
		if err := reply(l.Path, []byte(l.Reply)); err != nil {
			t.Errorf("a reply of %s: %v", l.Path, err)
		}
	}
	held := 0
	for _, bad := range v.Refused {
		if bad.Begins || bad.What == "file" { // whose digest is held where it is fetched: TestCopyFaults
			continue
		}
		held++
		var err error
		if bad.What == "letter" {
			err = node.CheckLetter(v.Letters[bad.Letter].Path, bad.Body)
		} else {
			err = reply(v.Letters[bad.Letter].Path, bad.Body)
		}
		if err == nil {
			t.Errorf("%s is taken", bad.Name)
		}
	}
	if held < 25 {
		t.Errorf("%d letters and replies were held against the rules of the node", held)
	}
}

// TestAReportOfTheLongestList: of a list as long as one may be, all of which took the
// place of another, a report fits into its letter, and is read.
func TestAReportOfTheLongestList(t *testing.T) {
	t.Parallel()
	r := guichet.CopyReport{LetterHead: guichet.LetterHead{
		Exchange: strings.Repeat("f", 32), From: guichet.Party{Circle: strings.Repeat("c", 64), Member: "US", Office: strings.Repeat("o", 64)}, To: "CA",
		Officer: strings.Repeat("a", 16), Purpose: strings.Repeat("p", 64), Salt: make([]byte, 16), Put: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}, List: strings.Repeat("e", 32), Why: "withdrawn"}
	for i := range node.MostCopied {
		mark := guichet.CopyMark{Submission: fmt.Sprintf("%016x", i), Key: fmt.Sprintf("%064x", i)}
		r.Kept, r.Removed = append(r.Kept, mark), append(r.Removed, mark)
	}
	body := given(json.Marshal(r))(t)
	if len(body) > federation.MaxReport {
		t.Errorf("it takes %d bytes, of the %d that there are", len(body), federation.MaxReport)
	}
	if read, err := node.ReadReport(body); err != nil || len(read.Kept) != node.MostCopied || len(read.Removed) != node.MostCopied {
		t.Errorf("read are %d and %d: %v", len(read.Kept), len(read.Removed), err)
	}
}
