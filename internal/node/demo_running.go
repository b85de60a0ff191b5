package node

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// doctor lets a node look at itself: one sentence each, and what to do.
func (d *showing) doctor(ctx context.Context) error {
	cfg := d.party(demoAsker).cfg
	cfg.Circle = ""
	found, err := Doctor(ctx, cfg, DoctorQuestion{})
	if err != nil {
		return err
	}
	d.step("The doctor of %s looks at its home and at its seat in every circle, and says one sentence each:", "Le docteur de %s examine son dépôt et sa place dans chaque cercle, et dit une phrase de chacun :", demoAsker)
	d.does("doctor --home %s", demoAsker)
	well := 0
	var seen []string
	for _, f := range found {
		seen = append(seen, f.What)
		word := strings.TrimSpace(f.Circle + " " + f.What)
		switch {
		case f.State == stateWrong:
			d.fault("the doctor: %s: %s", word, f.Text.EN)
		case f.State == stateWatch, slices.Contains([]string{"home", "journal", "copy " + demoNewcomer, "notices", "member " + demoNewcomer}, f.What):
			d.say("   %-5s %s: %s", "   %-5s %s : %s", f.State, word, f.Text.In(d.lang()))
			if f.Do.EN != "" {
				d.say("         to do: %s", "         à faire : %s", f.Do.In(d.lang()))
			}
		default:
			well++
		}
	}
	for _, what := range []string{"disk", "home", "keys", "circle", "journal", "clock", "copy " + demoNewcomer, "notices", "member " + demoNewcomer} {
		if !slices.Contains(seen, what) {
			d.fault("the doctor says nothing of %s", what)
		}
	}
	d.say("   and %d more, all well", "   et %d autres, tous bien", well)
	return nil
}

// health shows what machines are told of a running node.
func (d *showing) health(ctx context.Context) error {
	p := d.party(demoAsker)
	d.step("Machines that watch over %s ask at its operator's address (%s), on its own machine alone:", "Les machines qui veillent sur %s demandent à l'adresse de son exploitant (%s), sur sa seule machine :", p.code, p.metrics)
	for _, path := range []string{"/healthz", "/readyz"} {
		status, said, err := d.operators(ctx, p, path)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			d.fault("%s of %s: %d %s", path, p.code, status, said)
		}
		d.say("   %s: %d %s", "   %s : %d %s", path, status, strings.TrimSpace(said))
	}
	_, said, err := d.operators(ctx, p, "/metrics")
	if err != nil {
		return err
	}
	for _, name := range []string{"guichet_journal_leaves", "guichet_journal_cosigned_leaves", "guichet_ready"} {
		lines := slices.DeleteFunc(strings.Split(said, "\n"), func(l string) bool { return !strings.HasPrefix(l, name+`{circle="`+demoCircleName) })
		if len(lines) == 0 {
			d.fault("%s tells no %s", p.code, name)
			continue
		}
		d.line(lines[len(lines)-1])
	}
	return nil
}
