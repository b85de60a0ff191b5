package federation

import (
	"sync"

	"guichet"
)

// slots bound how much is under way, in all and for one member.
type slots struct {
	most, each int

	mu    sync.Mutex // guards what follows
	taken int
	by    map[string]int
}

func newSlots(most, each int) *slots { return &slots{most: most, each: each, by: map[string]int{}} }

// enter takes a place in all. The function gives it back.
func (s *slots) enter() (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= s.most {
		return nil, guichet.Errorf(guichet.KindBusy, "this node has as many requests under way as it takes")
	}
	s.taken++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.taken--
	}, nil
}

// of takes a place of a member's share. The function gives it back.
func (s *slots) of(member string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[member] >= s.each {
		return nil, tooMany(member)
	}
	s.by[member]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.by[member]--; s.by[member] == 0 {
			delete(s.by, member)
		}
	}, nil
}
