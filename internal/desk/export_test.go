package desk

import "guichet"

// KeyOf is the key under which an answer to a question under a decision is held
// ready, but for the party, the state and the day.
func KeyOf(q guichet.Question, d guichet.Decision) string {
	var k keyer
	k.question(q)
	k.decision(d)
	return string(k)
}
