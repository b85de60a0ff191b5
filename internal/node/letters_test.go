package node_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

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
