package node

import (
	"context"

	"guichet"
	"guichet/internal/federation"
)

// NoticesQuestion x.
type NoticesQuestion struct {
	Members []string `json:"members"`
}

// NoticesAnswer x.
type NoticesAnswer struct{}

func (d writing) subscribe(context.Context, federation.Letter) (any, guichet.LetterReply, error) {
	return nil, guichet.LetterReply{}, guichet.Errorf(guichet.KindNotFound, "none")
}

func (d writing) notices(context.Context, federation.Letter) (any, guichet.LetterReply, error) {
	return nil, guichet.LetterReply{}, guichet.Errorf(guichet.KindNotFound, "none")
}

// Subscribe x.
func (s *Seat) Subscribe(context.Context, MembersQuestion) (guichet.Subscription, error) {
	return guichet.Subscription{}, nil
}

// Notices x.
func (s *Seat) Notices(context.Context, NoticesQuestion) (NoticesAnswer, error) {
	return NoticesAnswer{}, nil
}
