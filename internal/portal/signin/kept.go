package signin

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

const (
	keptFor      = 15 * time.Minute
	maxKept      = 32 << 20 // bytes of all forms
	maxKeptEach  = 4        // forms of one person
	maxKeptForms = 2000
)

// keptForms holds what was typed, for some minutes, in memory: nothing that somebody
// did not send on their own lands on a disk, or in a backup.
type keptForms struct {
	mu    sync.Mutex // guards what follows
	forms map[string]keptForm
	bytes int
}

type keptForm struct {
	owner string
	form  *Form
	until time.Time
}

func newKeptForms() *keptForms { return &keptForms{forms: map[string]keptForm{}} }

// put keeps a form for its owner; false when there is no room.
func (k *keptForms) put(owner string, f *Form, now time.Time) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	mine, oldest := 0, ""
	for id, x := range k.forms {
		switch {
		case !now.Before(x.until):
			k.drop(id)
		case x.owner == owner:
			mine++
			if oldest == "" || x.until.Before(k.forms[oldest].until) {
				oldest = id
			}
		}
	}
	if mine >= maxKeptEach {
		k.drop(oldest)
	}
	if k.bytes+f.size() > maxKept || len(k.forms) >= maxKeptForms {
		return "", false
	}
	id := rand.Text()
	k.forms[id] = keptForm{owner: owner, form: f, until: now.Add(keptFor)}
	k.bytes += f.size()
	return id, true
}

// drop forgets a form; the lock is held.
func (k *keptForms) drop(id string) {
	k.bytes -= k.forms[id].form.size()
	delete(k.forms, id)
}

// get returns a form to its owner, nil to anybody else and when it is gone.
func (k *keptForms) get(id, owner string, now time.Time) *Form {
	k.mu.Lock()
	defer k.mu.Unlock()
	x, ok := k.forms[id]
	if !ok || x.owner != owner || !now.Before(x.until) {
		return nil
	}
	return x.form
}

// goOn shows what was typed with a button that sends it. It is never sent by itself:
// what it would do may have been done, or be wrong by now.
func (d *Door) goOn(w http.ResponseWriter, r *http.Request) {
	id := clip(r.FormValue("kept"), maxState)
	p, ok := From(r.Context())
	if !ok {
		http.Redirect(w, r, signInAddress("/", id), http.StatusSeeOther)
		return
	}
	form := d.kept.get(id, p.Pseudonym, d.clock())
	if form == nil {
		d.fail(w, r, &failure{status: http.StatusGone, key: "signin.kept_gone", next: "/"})
		return
	}
	d.render(w, r, http.StatusOK, "signin.continue", Args{Next: form.Action, Form: form})
}
