package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"guichet"
)

// demoLost is the member whose home is lost.
const demoLost = "NZ"

// backedUp are the backups of the demonstration, and what the home answered then.
type backedUp struct {
	older, newer BackupResult
	sum          guichet.Decimal
}

// asksLost asks for the imports of the member that is lost later.
func (d *showing) asksLost(ctx context.Context) (MemberResult, guichet.Decimal, error) {
	q, err := d.masks()
	if err != nil {
		return MemberResult{}, guichet.Decimal{}, err
	}
	delete(q.Question.Where, "partner")
	q.Question.Where["product"] = []string{"covid19"}
	r, a, err := d.ask(ctx, d.party(demoAsker), demoCircleName, q, demoLost)
	return r, sumOf(a), err
}

// backup writes a home into a file while its node runs.
func (d *showing) backup(ctx context.Context, name string) (res BackupResult, err error) {
	n, err := Open(ctx, d.party(demoLost).cfg)
	if err != nil {
		return res, err
	}
	if res, err = n.Backup(ctx, BackupRequest{Out: filepath.Join(d.dir, name)}); err == nil {
		d.does("backup --home %s --out %s", demoLost, name)
		d.say("   %d files, %d bytes, digest %s", "   %d fichiers, %d octets, condensat %s", res.Files, res.Bytes, res.Digest)
	}
	if cerr := n.Close(); err == nil {
		err = cerr
	}
	return res, err
}

// backups makes two, with an answer between them that the second one alone knows.
func (d *showing) backups(ctx context.Context) error {
	d.step("%s is backed up while it serves, twice, and answers between the two:", "%s est sauvegardé pendant qu'il sert, deux fois, et répond entre les deux :", demoLost)
	var err error
	if d.kept.older, err = d.backup(ctx, "nz-1.tar"); err != nil {
		return err
	}
	r, sum, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	if r.Gap != nil || sum.Sign() == 0 {
		d.fault("%s answers %s: %v", demoLost, sum, r.Gap)
	}
	d.came(r)
	d.kept.sum = sum
	// Until another member has seen the leaf of it.
	if err := d.until(ctx, demoLost+"'s answer is cosigned", func(ctx context.Context) (ok bool, err error) {
		err = d.asking(ctx, func(op Operator) error {
			receipt, err := op.Receipt(ctx, r.Exchange)
			ok = len(receipt.Witnesses) > 0
			return err
		})
		return ok, err
	}); err != nil {
		return err
	}
	d.kept.newer, err = d.backup(ctx, "nz-2.tar")
	return err
}

// lost removes the home: node, figures, keys, journal.
func (d *showing) lost(ctx context.Context) error {
	p := d.party(demoLost)
	if err := p.stop(); err != nil {
		return err
	}
	if err := os.RemoveAll(p.cfg.Home); err != nil {
		return fmt.Errorf("lose %s: %w", p.code, err)
	}
	r, _, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	if r.Gap == nil || r.Gap.Reason != guichet.GapSilent {
		d.fault("%s is lost, and answers", p.code)
		return nil
	}
	d.step("The disk of %s is lost: figures, keys, journal, all of its folder", "Le disque de %s est perdu : chiffres, clés, journal, tout son dossier", p.code)
	d.came(r)
	return nil
}

// restored puts a backup back, and starts its node.
func (d *showing) restored(ctx context.Context, b BackupResult) error {
	p := d.party(demoLost)
	d.does("restore %s --home %s --digest %s", filepath.Base(b.File), p.code, b.Digest)
	d.by("serve; journal standing")
	res, err := Restore(ctx, p.cfg, RestoreRequest{File: b.File, Home: p.cfg.Home, Digest: b.Digest})
	if err != nil {
		return err
	}
	if res.Digest != b.Digest || res.Member != p.code {
		d.fault("restored is %s of %s", res.Digest, res.Member)
	}
	return p.start(ctx, d)
}

// standing asks the restored node what the others have seen of its journal.
func (d *showing) standing(ctx context.Context) (st Standing, err error) {
	err = d.operate(ctx, d.party(demoLost), demoCircleName, func(op Operator) (err error) { st, err = op.Standing(ctx); return err })
	return st, err
}

// restoredOld puts the older backup back: the others have seen more of the journal
// than it has, so that it stays closed rather than contradict what it signed.
func (d *showing) restoredOld(ctx context.Context) error {
	d.step("Restored from the older backup, it asks the others first what they have seen of its journal:", "Restauré de la sauvegarde plus ancienne, il demande d'abord aux autres ce qu'ils ont vu de son journal :")
	if err := d.restored(ctx, d.kept.older); err != nil {
		return err
	}
	st, err := d.standing(ctx)
	if err != nil {
		return err
	}
	more := 0
	for _, m := range st.Members {
		if m.State == "more" {
			more++
			d.say("   %s has seen %d leaves of it, and it has %d", "   %s en a vu %d feuilles, et il en a %d", m.Member, m.Leaves, st.Leaves)
		}
	}
	r, _, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	status, said, err := d.operators(ctx, d.party(demoLost), "/readyz")
	if err != nil {
		return err
	}
	if more == 0 || st.Proven || r.Gap == nil || status != http.StatusServiceUnavailable || len(st.Lost) == 0 {
		d.fault("an older journal of %s is open: %d have seen more, /readyz says %d", demoLost, more, status)
		return nil
	}
	d.came(r)
	d.say("   its operator sees /readyz %d: %s", "   son exploitant voit /readyz %d : %s", status, strings.TrimSpace(said))
	return nil
}

// restoredNew puts the newer backup back: nobody has seen more, and it answers as it
// did.
func (d *showing) restoredNew(ctx context.Context) error {
	p := d.party(demoLost)
	if err := p.stop(); err != nil {
		return err
	}
	if err := os.RemoveAll(p.cfg.Home); err != nil {
		return fmt.Errorf("lose %s: %w", p.code, err)
	}
	d.step("Restored from the newer one:", "Restauré de la plus récente :")
	if err := d.restored(ctx, d.kept.newer); err != nil {
		return err
	}
	var st Standing
	if err := d.until(ctx, "more than half have seen no more of "+p.code+"'s journal than it has", func(ctx context.Context) (ok bool, err error) {
		st, err = d.standing(ctx)
		return st.Proven, err
	}); err != nil {
		return err
	}
	within := 0
	for _, m := range st.Members {
		if m.State == "within" || m.State == "nothing" {
			within++
		}
	}
	r, sum, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	if within*2 <= len(st.Members) || r.Gap != nil || sum.Cmp(d.kept.sum) != 0 {
		d.fault("%s answered %s before it was lost, and %s after (%v)", p.code, d.kept.sum, sum, r.Gap)
	}
	d.say("   %d of %d others have seen no more of its journal than its %d leaves: it is opened", "   %d des %d autres n'ont pas vu plus de son journal que ses %d feuilles : il est ouvert", within, len(st.Members), st.Leaves)
	d.came(r)
	d.say("   the same figures as before, under the same keys", "   les mêmes chiffres qu'avant, sous les mêmes clés")
	return nil
}

// operators asks a node's window for operators.
func (d *showing) operators(ctx context.Context, p *party, path string) (status int, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metrics+path, nil)
	if err != nil {
		return 0, "", fmt.Errorf("ask %s: %w", path, err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", fmt.Errorf("ask %s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, string(text), err
}
