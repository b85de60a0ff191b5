// Command guichet is the window of one member's node: it takes in national
// files, answers questions over them, and shows the code lists by which they
// are made comparable.
//
// It reads arguments, calls node (or, for codes, the words) and prints. Data
// goes to standard output, words about the work to standard error. What
// --json prints is a contract, docs/json.md. It knows no dataset, no country
// and no office by name; what it shows of them comes from their descriptions.
package main

import (
	"context"
	"os"

	"guichet/internal/node"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, clock: node.SystemClock,
	}))
}
