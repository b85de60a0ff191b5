package ingest

import (
	"archive/zip"
	"context"
	"regexp"
	"slices"
)

// sampleNamed adds to the sample of a zip the beginnings of members that a
// candidate reads by name and that stand too far behind to be among the first:
// the detail lines of the US Census stand behind lists of codes, totals and
// documentation. A zip names its members at its end, so that nothing need be
// unpacked to find them. Names are checked when the file is read as a whole.
func (f *original) sampleNamed(ctx context.Context, s *sample, candidates []*Profile) error {
	if f.container != containerZip {
		return nil
	}
	var want []*regexp.Regexp
	for _, p := range candidates {
		if p.Format.Members != "" {
			want = append(want, regexp.MustCompile(`^(?:`+p.Format.Members+`)$`))
		}
	}
	h, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	zr, err := f.directory(h)
	if err != nil {
		return err
	}
	if len(zr.File) > f.limits.Members {
		return nil // refused for that when it is read
	}
	b := f.budget(ctx)
	for _, re := range want {
		if slices.ContainsFunc(s.members, func(m sampled) bool { return re.MatchString(m.name) }) {
			continue
		}
		i := slices.IndexFunc(zr.File, func(m *zip.File) bool { return m.Mode().IsRegular() && m.Flags&1 == 0 && re.MatchString(m.Name) })
		if i < 0 {
			continue
		}
		m, err := f.peek(zr.File[i], b)
		if err != nil {
			return err
		}
		s.members = append(s.members, m)
	}
	return nil
}

// peek reads the beginning of a member.
func (f *original) peek(m *zip.File, b *budget) (sampled, error) {
	r, err := m.Open()
	if err != nil {
		return sampled{}, f.readError(m.Name, err)
	}
	defer func() { _ = r.Close() }()
	head, err := readUpTo(limited{r, b}, headBytes)
	if err != nil {
		return sampled{}, f.readError(m.Name, err)
	}
	if c := signed(head, archives()); c != "" {
		return sampled{}, packedTwice(f.name, c)
	}
	return sampled{name: m.Name, head: head, all: len(head) < headBytes}, nil
}
