package node

import (
	"guichet"
	"guichet/codes"
)

func knownMember(member string) error {
	if a, ok := codes.AreaIn("iso2", member); !ok || a.Code != member {
		return guichet.Errorf(guichet.KindInvalid, "%q is no member: it must be an ISO 3166 country", member).WithHint("write two capital letters, for example --member US")
	}
	return nil
}
