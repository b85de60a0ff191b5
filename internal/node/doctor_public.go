package node

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"guichet/internal/agreement"
)

// publicFinding says what everybody may see of the home. It reads the file as the pages
// do; whether the rules let each table be shown is told by its page alone.
func (s *Seat) publicFinding() Finding {
	const what = "public"
	now := s.n.cfg.Clock().UTC()
	p, err := publicationIn(s.n.Home())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding(what, stateWell, "nothing is public: there is no %s in the home", "rien n'est public : il n'y a pas de %s dans le dépôt", publicFile).
			do("nothing, if nobody is to see figures without signing in; to publish, write it: docs/design/public.md", "rien, si nul ne doit voir de chiffres sans s'identifier ; pour publier, écrivez-le : docs/design/public.md")
	case err != nil:
		return finding(what, stateWrong, "nothing is public: %[1]s cannot be used: %[2]s", "rien n'est public : %[1]s est inutilisable : %[2]s", publicFile, Sentence(err)).
			do("correct the file, or take it away if nothing is to be public: docs/design/public.md", "corrigez le fichier, ou retirez-le si rien ne doit être public : docs/design/public.md")
	case now.Format(time.DateOnly) > p.Until:
		return finding(what, stateWatch, "nothing is public any more: what %[1]s publishes ended on %[2]s", "plus rien n'est public : ce que %[1]s publie a pris fin le %[2]s", publicFile, p.Until).
			do("look through its tables and terms, and write another day as until", "relisez ses tableaux et ses conditions, et écrivez un autre jour dans until")
	case len(p.Tables) == 0 && !p.Agreements && !p.Questions && !p.Log:
		return finding(what, stateWatch, "nothing is public: %s names no table, and nothing else that may be shown", "rien n'est public : %s ne nomme aucun tableau, ni rien d'autre qui puisse être montré", publicFile).
			do("name a table, or set agreements, questions or log to true; or take the file away", "nommez un tableau, ou mettez agreements, questions ou log à true ; ou retirez le fichier")
	}
	f := finding(what, stateWell, "%[1]d tables are public, until %[2]s", "%[1]d tableaux sont publics, jusqu'au %[2]s", len(p.Tables), p.Until)
	if now.Add(soon).Format(time.DateOnly) > p.Until {
		f.State = stateWatch
		f = f.do("look through its tables and terms before then, and write another day as until: after it nothing is public", "relisez d'ici là ses tableaux et ses conditions, et écrivez un autre jour dans until : ensuite plus rien n'est public")
	}
	return f
}

// publicationIn reads the file of a home: an error that is fs.ErrNotExist where there is
// none.
func publicationIn(home Home) (publication, error) {
	text, err := readBounded(filepath.Join(home.Path, publicFile))
	if err != nil {
		return publication{}, err
	}
	p, err := parsePublication(text, home.Member)
	if err == nil {
		_, err = agreement.Ready(p.paper(home.Member), datasets())
	}
	return p, err
}

// readBounded reads a file, and one byte more than may be read of it.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // inside the home
	if err != nil {
		return nil, err //nolint:wrapcheck // whether it is there is looked at
	}
	text, err := io.ReadAll(io.LimitReader(f, longestPublic+1))
	_ = f.Close()    // it was only read
	return text, err //nolint:wrapcheck // it names the file
}
