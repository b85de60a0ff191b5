package synth

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"os"

	"guichet/codes"
)

// MakeCells is Make that returns the cells as well.
func MakeCells(ctx context.Context, o Options) (Manifest, []Cell, error) {
	m, err := prepare(o, func(string, int64, int64) {})
	if err != nil {
		return Manifest{}, nil, err
	}
	if m.dir, err = openFolder(o.Dir); err != nil {
		return Manifest{}, nil, err
	}
	if err := m.run(ctx); err != nil {
		return Manifest{}, nil, err
	}
	return m.manifest, m.cells, m.dir.commit()
}

// Weight is what a good weighs in the flow of a pair.
type Weight struct {
	Exporter, Importer, HS6 string
	USD                     int64
}

// Weights returns what the shares of goods follow, and the published figures.
func Weights() ([]Weight, error) {
	f, err := readFigures()
	if err != nil {
		return nil, err
	}
	goods, err := readGoods(f)
	if err != nil {
		return nil, err
	}
	var out []Weight
	iso := areaCodes()
	for x := range members {
		for m := range members {
			for _, g := range goods {
				if n := g.weights[x][m]; n > 0 {
					out = append(out, Weight{iso[x].iso, iso[m].iso, string(g.hs6), n})
				}
			}
		}
	}
	return out, nil
}

// USImports returns a published figure: general imports of 2024 by HS2022.
func USImports(exporter, hs2022 string) (int64, error) {
	f, err := readFigures()
	return f.usImports[[2]string{exporter, hs2022}], err
}

// Price returns a published price in cents a kilogram.
func Price(hs2017 string) (int64, error) {
	f, err := readFigures()
	return f.prices[hs2017], err
}

// AreaFaults returns the countries whose keys package codes reads otherwise.
func AreaFaults() []string {
	var out []string
	for _, a := range areaCodes() {
		if a.iso == "" {
			continue
		}
		for list, key := range a.keys() {
			if found, ok := codes.AreaIn(list, key); !ok || found.Code != a.iso {
				out = append(out, list+" "+key)
			}
		}
	}
	return out
}

// keys are those of a country in every list that a format uses.
func (a areaCode) keys() map[string]string {
	m49, _ := comtradeKeys(a.iso)
	out := map[string]string{"iso2": a.iso, "us-schedule-c": a.census, "nz-names": a.name, "uk-hmrc": a.iso, "uk-hmrc-seq": gbSequence(a.iso), "comtrade": m49, "statcan": a.iso}
	return out
}

// UnitFaults returns the units that package codes reads otherwise.
func UnitFaults() []string {
	var out []string
	lists := [members]string{au: "au", ca: "ca", nz: "nz", gb: "uk", us: "us"}
	for m, o := range offices() {
		for code, text := range o.units {
			if u, ok := codes.UnitIn(lists[m], text); !ok || u.Code != code {
				out = append(out, lists[m]+" "+text)
			}
		}
	}
	return out
}

// Line is a national line that a run may use.
type Line struct{ Member, Flow, Code, List, Standing, HS6 string }

// Lines returns the lines of a span of months by standing.
func Lines(o Options) ([]Line, error) {
	m, err := prepare(o, nil)
	if err != nil {
		return nil, err
	}
	var out []Line
	for member := range m.w.lines.at {
		for flow := range 2 {
			for _, goods := range m.w.lines.at[member][flow] {
				for _, lines := range goods {
					for _, l := range lines {
						out = append(out, Line{m.w.office[member].iso, []string{"imports", "exports"}[flow], l.code, l.list, l.standing, l.hs6})
					}
				}
			}
		}
	}
	return out, nil
}

// WriteToFullDisk writes a file where no space is left.
func WriteToFullDisk() error {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	o := &output{path: "/dev/full", file: f, digest: sha256.New()}
	o.out = bufio.NewWriterSize(f, 16)
	return errors.Join(o.add(make([]byte, 100)), f.Close())
}

// Whole is the denominator of planted rates.
const Whole = whole
