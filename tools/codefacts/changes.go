package main

import (
	"fmt"
	"sort"
	"strings"
)

// makeChanges writes which code followed which: "old|year|new new ...", in the order of old and year.
func makeChanges(r *reader) ([]*fact, error) {
	cn, err := r.table("cn8_code_changes_1988_2019.csv", 15558, "origin_cn8", "destination_cn8", "origin_end_year", "destination_start_year")
	if err != nil {
		return nil, err
	}
	nz, err := r.table("nz_correlation_2021_2022.csv", 1948, "old_code10", "new_code10")
	if err != nil {
		return nil, err
	}
	var steps []string
	for _, x := range cn {
		end, start := 0, 0
		if _, err := fmt.Sscan(x["origin_end_year"]+" "+x["destination_start_year"], &end, &start); err != nil || start != end+1 {
			return nil, fmt.Errorf("cn8 changes: %v does not follow at once", x)
		}
		steps = append(steps, x["origin_cn8"]+"|"+x["destination_start_year"]+"|"+x["destination_cn8"])
	}
	first, err := changeFact("changes-cn", "2019", "Eurostat updates of the Combined Nomenclature 1988-2019, through stix-global/eutradeflows", 8, steps)
	if err != nil {
		return nil, err
	}
	steps = nil
	for _, x := range nz {
		steps = append(steps, x["old_code10"]+"|2022|"+x["new_code10"])
	}
	second, err := changeFact("changes-nz-tariff", "2022-01-01", "NZ correlation 2021-12-31 to 2022-01-01, through suestreet/NZ-Tariff (24 unreadable or double lines left out there)", 10, steps)
	if err != nil {
		return nil, err
	}
	return []*fact{first, second}, nil
}

func changeFact(name, date, source string, digits int, steps []string) (*fact, error) {
	sort.Strings(steps)
	f := &fact{name: name, date: date, source: source, rows: len(steps)}
	last, group := "", ""
	for i, s := range steps {
		p := strings.Split(s, "|")
		if len(p[0]) != digits || len(p[2]) != digits || i > 0 && s == steps[i-1] {
			return nil, fmt.Errorf("%s: %q is malformed or there twice", name, s)
		}
		if key := p[0] + "|" + p[1]; key != last {
			if group != "" {
				fmt.Fprintln(&f.body, group)
			}
			last, group = key, key+"|"+p[2]
			continue
		}
		group += " " + p[2]
	}
	fmt.Fprintln(&f.body, group)
	return f, nil
}
