package node

import (
	"context"

	"guichet"
	"guichet/trade"
)

// ImportLabels is not there yet.
func (n *Node) ImportLabels(_ context.Context, file string) (int, error) {
	return 0, guichet.Errorf(guichet.KindInvalid, "%s cannot be read as a list of labels", file)
}

// Label names a code for people.
func (n *Node) Label(edition int, code, lang string) string {
	return trade.ProductLabel(edition, code, lang)
}
