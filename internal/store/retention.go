package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// RetentionRule says how long rows of a dataset are kept. The rule of a profile
// goes before that of its dataset. Without a rule nothing is ever removed.
type RetentionRule struct {
	Dataset    string    `json:"dataset"`
	Profile    string    `json:"profile,omitempty"` // "" every profile that has no rule of its own
	Keep       string    `json:"keep"`              // "10y", "18m", "90d"
	From       string    `json:"from"`              // RetainPeriod or RetainTaken
	Superseded string    `json:"superseded,omitempty"`
	Basis      string    `json:"basis"` // the law or agreement behind it, in the operator's words
	By         string    `json:"by,omitempty"`
	Set        time.Time `json:"set"`
}

// What the time of a rule runs from.
const (
	RetainPeriod = "period" // the end of the period that the rows are of
	RetainTaken  = "taken"  // the day on which they were taken in
)

// text is the rule in words, as a purge tells of it.
func (r RetentionRule) text(superseded bool) string {
	if superseded {
		return "keep " + r.Superseded + " after being superseded"
	}
	return "keep " + r.Keep + " from " + r.From
}

// LegalHold keeps rows from every purge until it is lifted. Lists that are empty
// mean all.
type LegalHold struct {
	Name        string    `json:"name"`
	Dataset     string    `json:"dataset"`
	Submissions []string  `json:"submissions,omitempty"`
	Reporters   []string  `json:"reporters,omitempty"`
	From        string    `json:"from,omitempty"` // first day of the periods that are held
	To          string    `json:"to,omitempty"`   // last day
	Why         string    `json:"why"`
	By          string    `json:"by,omitempty"`
	Set         time.Time `json:"set"`
	Lifted      time.Time `json:"lifted,omitzero"`
	LiftedWhy   string    `json:"lifted_why,omitempty"`
	LiftedBy    string    `json:"lifted_by,omitempty"`
}

// holds says whether the hold keeps a unit of a submission.
func (h LegalHold) holds(sub *guichet.Submission, u guichet.Unit) bool {
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	return h.Lifted.IsZero() && h.Dataset == sub.Dataset &&
		(len(h.Submissions) == 0 || slices.Contains(h.Submissions, sub.ID)) &&
		(len(h.Reporters) == 0 || slices.Contains(h.Reporters, u.Reporter)) &&
		(h.From == "" || day(u.Period.End()) >= h.From) && (h.To == "" || day(u.Period.Start) <= h.To)
}

// longestKeep bounds a rule, in years: beyond it a day cannot be written.
const longestKeep = 1000

// after adds a time such as "10y", "18m" or "90d" to a day. A month later than the
// 31st is the last day of a shorter month.
func after(from time.Time, keep string) (time.Time, error) {
	bad := guichet.Errorf(guichet.KindInvalid, "%q is no time to keep something", keep).WithHint("write a number with y, m or d: 10y, 18m, 90d")
	if len(keep) < 2 {
		return time.Time{}, bad
	}
	n, err := strconv.Atoi(keep[:len(keep)-1])
	if err != nil || n < 0 || keep[0] == '+' || keep[0] == '-' {
		return time.Time{}, bad
	}
	months := n
	switch keep[len(keep)-1] {
	case 'd':
		if n > longestKeep*366 {
			return time.Time{}, bad
		}
		return from.AddDate(0, 0, n), nil
	case 'y':
		months = n * 12
	case 'm':
	default:
		return time.Time{}, bad
	}
	if n > longestKeep*12 || months > longestKeep*12 {
		return time.Time{}, bad
	}
	first := time.Date(from.Year(), from.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(from.Day(), last)-1), nil
}

