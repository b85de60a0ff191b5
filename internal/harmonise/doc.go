// Package harmonise judges the distinct keys of a national file: a commodity
// code and its date, a country, a unit, a period, a coded value. Out comes the
// common key, or the reason for putting the rows aside, and remarks.
//
// It promises:
//   - to be pure: the same group and key give the same verdict on every node
//     that holds the same tables. It opens nothing and asks no clock; today
//     is a parameter;
//   - to keep every figure that can be read. A code that its list does not
//     know stays a figure, and a remark says so. Put aside is only what
//     cannot be read: no code, no date, no country that the list knows;
//   - never to count a guess as a subheading: the HS code is as deep as it is
//     known, six digits, a heading, a chapter, or absent;
//   - to be told everything by the group. A new office is a new profile, not
//     new code here.
//
// It does not parse files or numbers, add up, or convert money. It does not
// decide what may be compared: package trade resolves a question's codes
// across editions, room mirror compares countries.
//
// A group is judged by its rule; the parameters of each are told beside it:
// commodity, area, unit, period, date, enum and port.
package harmonise
