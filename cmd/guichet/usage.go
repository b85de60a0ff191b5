package main

import (
	"embed"
	"strings"

	"guichet"
)

//go:embed usage
var usageFiles embed.FS

// usage prints how a command is used. {NAME} in the text stands for lists that
// are made from descriptions.
func (w *window) usage(name string) error {
	text, err := w.usageText(name)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]string{"command": name, "usage": text})
	}
	w.write(text)
	return nil
}

func (w *window) usageText(name string) (string, error) {
	text, err := usageFiles.ReadFile("usage/" + w.lang + "/" + name + ".txt")
	if err != nil {
		return "", &guichet.Error{Kind: guichet.KindInternal, Message: "no usage of " + name, Err: err}
	}
	if name != "ask" {
		return string(text), nil
	}
	return strings.ReplaceAll(string(text), "{FIELDS}\n", w.fieldsHelp()), nil
}

// summary returns what a command is for: the first line of its usage after
// the dash.
func (w *window) summary(name string) string {
	text, err := w.usageText(name)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(text, "\n")
	_, what, _ := strings.Cut(first, " - ")
	return what
}