// createKeeping makes the register's tables of rules, holds and purges.
func (s *Store) createKeeping(ctx context.Context) error {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS retention (seq INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, profile TEXT NOT NULL, doc TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS holds (name TEXT PRIMARY KEY, doc TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS purges (id TEXT PRIMARY KEY, dataset TEXT NOT NULL, state TEXT NOT NULL, plan TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS going (purge TEXT NOT NULL, dataset TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (dataset, name))`,
		`CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, dataset TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS purged (submission TEXT PRIMARY KEY)`,
		`CREATE TABLE IF NOT EXISTS told (event TEXT NOT NULL, circle TEXT NOT NULL, leaf INTEGER NOT NULL, PRIMARY KEY (event, circle))`,
	} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create register: %w", err)
		}
	}
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('units') WHERE name='purged'`).Scan(&n); err != nil {
		return fmt.Errorf("create register: %w", err)
	}
	if n > 0 {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, `ALTER TABLE units ADD COLUMN purged TEXT NOT NULL DEFAULT ''`); err != nil && !strings.Contains(err.Error(), "duplicate column") {
		return fmt.Errorf("create register: %w", err)
	}
	return nil
}

// SetRetention makes a rule, in the place of one for the same rows. The former one
// stays in the register. KindInvalid where it cannot be followed.
func (w *Writer) SetRetention(ctx context.Context, r RetentionRule) (RetentionRule, error) {
	if _, err := w.s.Dataset(r.Dataset); err != nil {
		return r, err
	}
	if r.From == "" {
		r.From = RetainPeriod
	}
	r.Set = w.s.cfg.Clock().UTC().Truncate(time.Second)
	_, err := after(r.Set, r.Keep)
	if r.Superseded != "" {
		_, err2 := after(r.Set, r.Superseded)
		err = cmp.Or(err, err2)
	}
	switch {
	case err != nil:
		return r, err
	case r.From != RetainPeriod && r.From != RetainTaken:
		return r, guichet.Errorf(guichet.KindInvalid, "%q is nothing that a time is counted from", r.From).WithHint("say --from period or --from taken")
	case strings.TrimSpace(r.Basis) == "" || len(r.Basis) > longestWhy:
		return r, guichet.Errorf(guichet.KindInvalid, "a rule needs its basis, in at most %d bytes", longestWhy).WithHint("name the law or the agreement: --basis \"Archives Act, s. 12\"")
	}
	return r, w.keepRule(ctx, r, false)
}

// DropRetention ends a rule: what it was for is kept without end, or by the rule
// of its dataset. KindNotFound when there is none.
func (w *Writer) DropRetention(ctx context.Context, dataset, profile string) error {
	rules, err := w.s.Retention(ctx)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Dataset == dataset && r.Profile == profile {
			return w.keepRule(ctx, r, true)
		}
	}
	return guichet.Errorf(guichet.KindNotFound, "there is no rule for %s", strings.TrimSpace(dataset+" "+profile)).WithHint("list them: guichet retention")
}

func (w *Writer) keepRule(ctx context.Context, r RetentionRule, drop bool) error {
	doc := []byte("")
	if !drop {
		var err error
		if doc, err = json.Marshal(r); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
	}
	if _, err := w.s.db.ExecContext(ctx, `INSERT INTO retention (dataset, profile, doc) VALUES (?,?,?)`, r.Dataset, r.Profile, string(doc)); err != nil {
		return full(fmt.Errorf("retention: %w", err))
	}
	return nil
}

// Retention returns the rules that stand, by dataset and profile.
func (s *Store) Retention(ctx context.Context) ([]RetentionRule, error) {
	docs, err := s.texts(ctx, `SELECT doc FROM retention WHERE seq IN (SELECT max(seq) FROM retention GROUP BY dataset, profile) AND doc<>'' ORDER BY dataset, profile`)
	return parseAll[RetentionRule](docs, err)
}

// SetHold makes a legal hold. KindInvalid when its name is taken, or it says
// nothing that can be held.
func (w *Writer) SetHold(ctx context.Context, h LegalHold) (LegalHold, error) {
	s := w.s
	if _, err := s.Dataset(h.Dataset); err != nil {
		return h, err
	}
	for i, id := range h.Submissions {
		sub, err := s.Submission(ctx, h.Dataset, id)
		if err != nil {
			return h, err
		}
		h.Submissions[i] = sub.ID
	}
	for _, day := range []string{h.From, h.To} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return h, guichet.Errorf(guichet.KindInvalid, "%q is no day", day)
		}
	}
	switch {
	case h.Name == "" || len(h.Name) > 64 || strings.ContainsAny(h.Name, " \t\r\n"):
		return h, guichet.Errorf(guichet.KindInvalid, "%q is no name of a hold: it has no blank and at most 64 bytes", h.Name)
	case strings.TrimSpace(h.Why) == "" || len(h.Why) > longestWhy:
		return h, guichet.Errorf(guichet.KindInvalid, "a hold needs a reason, in at most %d bytes", longestWhy).WithHint("say it with --why: the case, the order, the request")
	}
	h.Set = s.cfg.Clock().UTC().Truncate(time.Second)
	doc, err := json.Marshal(h)
	if err != nil {
		return h, fmt.Errorf("hold: %w", err)
	}
	res, err := s.db.ExecContext(ctx, `INSERT INTO holds (name, doc) VALUES (?,?) ON CONFLICT DO NOTHING`, h.Name, string(doc))
	if err != nil {
		return h, full(fmt.Errorf("hold: %w", err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return h, errors.Join(err, guichet.Errorf(guichet.KindInvalid, "there is a hold %s already, or there was one", h.Name).WithHint("take another name; the old one stays as proof"))
	}
	return h, nil
}

// LiftHold ends a hold. KindNotFound when there is none in force.
func (w *Writer) LiftHold(ctx context.Context, name, why, by string) (LegalHold, error) {
	all, err := w.s.Holds(ctx)
	if err != nil {
		return LegalHold{}, err
	}
	i := slices.IndexFunc(all, func(h LegalHold) bool { return h.Name == name && h.Lifted.IsZero() })
	if i < 0 {
		return LegalHold{}, guichet.Errorf(guichet.KindNotFound, "no hold %s is in force", name).WithHint("list them: guichet hold")
	}
	if strings.TrimSpace(why) == "" || len(why) > longestWhy {
		return LegalHold{}, guichet.Errorf(guichet.KindInvalid, "to lift a hold needs a reason, in at most %d bytes", longestWhy).WithHint("say it with --why")
	}
	h := all[i]
	h.Lifted, h.LiftedWhy, h.LiftedBy = w.s.cfg.Clock().UTC().Truncate(time.Second), why, by
	doc, err := json.Marshal(h)
	if err != nil {
		return h, fmt.Errorf("hold: %w", err)
	}
	if _, err := w.s.db.ExecContext(ctx, `UPDATE holds SET doc=? WHERE name=?`, string(doc), name); err != nil {
		return h, full(fmt.Errorf("hold: %w", err))
	}
	return h, nil
}

// Holds returns every hold there ever was, by name.
func (s *Store) Holds(ctx context.Context) ([]LegalHold, error) {
	docs, err := s.texts(ctx, `SELECT doc FROM holds ORDER BY name`)
	return parseAll[LegalHold](docs, err)
}

// texts returns the first column of a query.
func (s *Store) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	defer func() { _ = rows.Close() }()
	return scanTexts(rows)
}

func scanTexts(rows *sql.Rows) ([]string, error) {
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read register: %w", err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	return out, nil
}

func parseAll[T any](docs []string, err error) ([]T, error) {
	out := make([]T, len(docs))
	for i, doc := range docs {
		err = cmp.Or(err, json.Unmarshal([]byte(doc), &out[i]))
	}
	return out, err
}
