package main

import "fmt"

// comtrade maps by code: by hand where the area is not today's country of that name (Europe EU nes bears the ISO
// code of Monaco in the source, Czechoslovakia that of Serbia and Montenegro), by its ISO code elsewhere.
func (a *atlas) comtrade(r *reader) error {
	rows, err := r.table("comtrade_areas.csv", 312, "comtrade_code", "iso2", "name_en", "exit_year")
	if err != nil {
		return err
	}
	for _, c := range rows {
		k := [2]string{"comtrade", c["comtrade_code"]}
		if _, ok := a.keys[k]; ok {
			continue
		}
		if c["iso2"] == "" {
			return fmt.Errorf("comtrade_areas.csv: %s (%s) needs a judgement", c["comtrade_code"], c["name_en"])
		}
		if err := a.add(k[0], k[1], c["iso2"], false); err != nil {
			return err
		}
	}
	if a.keys[[2]string{"comtrade", "842"}] != "US" {
		return fmt.Errorf("comtrade_areas.csv: 842 is not the USA")
	}
	return nil
}

func (a *atlas) scheduleC(r *reader) error {
	rows, err := r.table("us_census_schedule_c.csv", 240, "schedule_c", "name_en", "iso_alpha2")
	if err != nil {
		return err
	}
	for _, c := range rows {
		code := c["iso_alpha2"]
		if own, ok := a.keys[[2]string{"us-schedule-c", c["schedule_c"]}]; ok {
			code = own // KV, GZ and WE are not ISO codes
		}
		if err := a.add("us-schedule-c", c["schedule_c"], code, true); err != nil {
			return err
		}
		if err := a.add("us-census-names", c["name_en"], code, true); err != nil {
			return err
		}
	}
	return nil
}

// hmrc reads alpha codes and sequence numbers; eight regional aggregates without any code are left out, and checked.
func (a *atlas) hmrc(r *reader) error {
	rows, err := r.table("uk_hmrc_country_codes.csv", 264, "country_code_numeric", "alpha2", "name_en")
	if err != nil {
		return err
	}
	nameless := 0
	for _, c := range rows {
		if c["alpha2"] == "" {
			nameless++
			continue
		}
		code := c["alpha2"]
		if own, ok := a.keys[[2]string{"uk-hmrc", c["alpha2"]}]; ok {
			code = own
		}
		if err := a.add("uk-hmrc", c["alpha2"], code, true); err != nil {
			return err
		}
		if c["country_code_numeric"] == "" {
			continue
		}
		if err := a.add("uk-hmrc-seq", c["country_code_numeric"], code, true); err != nil {
			return err
		}
	}
	if nameless != 8 {
		return fmt.Errorf("uk_hmrc_country_codes.csv: %d rows without a code, expected 8", nameless)
	}
	// Bulk files name every ISO area, and those of France apart (RE, MQ, GP, GF): the 2021 table lacks some.
	for _, v := range a.areas {
		if v.iso3 != "" {
			if err := a.add("uk-hmrc", v.code, v.code, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *atlas) abs(r *reader) error {
	rows, err := r.table("au_country_codes.csv", 250, "code", "name_en")
	if err != nil {
		return err
	}
	for _, c := range rows {
		code := c["code"]
		if own, ok := a.keys[[2]string{"au-abs", c["code"]}]; ok {
			code = own
		}
		if err := a.add("au-abs", c["code"], code, true); err != nil {
			return err
		}
	}
	return nil
}
