// Package hs is the Harmonized System in words: which codes an edition holds,
// how the codes of one edition are related to those of another, and which
// edition was in force where and when.
//
// It promises:
//   - the four editions HS2007, HS2012, HS2017 and HS2022 whole: chapters,
//     headings and subheadings, and the WCO's standard unit of each
//     subheading where the source has it (HS2012 and later);
//   - every relation that UNSD's five correlation tables print, read in both
//     directions, and those between HS2012 and HS2007, which no table held
//     here prints, derived through HS2017 and marked so;
//   - one of three words for every comparison of a code across editions.
//     Exact is said of closed families of at most a dozen codes only: the sum
//     over Family.From is the sum over Family.To, nothing leaks. Default
//     conversion is UNSD's single conversion, an estimate. Not comparable is
//     the rest, and says why;
//   - that look-ups read memory only. The facts are embedded, unpacked at the
//     first question, and never change afterwards; all functions are safe
//     for concurrent use, and what they return belongs to the caller.
//
// It does not promise:
//   - chapters 98 and 99 and the residual 999999: they are national, or UN
//     Comtrade's, and not of the HS. Chapter 77 is reserved and holds nothing;
//   - correlations of chapters and headings: the tables know six digits;
//   - that the tables are right. They are UNSD's word, whose known defects
//     are told where they matter (see Correspond), and exact means exact by
//     these tables, if officers classify as the tables suppose;
//   - national codes beyond six digits, and HS1988 to HS2002 and HS2028;
//   - the wording of the nomenclature. Labels are our own short words, for
//     sections and chapters, to find one's way; they have no legal force.
//
// The facts come from UN Comtrade's lists and UNSD's tables; Sources names
// each with its date, and tools/hsfacts makes them anew. Figures, counted on
// these facts and held by tests: 5,052 subheadings in HS2007, 5,205 in HS2012,
// 5,387 in HS2017, 5,612 in HS2022.
package hs
