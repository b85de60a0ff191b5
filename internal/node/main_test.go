package node_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"guichet/internal/node"
)

// stageChild makes the test's own program the staging child of a node.
const stageChild = "stage-child"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == stageChild {
		if err := node.RunChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// exe is the test's own program.
func exe(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
