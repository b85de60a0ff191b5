package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"guichet"
)

const (
	// demoNodes is the file in which a demonstration notes where its nodes are heard, so
	// that it can be opened again.
	demoNodes = "nodes.json"
	// demoPages is where the pages stand, unless somebody listens there.
	demoPages = "127.0.0.1:8080"
)

// demoNode is what the file says of a member.
type demoNode struct {
	Code    string            `json:"code"`
	Circles []string          `json:"circles"`
	Addrs   map[string]string `json:"addrs"`
	Metrics string            `json:"metrics"`
}

// note notes where the nodes are heard.
func (d *showing) note() error {
	var nodes []demoNode
	for _, p := range d.parties {
		nodes = append(nodes, demoNode{p.code, p.circles, p.addrs, p.metrics})
	}
	text, err := json.MarshalIndent(nodes, "", "  ")
	if err != nil {
		return fmt.Errorf("note the nodes: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, demoNodes), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("note the nodes: %w", err)
	}
	return nil
}

// DemoOpen starts the nodes of a demonstration again that was kept, with the pages of
// one of them, and lets them run until ctx ends. KindNotFound where there is none.
func DemoOpen(ctx context.Context, cfg Config, req DemoRequest) error {
	d := &showing{out: req.Out, fr: req.Lang == "fr", dir: req.Home}
	if d.dir == "" {
		d.dir = "guichet-demo"
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	d.words = filepath.Join(d.dir, "passphrase")
	text, err := os.ReadFile(filepath.Join(d.dir, demoNodes))
	if errors.Is(err, os.ErrNotExist) {
		return guichet.Errorf(guichet.KindNotFound, "no demonstration is kept in %s", d.dir).WithHint("make one first: guichet demo --home %s", d.dir)
	}
	var nodes []demoNode
	if err == nil {
		err = json.Unmarshal(text, &nodes)
	}
	if err != nil || len(nodes) == 0 {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", filepath.Join(d.dir, demoNodes), err).WithHint("make the demonstration again: guichet demo --home %s", d.dir)
	}
	for _, n := range nodes {
		p := &party{code: n.Code, circles: n.Circles, addrs: n.Addrs, metrics: n.Metrics, cfg: cfg}
		p.cfg.Home = filepath.Join(d.dir, n.Code)
		d.parties = append(d.parties, p)
	}
	return d.ended(ctx, d.stay(ctx))
}

// stay lets all nodes run, one of them with its pages, and says the one address from
// which everything can be seen, until ctx ends.
func (d *showing) stay(ctx context.Context) error {
	p := d.parties[0]
	for _, o := range d.parties {
		if o.code == demoAsker {
			p = o
		}
	}
	if err := p.stop(); err != nil {
		return err
	}
	p.pages = pagesPort(ctx)
	var idle []*party
	for _, o := range d.parties {
		if o.process == nil {
			idle = append(idle, o)
		}
	}
	if err := d.startAll(ctx, idle...); err != nil {
		return err
	}
	d.say(demoStayEN, demoStayFR, len(d.parties), p.found, areaName(p.code).In(d.lang()), d.dir)
	if _, err := os.Stat(filepath.Join(p.cfg.Home, demoTriesFile)); err == nil {
		d.say("\nEach finds on the start page what has been made ready to try. The passphrase with which the data\nsteward signs: %s", "\nChacun trouve à la page de départ ce qui est prêt à être essayé. La phrase secrète avec laquelle le\ngestionnaire des données signe : %s", d.words)
	}
	<-ctx.Done()
	return nil
}

// pagesPort is where the pages are to stand: a place that is easy to say, or any.
func pagesPort(ctx context.Context) string {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", demoPages)
	if err != nil || ln.Close() != nil {
		return "127.0.0.1:0"
	}
	return demoPages
}

// ended stops what runs. Where the end was asked for, a process that it reached first is
// no fault.
func (d *showing) ended(ctx context.Context, err error) error {
	interrupted := ctx.Err() != nil
	if interrupted {
		time.Sleep(100 * time.Millisecond) // ^C reached the nodes too: they end by themselves
	}
	stop := d.stopAll()
	if err == nil && interrupted {
		return nil
	}
	return errors.Join(err, stop)
}

// What is said when everything runs and waits for a person.
const (
	demoStayEN = `
All %[1]d nodes run. Open this address in a browser on this machine:

   %[2]s

It is the node of %[3]s. Nobody checks who you are there; choose:
   officer       ask for figures, see who answered and why others did not, take the
                 answer along, see its receipt verified; as a statistician compare both
                 sides of a flow, two vintages, codes of several editions
   data steward  take files in, look after them, sign an agreement that waits, ask
   auditor       read agreements and the journal, and verify them; see what was hidden,
                 and who overrode what
   operator      see how this node and the others do, and what to do
   nobody        what everybody may see, without signing in

^C ends it. To open it again: guichet demo --open --home %[4]s`
	demoStayFR = `
Les %[1]d nœuds tournent. Ouvrez cette adresse dans un navigateur de cette machine :

   %[2]s

C'est le nœud de : %[3]s. Personne n'y vérifie qui vous êtes ; choisissez :
   agent                     demander des chiffres, voir qui a répondu et pourquoi
                             d'autres non, emporter la réponse, voir son reçu vérifié ;
                             comme statisticien comparer les deux côtés d'un flux, deux
                             millésimes, des codes de plusieurs éditions
   gestionnaire des données  prendre des fichiers en charge, veiller sur eux, signer un
                             accord qui attend, demander
   auditeur                  lire les accords et le journal, et les vérifier ; voir ce
                             qui fut caché, et qui a passé outre
   exploitant                voir comment vont ce nœud et les autres, et que faire
   personne                  ce que chacun peut voir, sans se connecter

^C y met fin. Pour l'ouvrir à nouveau : guichet demo --open --home %[4]s`
)
