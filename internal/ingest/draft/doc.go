// Package draft proposes a profile for a file that none knows: from what its
// columns hold and, second, from what they are called in English, French,
// Spanish, Portuguese, German or Indonesian.
//
// It promises:
//   - content comes before names: a column is the commodity code because its
//     values are codes, in the list that knows most of them, and the share is
//     told;
//   - what a file cannot say (whose figures, under which licence, valued how)
//     is never guessed: FillMe stands there, which no check lets pass;
//   - a column that may be a dimension is neither used nor ignored, so that the
//     check refuses the profile until a person has decided: a dimension
//     forgotten counts twice;
//   - each guess is told as a doubt, at the line of the profile that it
//     concerns and in a list.
//
// It does not open files (package ingest samples them), does not check
// profiles (ingest.ParseProfile and Check do), and does not promise that a
// draft is right: only a person can compare its totals with published ones.
package draft
