package circle

import "guichet"

// Filled is the paper as it is signed: empty lists instead of absent ones.
func Filled(a guichet.Agreement) guichet.Agreement { return filled(a) }
