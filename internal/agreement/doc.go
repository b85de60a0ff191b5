// Package agreement judges: may they ask this? It knows the papers that the
// members of a circle have signed together, and gives a permit with conditions, or
// a refusal that names the agreement and the clause.
//
// It promises that a doubt refuses: a word, a value, a level or a tier that it
// does not know, a fact that it was not given. Private fields are never
// permitted, to nobody. It also checks papers before they are signed, says what a
// new version widens or narrows, writes a paper out as ODRL, and holds templates.
//
// It does no I/O and asks no clock: what it says depends on what it was given. It
// does not verify signatures (room circle), does not say who is asking (gate),
// does not count what was given (desk) and hides no cell (disclosure). Whether
// people use an answer for the purpose that they named it cannot know; the
// journal holds what they said.
package agreement
