package main

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/term"

	"guichet"
)

// Where the passphrases of the two key files come from, beside the flags.
const (
	nodePassphrase   = "GUICHET_PASSPHRASE_FILE"        //nolint:gosec // names a variable, and holds no secret; keys/node.age
	memberPassphrase = "GUICHET_MEMBER_PASSPHRASE_FILE" //nolint:gosec // as above; keys/member.age
)

// longestPassphrase bounds what is read from a file that was named by mistake.
const longestPassphrase = 4096

// passphrase returns how the passphrase of one of the key files is found: the
// file that the flag names, else the one that the environment names, else a
// question on the terminal. It is asked for only when keys are needed.
func (w *window) passphrase(file, env, what string) func() ([]byte, error) {
	return func() ([]byte, error) {
		name := file
		if name == "" {
			name = w.getenv(env)
		}
		if name != "" {
			return w.passphraseIn(name)
		}
		in, ok := w.stdin.(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return nil, w.wrong("error.passphrase", "hint.passphrase", "what", w.say(what), "env", env)
		}
		_ = w.out.Flush()
		_, _ = io.WriteString(w.stderr, w.say("ask.passphrase", "what", w.say(what)))
		text, err := term.ReadPassword(int(in.Fd()))
		_, _ = io.WriteString(w.stderr, "\n")
		if err != nil {
			return nil, w.wrong("error.passphrase", "hint.passphrase", "what", w.say(what), "env", env)
		}
		return text, nil
	}
}

// passphraseIn reads the first line of a file.
func (w *window) passphraseIn(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.passphrase.file", "file", name)).WithHint("%s", w.say("hint.passphrase.file"))
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestPassphrase))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.passphrase.file", "file", name)).WithHint("%s", w.say("hint.passphrase.file"))
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}
