package node_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/codes"
	"guichet/internal/node"
)

var marked = regexp.MustCompile(`<[a-z]+[^>]* lang="en"[^>]*>[^<]*`)

// TestFrenchPagesSayWhyNot: what is wrong with a file and a proposal is
// said in French, and so is how a node does.
func TestFrenchPagesSayWhyNot(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.serve("US")
	at := x.servePages("NZ")
	steward := newBrowser(t, at, "steward")
	f := steward.takeIn("fr", nil, "report.pdf", []byte("%PDF-1.7\nnot figures at all"))
	f.says(t, "aucun profil ne reconnaît report.pdf", "un simple fichier, un fichier PDF", "enregistrez le tableau en CSV UTF-8")
	steward.fetch("/en"+strings.TrimPrefix(f.path, "/fr")).says(t, "no profile recognises report.pdf", "a PDF file")
	f = steward.upload("/fr/drafts/proposal", map[string]string{"csrf": tryToken}, "paper.txt", []byte("nothing"))
	f.says(t, "ce n’est pas une proposition")
	if en := marked.FindString(f.body); en != "" && !strings.Contains(en, "English") {
		t.Errorf("the page of a proposal has English: %q", en)
	}

	operator := newBrowser(t, at, "operator")
	operator.settled("/fr/operator")
	_, page := operator.get("/fr/operator")
	operator.tellsOf("the operator's page", page, "Rien n’a encore été pris en charge", "Répond en")
}

// TestWordingInBothLanguages: where the wording of a code is held in one language, its
// heading stands before it in the other, and the page says how the rest comes in.
func TestWordingInBothLanguages(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	list := filepath.Join(t.TempDir(), "eu.csv")
	text := "cn8,label_en\n"
	for _, six := range []string{"630790", "854911", "854912", "854913", "854914", "854919", "852411", "852412"} { // 8549 and 8524 tell its edition
		for _, line := range codes.SplitLines("eu-cn", six, time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)) {
			text += line.Code + ",Made-up goods " + line.Code + "\n"
		}
	}
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	x.seats["US"].open(func(n *node.Node) {
		if _, err := n.ImportLabels(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	})
	b := newBrowser(t, x.servePages("US"), "auditor")
	_, page := b.get("/fr/codes/63079098?list=eu-cn")
	b.tellsOf("a line in French", page, "position 6307", "Made-up goods 63079098")
	_, page = b.get("/fr/codes")
	b.tellsOf("what is held", page, "Libellés officiels détenus ici", "une seule langue", "guichet codes import FICHIER.csv", "eu-cn (SH ")
	_, page = b.get("/en/codes")
	b.tellsOf("what is held", page, "Official wording that is held here", "one language only")
}
