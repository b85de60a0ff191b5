package node_test

import (
	"slices"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// told fetches a member's notices and returns those that it had not shown.
func (m *trioSeat) told(members ...string) (out node.NoticesAnswer) {
	m.trio.t.Helper()
	m.at(func(op node.Operator) {
		out = given(op.Notices(m.trio.t.Context(), node.NoticesQuestion{Members: members, Office: "statistics"}))(m.trio.t)
	})
	return out
}

func kinds(a node.NoticesAnswer) (out []string) {
	for _, n := range a.Notices {
		out = append(out, n.Kind+" "+n.Reporter+" "+firstOf(n.Periods))
	}
	return out
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// TestNotices: what is subscribed to is told in order and once, after days and after
// restarts; corrections of what was answered are told unasked; what nobody reads
// ends.
func TestNotices(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "GB")
	us, gb := x.seats["US"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	x.serve("US")
	var sub guichet.Subscription
	q := node.MembersQuestion{Question: question(t, "reporter=US flow=imports product="+masks+" period=2024-01:2024-12"), Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics"}
	gb.at(func(op node.Operator) { sub = given(op.Subscribe(t.Context(), q))(t) })
	refusedPurpose := q
	refusedPurpose.Purpose = "customs-risk"
	gb.at(func(op node.Operator) {
		if _, err := op.Subscribe(t.Context(), refusedPurpose); guichet.KindOf(err) != guichet.KindRefused {
			t.Errorf("a subscription for a purpose that is not permitted: %v", err)
		}
	})
	if a := gb.told("US"); len(a.Notices) != 0 || len(a.Subscriptions) != 1 || a.Subscriptions[0].ID != sub.ID || len(a.Failed) != 0 {
		t.Fatalf("before anything came in: %+v", a)
	}
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	us.month("2024-03", "2024-05-01", "1220 9018390020 5") // no masks
	us.month("2025-01", "2025-03-01", "1220 6307909870 9") // another year
	us.stop()
	x.clock.Move(5 * 24 * time.Hour)
	if a := gb.told("US"); len(a.Failed) != 1 {
		t.Errorf("of a node that is off: %+v", a)
	}
	x.serve("US")
	us.month("2024-02", "2024-06-01", "1220 6307909870 41")
	if got := kinds(gb.told("US")); !slices.Equal(got, []string{"revised US 2024-02"}) { // the older one answers nobody any more
		t.Errorf("after days: %q", got)
	}
	if a := gb.told("US"); len(a.Notices) != 0 {
		t.Errorf("told twice: %+v", a.Notices)
	}
	// What was answered is corrected, without any subscription of that question.
	want(t, gb.askMembers("reporter=US flow=imports period=2024-01 product=6307 trade_system=general", "US").Answer, "", "value", "30")
	us.month("2024-01", "2024-07-01", "1220 6307909870 33")
	a := gb.told("US")
	if got := kinds(a); !slices.Equal(got, []string{"revised US 2024-01", "correction US 2024-01"}) {
		t.Fatalf("of a correction: %q", got)
	}
	if n := a.Notices[1]; n.Exchange == "" || n.Agreement != "three-copies" || len(n.Replaces) == 0 || n.Number != 3 {
		t.Errorf("the correction says %+v", n)
	}
	// Removed by its owner; and ended by the agreement.
	gb.at(func(op node.Operator) {
		given(op.Notices(t.Context(), node.NoticesQuestion{Members: []string{"US"}, Office: "statistics", End: []string{sub.ID}}))(t)
	})
	if a = gb.told("US"); len(a.Subscriptions) != 0 {
		t.Errorf("a subscription that was removed stays: %+v", a.Subscriptions)
	}
	gb.at(func(op node.Operator) { sub = given(op.Subscribe(t.Context(), q))(t) })
	x.agree(func(a *guichet.Agreement) { a.Validity.Withdrawn = x.clock.Now().Format(time.DateOnly) })
	x.clock.Move(time.Minute)
	if a = gb.told("US"); !slices.Equal(kinds(a), []string{"closed  "}) {
		t.Errorf("after the agreement ended: %+v", a)
	}
	x.agree(func(a *guichet.Agreement) { a.Validity.Withdrawn = "" })
	x.clock.Move(time.Minute)
	gb.told("US") // has read that it closed
	gb.at(func(op node.Operator) { sub = given(op.Subscribe(t.Context(), q))(t) })
	// A reader that does not come back.
	x.clock.Move(31 * 24 * time.Hour)
	us.month("2024-04", "2024-08-01", "1220 6307909870 50")
	if a = gb.told("US"); !slices.Equal(kinds(a), []string{"closed  "}) || len(a.Subscriptions) != 0 {
		t.Errorf("after 31 days: %q, %+v", kinds(a), a.Subscriptions)
	}
	if a = gb.told("US"); len(a.Subscriptions) != 0 {
		t.Errorf("a closed subscription stays: %+v", a.Subscriptions)
	}
}
