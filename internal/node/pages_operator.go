package node

import (
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"guichet"
	"guichet/internal/portal"
)

// membersAtOnce is how many members an operator's round asks at a time.
const membersAtOnce = 4

// keeper looks at all seats of a house for the operator's page, as the doctor does.
type keeper struct{ h *house }

// Look looks at the home and every seat, and asks every member whether it is there.
func (k keeper) Look(ctx context.Context, parts func(int), found func([]portal.Finding)) error {
	n := len(k.h.shut)
	for _, v := range k.h.services {
		n += 2 + len(v.seat.others())
	}
	parts(n)
	for _, x := range k.h.shut {
		found([]portal.Finding{{Circle: x.Circle, What: "seat", State: stateWrong, Text: portal.TextOf(x.Err), Do: portal.HintOf(x.Err)}})
	}
	for i, v := range k.h.services {
		if err := k.seat(ctx, v, i > 0, found); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// seat looks at one seat: at what is here first, then at what the others say.
func (k keeper) seat(ctx context.Context, v *service, seatOnly bool, found func([]portal.Finding)) error {
	s := v.seat
	here, err := s.Doctor(ctx, DoctorQuestion{Offline: true, SeatOnly: seatOnly})
	if err != nil {
		return err
	}
	if v.over.Load() {
		f := finding("seat", stateWrong, "this circle is no longer served", "ce cercle n'est plus servi")
		here = append(here, f.do("the log says why; start the node again", "le journal technique dit pourquoi ; relancez le nœud"))
	}
	var out []portal.Finding
	for _, f := range here {
		if f.What != "clock" { // it is told last, when the members' are known
			out = append(out, k.told(s, f))
		}
	}
	found(out)
	ahead := k.members(ctx, s, found)
	last := []portal.Finding{k.told(s, s.standingFinding(ctx)), k.told(s, clockFinding(kept(), ahead))}
	found(last)
	return ctx.Err()
}

// told says a finding in the words of the pages.
func (k keeper) told(s *Seat, f Finding) portal.Finding {
	out := portal.Finding{Circle: s.name, What: f.What, State: f.State, Text: f.Text, Do: f.Do}
	if ofHome(f.What) {
		out.Circle = ""
	}
	out.Member, _ = strings.CutPrefix(f.What, "member ")
	if out.Member == f.What {
		out.Member = ""
	}
	return out
}

// members asks a circle's members side by side, tells each as it comes, and returns
// how far their clocks are ahead of ours.
func (k keeper) members(ctx context.Context, s *Seat, found func([]portal.Finding)) []time.Duration {
	others := s.others()
	pongs := make(chan time.Duration, len(others))
	var g errgroup.Group
	g.SetLimit(membersAtOnce)
	for _, m := range others {
		g.Go(func() error {
			f, pong := s.memberFinding(ctx, m)
			x := k.told(s, f)
			x.Version = pong.Version
			if pong.CircleVersion > 0 { // it answered
				pongs <- pong.Ahead
			}
			found([]portal.Finding{x})
			return nil
		})
	}
	_ = g.Wait() // what is wrong is a finding
	close(pongs)
	var ahead []time.Duration
	for d := range pongs {
		ahead = append(ahead, d)
	}
	return ahead
}

// others are the circle's members but ourselves, as they stand.
func (s *Seat) others() []guichet.Member {
	var out []guichet.Member
	now := s.clock()
	for _, m := range s.papers.circle().Members {
		if m.Code != s.us() && !m.HasLeft(now) {
			out = append(out, m)
		}
	}
	return out
}

// standingFinding says what the others have seen of our journal.
func (s *Seat) standingFinding(ctx context.Context) Finding {
	const what = "standing"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	st, err := s.Standing(ctx)
	if err != nil {
		return finding(what, stateWatch, "it could not be asked for: %s", "elle n'a pu être demandée : %s", err).do("guichet journal standing", "guichet journal standing")
	}
	within, silent, beyond := 0, 0, []string{}
	for _, m := range st.Members {
		switch m.State {
		case "within", "nothing", "accepted":
			within++
		case "silent":
			silent++
		default:
			beyond = append(beyond, m.Member+" ("+strconv.FormatInt(m.Leaves, 10)+")")
		}
	}
	switch {
	case !st.Proven || len(beyond) > 0:
		return finding(what, stateWrong, "%s have seen more of it, or another one, than its %d leaves; nothing is signed or answered", "%s en ont vu plus que ses %d feuilles, ou un autre ; rien n'est signé ni répondu", join(beyond), st.Leaves).
			do("guichet journal standing says what is missing; restore a newer backup", "guichet journal standing dit ce qui manque ; restaurez une sauvegarde plus récente")
	case len(st.Members) > 0 && within == 0:
		return finding(what, stateWatch, "nobody could be asked what they have seen of its %d leaves", "personne n'a pu dire ce qu'il a vu de ses %d feuilles", st.Leaves).do("see below which members do not answer", "voyez quels membres ne répondent pas")
	}
	return finding(what, stateWell, "%d leaves; %d of %d others have seen no more, without an answer: %d", "%d feuilles ; %d sur %d autres n'en ont pas vu plus, sans réponse : %d", st.Leaves, within, len(st.Members), silent)
}
