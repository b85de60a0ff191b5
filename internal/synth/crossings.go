package synth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/travel"
)

// CrossingsOptions say what crossings of borders to make.
type CrossingsOptions struct {
	Members  []string // ISO 3166-1 alpha-2, of CrossingsMembers()
	From, To string   // first and last month, "2024-01"
	Seed     uint64
	Gzip     bool
	Dir      string // a folder that is not there yet, or an empty one
}

// CrossingsVersion of the model: it changes when the same options make other bytes.
const CrossingsVersion = 1

// CrossingsManifest says what was made: manifest.json, written last.
type CrossingsManifest struct {
	Generated   bool         `json:"generated"` // always
	Notice      string       `json:"notice"`
	Version     int          `json:"version"`
	Dataset     string       `json:"dataset"`
	Ports       string       `json:"ports_version"`
	Seed        uint64       `json:"seed"`
	Members     []string     `json:"members"`
	From        string       `json:"from"`
	To          string       `json:"to"`
	Lines       int64        `json:"lines"`
	Persons     int64        `json:"persons"`
	Files       []File       `json:"files"`
	Assumptions []Assumption `json:"assumptions"`
}

// CrossingsMembers returns the members whose ports are held.
func CrossingsMembers() []string {
	var out []string
	for _, p := range travel.Ports("") {
		if !slices.Contains(out, p.Country()) {
			out = append(out, p.Country())
		}
	}
	return out
}

// mostMonths bounds a run: ten years.
const mostMonths = 120

// MakeCrossings makes one file of crossings for each member, and the truth: of
// each port, mode, direction and month how many waited how many minutes. Errors
// and what is left behind are as those of Make. Progress is told in months.
func MakeCrossings(ctx context.Context, o CrossingsOptions, tell guichet.Progress) (CrossingsManifest, error) {
	months, err := o.check()
	if err != nil {
		return CrossingsManifest{}, err
	}
	c := &crossing{o: o, months: months, tell: tell, origin: newWheel(1<<14, nationalWeights())}
	if c.dir, err = openFolder(o.Dir); err != nil {
		return CrossingsManifest{}, err
	}
	if err = c.run(ctx); err == nil {
		err = c.dir.commit()
	}
	if gone := c.dir.Close(); err != nil || gone != nil {
		return CrossingsManifest{}, errors.Join(err, gone)
	}
	return c.manifest, nil
}

// check refuses what cannot be made, KindInvalid, and returns the months.
func (o CrossingsOptions) check() ([]string, error) {
	known := CrossingsMembers()
	for i, m := range o.Members {
		if !slices.Contains(known, m) {
			return nil, guichet.Errorf(guichet.KindInvalid, "no port of the member %q is held", m).WithHint("name some of %s", strings.Join(known, ", "))
		}
		if slices.Contains(o.Members[:i], m) {
			return nil, guichet.Errorf(guichet.KindInvalid, "the member %s is named twice", m).WithHint("name each once")
		}
	}
	if len(o.Members) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "no member is named").WithHint("name some of %s", strings.Join(known, ", "))
	}
	if o.Dir == "" {
		return nil, guichet.Errorf(guichet.KindInvalid, "no folder is named").WithHint("name one that is not there yet, or an empty one")
	}
	var at [2]time.Time
	for i, s := range []string{o.From, o.To} {
		t, err := time.Parse("2006-01", s)
		if err != nil {
			return nil, guichet.Errorf(guichet.KindInvalid, "%q is no month", s).WithHint("write it as 2024-01")
		}
		at[i] = t
	}
	var out []string
	for t := at[0]; !t.After(at[1]); t = t.AddDate(0, 1, 0) {
		if out = append(out, t.Format("2006-01")); len(out) > mostMonths {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s to %s are more than %d months", o.From, o.To, mostMonths).WithHint("name fewer")
		}
	}
	if len(out) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "the first month, %s, is after the last, %s", o.From, o.To).WithHint("exchange them")
	}
	return out, nil
}

// crossing makes one set of files.
type crossing struct {
	o        CrossingsOptions
	months   []string
	tell     guichet.Progress
	dir      *folder
	origin   wheel
	manifest CrossingsManifest
}

// truthOfWaits is the head of the truth.
const truthOfWaits = "member,month,port,mode,direction,minutes,persons,generated\n"

func (c *crossing) run(ctx context.Context) error {
	c.manifest = CrossingsManifest{
		Generated: true, Notice: notice, Version: CrossingsVersion, Dataset: travel.Name, Ports: travel.Version(), Seed: c.o.Seed,
		From: c.o.From, To: c.o.To, Assumptions: crossingsAssumptions(),
	}
	span := "-" + c.o.From + "_" + c.o.To + mark + ".csv"
	truth, err := c.dir.create("truth-waits"+span, false)
	if err != nil {
		return err
	}
	if err := truth.add([]byte(truthOfWaits)); err != nil {
		return err
	}
	var waits int64
	for _, member := range CrossingsMembers() {
		if !slices.Contains(c.o.Members, member) {
			continue
		}
		n, err := c.member(ctx, member, "crossings-"+lower(member)+span, truth)
		if err != nil {
			return err
		}
		waits += n
	}
	if err := c.close(truth, File{Kind: "truth", Lines: waits}); err != nil {
		return err
	}
	text, err := json.MarshalIndent(c.manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	out, err := c.dir.create("manifest.json", false)
	if err != nil {
		return err
	}
	if err := out.add(append(text, '\n')); err != nil {
		return err
	}
	_, err = out.finish()
	return err
}

// member makes the file of one member, and returns how many lines of truth.
func (c *crossing) member(ctx context.Context, member, name string, truth *output) (int64, error) {
	if c.o.Gzip {
		name += ".gz"
	}
	out, err := c.dir.create(name, c.o.Gzip)
	if err != nil {
		return 0, err
	}
	if err := out.add([]byte(crossingsHead())); err != nil {
		return 0, err
	}
	file := File{Member: member, Kind: "crossings", Totals: map[string]guichet.Decimal{}}
	var waits int64
	for i, month := range c.months {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		c.tell("cross", int64(i), int64(len(c.months)))
		for _, p := range travel.Ports(member) {
			for _, mode := range p.Modes {
				for _, direction := range travel.Directions() {
					g := c.draw(p, mode, direction, month)
					text, lines := g.lines()
					if err := out.add(text); err != nil {
						return 0, err
					}
					told, n := g.truth()
					if err := truth.add(told); err != nil {
						return 0, err
					}
					file.Lines, waits = file.Lines+lines, waits+n
					key := string(direction) + " crossings"
					file.Totals[key] = file.Totals[key].Add(guichet.DecimalOf(g.persons))
					c.manifest.Persons += g.persons
				}
			}
		}
	}
	c.manifest.Members = append(c.manifest.Members, member)
	c.manifest.Lines += file.Lines
	return waits, c.close(out, file)
}

// close ends a file and notes what it is.
func (c *crossing) close(o *output, f File) error {
	sum, err := o.finish()
	if err != nil {
		return err
	}
	f.Name, f.Bytes, f.SHA256 = o.name, o.bytes, sum
	c.manifest.Files = append(c.manifest.Files, f)
	return nil
}

// crossingsHead names the columns, as docs/design/travel.md has them.
func crossingsHead() string {
	cols := []string{"reporter", "month", "port", "mode", "direction", "nationality", "crossings", "stated_p50", "stated_p90"}
	for _, b := range travel.Bands() {
		cols = append(cols, b.Field)
	}
	return strings.Join(append(cols, "generated"), ",") + "\n"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
