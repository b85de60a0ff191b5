package hs_test

import (
	"testing"
	"time"

	"guichet/hs"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestInForce(t *testing.T) {
	for _, c := range []struct {
		country, flow, list, on string
		want                    hs.Edition
		from, to                string
		assumed                 bool
	}{
		// The US split of January 2022, by flow and by list.
		{"US", "imports", "us-hts", "2022-01-26", hs.HS2017, "2017-01-01", "2022-01-26", false},
		{"US", "imports", "us-hts", "2022-01-27", hs.HS2022, "2022-01-27", "2027-12-31", false},
		{"US", "exports", "us-schedule-b", "2021-12-31", hs.HS2017, "2017-01-01", "2021-12-31", false},
		{"US", "exports", "us-schedule-b", "2022-01-01", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"US", "imports", "", "2022-01-10", hs.HS2017, "2017-01-01", "2022-01-26", false},
		{"US", "general-imports", "", "2022-01-10", hs.HS2017, "2017-01-01", "2022-01-26", false},
		{"US", "exports", "", "2022-01-10", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"US", "re-exports", "", "2022-01-10", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"US", "exports", "us-hts", "2022-01-10", hs.HS2017, "2017-01-01", "2022-01-26", false},
		{"US", "imports", "us-hts", "2017-01-03", hs.HS2017, "2017-01-01", "2022-01-26", true},
		{"US", "imports", "us-hts", "2012-02-02", hs.HS2007, "2007-02-03", "2012-02-02", false},
		{"US", "imports", "us-hts", "2012-02-03", hs.HS2012, "2012-02-03", "2016-12-31", false},
		{"US", "imports", "us-hts", "2007-01-15", 0, "", "2007-02-02", true},
		{"US", "", "", "2022-01-10", hs.HS2022, "2022-01-01", "2027-12-31", true},
		{"US", "imports", "us-old-list", "2022-01-10", hs.HS2022, "2022-01-01", "2027-12-31", true},
		// What lists and files show.
		{"GB", "imports", "", "2009-02-01", hs.HS2007, "2007-01-01", "2011-12-31", false},
		{"GB", "exports", "uk-cn8", "2021-06-30", hs.HS2017, "2017-01-01", "2021-12-31", false},
		{"GB", "imports", "", "2023-06-30", hs.HS2022, "2022-01-01", "2027-12-31", true},
		{"EU", "imports", "", "2024-06-30", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"CA", "imports", "", "2026-01-01", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"CA", "imports", "", "2024-01-01", hs.HS2022, "2022-01-01", "2027-12-31", true},
		{"NZ", "exports", "", "2021-12-31", hs.HS2017, "2017-01-01", "2021-12-31", false},
		{"NZ", "exports", "", "2022-01-01", hs.HS2022, "2022-01-01", "2027-12-31", false},
		{"AU", "imports", "", "2019-07-01", hs.HS2017, "2017-01-01", "2021-12-31", false},
		{"AU", "exports", "", "2012-07-01", hs.HS2012, "2012-01-01", "2016-12-31", false},
		// Nobody's word but the WCO's.
		{"ID", "exports", "", "2019-05-01", hs.HS2017, "2017-01-01", "2021-12-31", true},
		{"", "", "", "2016-12-31", hs.HS2012, "2012-01-01", "2016-12-31", true},
		{"NZ", "imports", "", "1998-06-30", 0, "", "2006-12-31", true},
		{"CA", "imports", "", "2028-01-01", 0, "2028-01-01", "", true},
		{"US", "imports", "us-hts", "2028-01-01", 0, "2028-01-01", "", true},
	} {
		got := hs.InForce(c.country, c.flow, c.list, day(t, c.on))
		if got.Edition != c.want || got.From != c.from || got.To != c.to || got.Assumed != c.assumed || got.Source == "" {
			t.Errorf("%s %s %s on %s: %+v, want %v from %s to %s, assumed %v", c.country, c.flow, c.list, c.on, got, c.want, c.from, c.to, c.assumed)
		}
	}
}

// TestInForceTakesTheCalendarDay: midnight in Auckland is a day before in UTC.
func TestInForceTakesTheCalendarDay(t *testing.T) {
	auckland := time.FixedZone("NZDT", 13*3600)
	if got := hs.InForce("NZ", "exports", "", time.Date(2022, 1, 1, 0, 0, 0, 0, auckland)); got.Edition != hs.HS2022 {
		t.Errorf("on 1 January 2022 in Auckland: %+v", got)
	}
	if got := hs.InForce("NZ", "exports", "", time.Time{}); got.Edition != 0 {
		t.Errorf("without a day: %+v", got)
	}
}

// TestSightingsAgree: a sighting lies within one edition's time and names it.
func TestSightingsAgree(t *testing.T) {
	for _, s := range hs.Sightings() {
		for _, on := range []string{s.From, s.To} {
			got := hs.InForce(s.Country, s.Flow, s.List, day(t, on))
			if got.Edition != s.Edition || got.Assumed || got.From > s.From || got.To < s.To {
				t.Errorf("%+v: on %s the answer is %+v", s, on, got)
			}
		}
	}
}

// TestDaysWithoutGap walks through twenty-two years: every day has one answer
// and its limits hold it.
func TestDaysWithoutGap(t *testing.T) {
	for d := day(t, "2006-06-01"); d.Year() < 2029; d = d.AddDate(0, 0, 1) {
		on := d.Format(time.DateOnly)
		for _, list := range []string{"us-hts", "us-schedule-b"} {
			f := hs.InForce("US", "", list, d)
			if (f.From != "" && on < f.From) || (f.To != "" && on > f.To) {
				t.Fatalf("%s on %s: %+v does not hold the day", list, on, f)
			}
		}
	}
}
