package portal

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"path"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
)

//go:embed templates/*.html
var templateFiles embed.FS

// looks are the templates of every page in every language, parsed once.
type looks struct {
	pages map[string]*template.Template // by "en/ask"
}

// shared are the files that every page has.
func shared() []string {
	return []string{"templates/layout.html", "templates/parts.html", "templates/chart.html", "templates/stewardparts.html"}
}

func loadLooks(words map[string]phrases, a *assets) (*looks, error) {
	l := &looks{map[string]*template.Template{}}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for lang, p := range words {
		base, err := template.New("layout.html").Option("missingkey=error").Funcs(wordsOf(p, a)).ParseFS(templateFiles, shared()...)
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		for _, e := range entries {
			file := path.Join("templates", e.Name())
			if slices.Contains(shared(), file) {
				continue
			}
			t, err := base.Clone()
			if err == nil {
				t, err = t.ParseFS(templateFiles, file)
			}
			if err != nil {
				return nil, fmt.Errorf("templates: %w", err)
			}
			l.pages[lang+"/"+strings.TrimSuffix(e.Name(), ".html")] = t
		}
	}
	return l, nil
}

func (l *looks) render(w io.Writer, lang, name string, s shown) error {
	t, ok := l.pages[lang+"/"+name]
	if !ok {
		return fmt.Errorf("there is no template %q", name)
	}
	return t.ExecuteTemplate(w, "layout.html", s)
}

// wordsOf are what a template can say.
func wordsOf(p phrases, a *assets) template.FuncMap {
	return template.FuncMap{
		"t":     p.say,
		"n":     p.count,
		"whole": func(n any) string { return p.whole(wholeOf(n)) },
		"day":   p.day, "moment": p.moment, "period": p.period, "span": p.span,
		"area":    func(code string) string { return areaName(code, p.lang) },
		"in":      func(t guichet.Text) string { return t.In(p.lang) },
		"asset":   a.to,
		"lang":    func() string { return p.lang },
		"other":   func() string { return otherThan(p.lang) },
		"to":      func(path string) string { return "/" + p.lang + path },
		"fieldof": fieldOf,
		// pair hands two things to a part of a page.
		"pair": func(a, b any) map[string]any { return map[string]any{"A": a, "B": b} },
	}
}

func wholeOf(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// areaName is the name of an area, its code where it has none.
func areaName(code, lang string) string {
	a, ok := codes.AreaByCode(code)
	if !ok {
		return code
	}
	return guichet.Text{EN: a.NameEN, FR: a.NameFR}.In(lang)
}
