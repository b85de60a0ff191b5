// Package codes holds the code lists that offices use beside the HS: areas,
// currencies and rates, units, national lists of goods, and the codes that
// followed one another.
//
// It promises: a key as an office writes it leads to one meaning, or to none;
// every area says which kind it is, so that nothing is counted twice or left
// out of the world total; factors between units are exact fractions and never
// leave a measure (kilograms and pairs have none); a national code is judged
// against a list of the right edition of the HS, and the answer names that
// list and its date. Look-ups are pure, quick and safe for many goroutines.
//
// It does not promise: that a list is complete between its snapshots (what a
// list does not know is "not in the list of DATE", not wrong); labels (the
// wording of tariff lines is not ours to copy); that a rate is the one an
// office applied (offices convert at the rate of the declaration's day, a
// monthly mean is an estimate); that two keys of different lists cover the
// same ground (UN Comtrade's USA, 842, holds Puerto Rico and the Virgin
// Islands, Schedule C's 1000 does not). Whether partner and reporter are the
// same, re-imports, is decided elsewhere.
//
// # Our own area codes
//
// An area of ISO 3166-1 has its alpha-2 code. No code of ours can become one:
// they hold a sign that ISO never uses there, or stand in the range that ISO
// leaves to users (XK).
//
//	W0           world
//	_ST _BK _PE  stores, bunkers, passengers' effects
//	_SEA _FZ     high seas and continental shelf, free zones
//	_NE          not elsewhere specified
//	_SU _UN _ES  suppressed, unknown, estimate that is not allocated
//	_NB          not broken down: outside the total
//	_UN.EU ...   the same, known to lie in the group G:EU (Area.Superset); XEU is outside the EU
//	G:EU ...     groups, outside the total
//	PS-GZ ...    parts of a country, as in ISO 3166-2 where it has a code; PS-GZ, PS-WB, GB-CHI, AU-WL are ours
//	AN CS YU SU  historic countries with dates; CSHH, Czechoslovakia, is its code in ISO 3166-3
//	H:BLX ...    historic countries and extents that have no code of their own any more
//
// # Parts
//
// Area.PartOf is set for every dependent area. Its kind is Part only when it
// stands in another's statistical territory, or reports no trade of its own at
// the UN (PR, RE, GU); Hong Kong and Greenland, which do report, are countries.
//
// # Facts
//
// All data lies in facts/, made by tools/codefacts from public lists, named in
// facts/MANIFEST.txt and by Sources.
package codes
