package desk

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"guichet"
)

// keyer writes what an answer depends on as bytes, each piece with its length
// before it, so that two different things never look alike. Canonical JSON would
// do, at twenty times the cost; every field is named here, and a test holds the
// types to it.
type keyer []byte

func (k *keyer) num(n int64) { *k = binary.AppendVarint(*k, n) }

func (k *keyer) text(s string) {
	k.num(int64(len(s)))
	*k = append(*k, s...)
}

func (k *keyer) yes(b bool) {
	if b {
		k.num(1)
		return
	}
	k.num(0)
}

func (k *keyer) list(all []string) {
	k.num(int64(len(all)))
	for _, s := range all {
		k.text(s)
	}
}

func (k *keyer) dict(m map[string][]string) {
	k.num(int64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		k.text(name)
		k.list(m[name])
	}
}

func (k *keyer) time(t time.Time) {
	if t.IsZero() {
		k.num(-1)
		return
	}
	k.num(t.Unix())
	k.num(int64(t.Nanosecond()))
}

func (k *keyer) span(s guichet.Span) {
	for _, p := range []guichet.Period{s.From, s.To} {
		k.text(string(p.Freq))
		k.time(p.Start)
	}
}

func (k *keyer) question(q guichet.Question) {
	k.text(q.Dataset)
	k.dict(q.Where)
	k.span(q.Period)
	k.list(q.By)
	k.list(q.Measures)
	k.num(int64(q.Edition))
	k.text(q.Conversion)
	k.text(q.Cube)
	k.time(q.AsOf)
	k.text(q.Vintage)
	k.num(int64(q.Limit))
	k.text(q.Lang)
}

func (k *keyer) decision(d guichet.Decision) {
	k.yes(d.Permitted)
	for _, s := range []string{d.Agreement, d.Digest, d.Clause, d.Text, d.Hint} {
		k.text(s)
	}
	k.num(int64(d.Version))
	k.conditions(d.Conditions)
	k.num(int64(len(d.Notices)))
	for _, r := range d.Notices {
		k.notice(r)
	}
}

func (k *keyer) conditions(c guichet.Conditions) {
	k.dict(c.Where)
	k.dict(c.Picks)
	k.span(c.Period)
	k.list(c.Grains)
	k.list(c.Regimes)
	for _, n := range []int{c.Rules.Threshold, c.Rules.Top, c.Rules.Share, c.Rules.Prior, c.Quota} {
		k.num(int64(n))
	}
	k.yes(c.Mirror)
	k.yes(c.Records)
	k.text(c.Released)
}

func (k *keyer) notice(r guichet.Remark) {
	for _, s := range []string{r.Code, r.Text, r.Reporter, r.Unit, r.Of} {
		k.text(s)
	}
	k.num(r.Rows)
	k.yes(r.Value != nil)
	if r.Value != nil {
		k.text(r.Value.String())
	}
}

func (k *keyer) party(p guichet.Party) {
	k.text(p.Circle)
	k.text(p.Member)
	k.text(p.Office)
}
