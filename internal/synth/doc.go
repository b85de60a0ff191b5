// Package synth makes trade whose truth is known: consignments between five
// members, the declaration lines that both sides write of each, in their own
// formats, codes, units and currencies, the aggregates that each office would
// publish from them, and a truth file that says of every disagreement which
// cause made it and how many US cents the cause moved.
//
// It promises: for every ordered pair of members, month and HS subheading
//
//	X reported - M reported = sum over the causes, exactly,
//
// in US cents at the rate of the day; the same seed and options give the same
// bytes, however many cores there are; nothing half done is left behind; and
// whatever is made says so: the names of files, a column of every line, the
// comments of archives, the manifest.
//
// It does not promise that trade is like this. Shares and prices follow
// published figures where facts/shares.txt has them; all else is an assumption,
// and Assumptions lists them. No line is an observation, no number of a trader
// can be a real one, and nothing made here may be used to judge a real flow.
//
// docs/design/synth.md tells the model, docs/design/declarations.md the formats.
package synth
