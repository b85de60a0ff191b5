package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"guichet"
)

// Receipt is what proves an exchange.
type Receipt struct {
	Text      string // C2SP tlog-proof
	Circle    string
	Member    string // whose journal
	Log       int    // which of its logs: 1, and one more with each renewal
	Index     int64
	Size      int64 // of the journal at the checkpoint
	Root      string
	Leaf      guichet.Leaf
	Witnesses []string // members that cosigned the checkpoint
	Wanted    int      // how many are to cosign by the agreement; 0 none, or not known
	Salt      string   // hex; who has it and the words can see that the leaf is about them
}

// receiptPage is what the page of a receipt receives.
type receiptPage struct {
	Receipt   Receipt
	Witnesses []string
	Few       bool // fewer cosigned than the agreement wants
	Purpose   string
	Agreement string
	Kind      string
	Asker     string
	Back      navItem
	File      string
	Exchange  string
}

// receipt fetches what proves an exchange and verifies it, here and now, as the command
// does: what proves nothing is an error, never a page.
func (p *Portal) receipt(v *visit) error {
	r, err := p.receiptOf(v)
	if err != nil {
		return err
	}
	seat, err := p.seat(r.Circle)
	if err != nil {
		return err
	}
	l := r.Leaf
	page := receiptPage{
		Receipt: r, Few: len(r.Witnesses) < r.Wanted, Kind: v.words.or("leaf."+string(l.Kind), string(l.Kind)), Exchange: l.Exchange, Purpose: l.Purpose,
		Asker: v.partyOf(seat.Circle(), l.From), Back: navItem{Title: v.t("nav.asked"), To: v.to("/asked", nil)},
		Agreement: l.Agreement, File: v.to("/receipt/"+url.PathEscape(r.Circle)+"/"+l.Exchange+"/file", nil),
	}
	if !v.person.Is(Officer, Steward) {
		page.Back = navItem{Title: v.t("journal.title"), To: v.to("/journal", nil)}
	}
	if l.Version > 0 {
		page.Agreement += " v" + strconv.Itoa(l.Version)
	}
	for _, x := range p.cfg.Purposes {
		if x.Word == l.Purpose {
			page.Purpose = x.Text.In(v.lang)
		}
	}
	for _, w := range r.Witnesses {
		page.Witnesses = append(page.Witnesses, areaName(w, v.lang))
	}
	return v.show(http.StatusOK, "receipt", v.t("receipt.title"), page)
}

func (p *Portal) receiptOf(v *visit) (Receipt, error) {
	seat, err := p.seat(v.r.PathValue("circle"))
	if err != nil {
		return Receipt{}, err
	}
	exchange := v.r.PathValue("exchange")
	if !isID(exchange) {
		return Receipt{}, notKept()
	}
	return seat.Receipt(v.r.Context(), exchange)
}

// receiptFile gives the receipt as a file that anybody can verify.
func (p *Portal) receiptFile(v *visit) error {
	r, err := p.receiptOf(v)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="receipt-`+r.Leaf.Exchange+`.txt"`)
	_, _ = v.w.Write([]byte(r.Text)) // who went away is no fault
	return nil
}
