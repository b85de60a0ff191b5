package main

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/node"
)

// longestPaper bounds a receipt, a circle's bundle and the like that are read
// from files: the largest is a bundle.
const longestPaper = 64 << 20

// receiptOptions are the flags of receipt.
type receiptOptions struct {
	circle, passphrase, out, bundle, id string
	limit                               int
}

func receiptCommand() command {
	return command{name: "receipt", define: func(f *flags) action {
		o := &receiptOptions{}
		f.atHome()
		f.seat(&o.circle, &o.passphrase)
		f.text(&o.out, "out")
		f.text(&o.bundle, "bundle")
		f.text(&o.id, "id")
		f.int(&o.limit, "limit", leavesShown)
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			wanted, known := map[string]int{"list": 0, "get": 1, "verify": 1}[what]
			if !known {
				return w.unknownVerb("receipt", what, []string{"list", "get", "verify"})
			}
			if err := w.want("receipt "+what, args, wanted, wanted); err != nil {
				return err
			}
			if what == "verify" {
				return w.verifyReceipt(ctx, f, args[0], o)
			}
			return w.inSeat(ctx, w.atSeat(f, o.circle, o.passphrase), func(op node.Operator) error {
				if what == "list" {
					return w.listLeaves(ctx, op, node.LeavesQuestion{Limit: o.limit, Asked: true})
				}
				return w.getReceipt(ctx, op, args[0], o.out)
			})
		}
	}}
}

func (w *window) getReceipt(ctx context.Context, op node.Operator, exchange, out string) error {
	r, err := op.Receipt(ctx, exchange)
	if err != nil {
		return err
	}
	if out == "" {
		if w.json {
			return w.printJSON(map[string]node.Receipt{"receipt": r})
		}
		w.write(r.Text)
		return nil
	}
	if err := writeNew(out, []byte(r.Text)); err != nil {
		return err
	}
	return w.printReceipt(r)
}

// verifyReceipt needs no network: the circle's public papers, of a bundle or of
// a home.
func (w *window) verifyReceipt(ctx context.Context, f *flags, name string, o *receiptOptions) error {
	text, err := readPaper(name)
	if err != nil {
		return err
	}
	var bundle []byte
	if o.bundle != "" {
		if bundle, err = readPaper(o.bundle); err != nil {
			return err
		}
	}
	cfg := w.config(f)
	cfg.Circle = o.circle
	c, err := node.PublicCircle(ctx, cfg, bundle, o.id)
	if guichet.KindOf(err) == guichet.KindNotFound && bundle == nil {
		return guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.nopapers")).WithHint("%s", w.say("hint.nopapers"))
	}
	if err != nil {
		return err
	}
	r, err := node.VerifyReceipt(text, c)
	if err != nil {
		return err
	}
	if o.bundle != "" && o.id == "" {
		w.note(w.say("receipt.own.id", "id", c.ID))
	}
	return w.printReceipt(r)
}

// printReceipt says what a receipt proves.
func (w *window) printReceipt(r node.Receipt) error {
	if w.json {
		return w.printJSON(map[string]node.Receipt{"receipt": r})
	}
	w.print(w.say("receipt.good", "member", w.area(r.Member), "circle", r.Circle))
	t := newTable("", "")
	t.indent = "  "
	add := func(key, value string) {
		if value != "" {
			t.add(w.say(key), value)
		}
	}
	l := r.Leaf
	add("leaf.kind", w.say("leaf."+string(l.Kind)))
	add("leaf.exchange", l.Exchange)
	add("leaf.asker", l.From.String()+" ("+w.say("leaf.officer")+" "+l.Officer+")")
	add("leaf.purpose", l.Purpose)
	add("leaf.agreement", agreementOf(l))
	add("leaf.clause", l.Clause)
	add("leaf.time", moment(l.Time))
	add("leaf.rows", strconv.FormatInt(l.Rows, 10))
	add("leaf.snapshot", l.Snapshot)
	add("leaf.request", l.Request)
	add("leaf.reply", l.Reply)
	add("receipt.place", w.say("receipt.placed", "index", strconv.FormatInt(r.Index, 10), "size", strconv.FormatInt(r.Size, 10), "root", r.Root))
	witnesses := w.say("receipt.nobody")
	if len(r.Witnesses) > 0 {
		witnesses = strings.Join(r.Witnesses, ", ")
	}
	if r.Wanted > 0 {
		witnesses += " (" + w.say("receipt.wanted", "count", strconv.Itoa(r.Wanted)) + ")"
	}
	add("receipt.witnesses", witnesses)
	w.table(t)
	if len(r.Witnesses) < r.Wanted {
		w.aside(w.say("receipt.few", "have", strconv.Itoa(len(r.Witnesses)), "count", strconv.Itoa(r.Wanted), "member", r.Member))
	}
	return nil
}

func agreementOf(l guichet.Leaf) string {
	if l.Agreement == "" {
		return ""
	}
	return l.Agreement + " v" + strconv.Itoa(l.Version)
}

// readPaper reads a file that somebody sent, or standard input for "-".
func readPaper(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "%s cannot be read: %w", name, err).WithHint("name a file that is there")
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestPaper+1))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", name, err)
	}
	if len(text) > longestPaper {
		return nil, guichet.Errorf(guichet.KindHostile, "%s is longer than %d MiB", name, longestPaper>>20)
	}
	return text, nil
}

// freeName refuses the name of a file that is there; "" is no name.
func freeName(name string) error {
	if _, err := os.Lstat(name); name == "" || err != nil { //nolint:gosec // the file that the operator names
		return nil
	}
	return guichet.Errorf(guichet.KindInvalid, "%s is there already", name).WithHint("name a new file with --out")
}

// writeNew writes a file that is not there yet, whole or not at all.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the file that the operator names
	if os.IsExist(err) {
		return freeName(name)
	}
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be written: %w", name, err).WithHint("name a file in a folder that is there and may be written to")
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(name) //nolint:gosec // the file that was just made
		return guichet.Errorf(guichet.KindInternal, "%s: %w", name, err)
	}
	return nil
}
