// Package travel describes the second dataset of the window: crossings of a
// border by persons, and how long they waited, by port, mode, direction and month.
//
// It promises the descriptor (fields, code lists, what may never be added), the
// ports by UN/LOCODE, the closed lists of its words, the bands in which waiting
// times are counted, the agreement to begin with, and the sentences behind its
// remark codes.
//
// A row counts; it names nobody. No field is of a person: nationality is that of
// those who are counted together.
//
// It does not read files or judge keys (rooms ingest and harmonise), and it knows
// nothing of trade. docs/design/travel.md says why waiting times are kept as counts.
package travel
