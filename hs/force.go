package hs

import (
	"strings"
	"time"
)

// Force tells which edition a country used on a day, from when, until when,
// and how that is known.
type Force struct {
	// Edition is zero when the one in force is not held: before 2007 and
	// from 2028 on. Source says which it was.
	Edition Edition
	// From and To are the first and the last day, 2022-01-27; "" is open.
	From, To string
	Source   string
	// Assumed is set when no source speaks of this country, list and day,
	// and the answer rests on the WCO's own date.
	Assumed bool
}

// InForce returns the edition on which a country's records of a day are based.
// Country is ISO 3166 alpha-2, "US"; flow a word that ends in "imports" or
// "exports"; list the name of the national list, "us-hts", "us-schedule-b",
// or "". A list, when named, decides; without one the flow does, as exports
// may follow another list than imports: in January 2022 the US had HS2022 in
// Schedule B from the 1st and in the HTS from the 27th.
//
// The day is the calendar day that on shows in its own zone.
//
// Where no source says otherwise the WCO's date is taken, 1 January of the
// year in the edition's name, and Assumed is set. Many countries were late by
// months or years; the answer for a country not named in this file is a guess.
func InForce(country, flow, list string, on time.Time) Force {
	day := on.Format(time.DateOnly)
	force := at(day, wcoDates)
	for _, r := range ownDates {
		if r.speaksOf(country, flow, list) {
			force = at(day, r.forces)
			break
		}
	}
	for _, s := range sightings {
		if force.Assumed && s.speaksOf(country, flow, list) && s.from <= day && day <= s.to {
			force.Source, force.Assumed = s.source, false
			break
		}
	}
	return force
}

// at finds the edition of a day. The forces follow one another without a gap,
// from the open end before 2007 to the open end after 2027.
func at(day string, forces []Force) Force {
	n := 0
	for n+1 < len(forces) && forces[n+1].From <= day {
		n++
	}
	return forces[n]
}

// rule says of whom a date is known. An empty flow or list means any.
type rule struct {
	country, flow, list string
}

func (r rule) speaksOf(country, flow, list string) bool {
	if r.country != country {
		return false
	}
	if list != "" && r.list != "" {
		return list == r.list
	}
	return strings.HasSuffix(flow, r.flow)
}

// ownDate is a country's own dates where they are not the WCO's.
type ownDate struct {
	rule
	forces []Force
}

// sighting is a stretch of time in which a list or a file shows the edition
// that the dates give. Editions do not go back, so two sightings of one
// edition cover the time between them.
type sighting struct {
	rule
	edition  Edition // told once more, so that a test can hold it against the dates
	from, to string
	source   string
}

// The sources of what is assumed, and of what is not held.
const (
	wco    = "the WCO's date, assumed: no source held speaks of this country, list and day"
	before = "HS2002 or older, which is not held"
	after  = "HS2028, accepted for 1 January 2028 (WCO, 21 January 2026), which is not held"
)

//nolint:gochecknoglobals // a table of constants, never changed
var wcoDates = []Force{
	{0, "", "2006-12-31", before, true},
	{HS2007, "2007-01-01", "2011-12-31", wco, true},
	{HS2012, "2012-01-01", "2016-12-31", wco, true},
	{HS2017, "2017-01-01", "2021-12-31", wco, true},
	{HS2022, "2022-01-01", "2027-12-31", wco, true},
	{0, "2028-01-01", "", after, true},
}

//nolint:gochecknoglobals // a table of constants, never changed
var ownDates = []ownDate{
	{rule{"US", "imports", "us-hts"}, []Force{
		{0, "", "2007-02-02", before, true},
		{HS2007, "2007-02-03", "2012-02-02", "Proclamation 8097 (121 Stat. 2677): goods entered from 3 February 2007", false},
		{HS2012, "2012-02-03", "2016-12-31", "Proclamation 8771 (77 FR 413): goods entered from 3 February 2012", false},
		{HS2017, "2017-01-01", "2022-01-26", "Proclamation 9549: goods entered from 1 January 2017, or thirty days after publication, assumed the former", true},
		{HS2022, "2022-01-27", "2027-12-31", "Proclamation 10326: goods entered from 27 January 2022", false},
		{0, "2028-01-01", "", after, true},
	}},
}

//nolint:gochecknoglobals // a table of constants, never changed
var sightings = []sighting{
	{rule{"US", "imports", "us-hts"}, HS2017, "2018-01-01", "2022-01-26", "US Census imports of 2018 and 2019; HS2022 from 27 January 2022 by Proclamation 10326"},
	{rule{"US", "exports", "us-schedule-b"}, HS2012, "2013-01-01", "2016-12-31", "US Census monthly exports, Schedule B, 2013-01 to 2016-12"},
	{rule{"US", "exports", "us-schedule-b"}, HS2017, "2017-01-01", "2021-12-31", "US Census monthly exports, Schedule B, 2017-01 to 2021-12"},
	{rule{"US", "exports", "us-schedule-b"}, HS2022, "2022-01-01", "2026-01-31", "US Census monthly exports, Schedule B, 2022-01 to 2026-01: no line of HS2017 only in 2022-01"},
	{rule{"GB", "", ""}, HS2007, "2009-01-01", "2009-12-31", "HMRC, Combined Nomenclature 2009, based on HS2007 (SMKM46 of 2009-02)"},
	{rule{"GB", "", ""}, HS2017, "2019-07-01", "2021-12-31", "UK TARIC of mid 2019 and Combined Nomenclature 2021 as used by HMRC"},
	{rule{"EU", "", ""}, HS2017, "2021-01-01", "2021-12-31", "EU TARIC of 15 February 2021"},
	{rule{"EU", "", ""}, HS2022, "2024-01-01", "2024-12-31", "Combined Nomenclature 2024"},
	{rule{"CA", "", ""}, HS2022, "2026-01-01", "2026-12-31", "CBSA Customs Tariff T2026"},
	{rule{"NZ", "", ""}, HS2017, "2021-05-01", "2021-12-31", "NZ tariff of May 2021; correlation table of 31 December 2021 to 1 January 2022"},
	{rule{"NZ", "", ""}, HS2022, "2022-01-01", "2025-02-28", "NZ Working Tariff of 1 January 2022; Stats NZ exports of 2025-01 and 2025-02"},
	{rule{"AU", "exports", "au-ahecc"}, HS2012, "2012-01-01", "2012-12-31", "ABS AHECC 2012"},
	{rule{"AU", "exports", "au-ahecc"}, HS2017, "2017-01-01", "2017-12-31", "ABS AHECC 2017"},
	{rule{"AU", "imports", "au-tariff"}, HS2017, "2019-07-01", "2019-12-31", "Australian Customs Tariff, Schedule 3, July 2019"},
	{rule{"AU", "imports", "au-tariff"}, HS2022, "2026-04-01", "2026-04-30", "Australian Customs Tariff, Schedule 3, as fetched in April 2026"},
}
