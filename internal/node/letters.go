package node

import (
	"regexp"
	"strings"
	"sync"

	"guichet"
	"guichet/internal/federation"
)

// This file reads letters and the replies to them: what is said of their fields in
// docs/protocol, "Letters", is held here, before anything is done by them.

// formSet are the forms of what letters name.
type formSet struct{ digest, id, exchange *regexp.Regexp }

//nolint:gochecknoglobals // compiled once, never changed
var forms = sync.OnceValue(func() formSet {
	return formSet{digest: regexp.MustCompile(`^[0-9a-f]{64}$`), id: regexp.MustCompile(`^[0-9a-f]{16}$`), exchange: regexp.MustCompile(`^[0-9a-f]{32}$`)}
})

// readCopiesLetter reads a request for copies.
func readCopiesLetter(body []byte) (guichet.Request, error) {
	req, err := federation.ParseRequest(body)
	if err == nil && (!req.Records || len(req.Question.Where) > 0 || len(req.Question.By) > 0) {
		err = guichet.Errorf(guichet.KindInvalid, "copies are asked for as records of a dataset, and of nothing narrower: the agreement says of what")
	}
	return req, err
}

// readSubscription reads a request to be told of what comes in.
func readSubscription(body []byte) (guichet.Request, error) {
	req, err := federation.ParseRequest(body)
	if err == nil && (req.Records || req.Have != "") {
		err = guichet.Errorf(guichet.KindInvalid, "a subscription is to a question for figures")
	}
	if err == nil {
		err = bounded(req.Question)
	}
	return req, err
}

// readNoticesLetter reads a request for notices.
func readNoticesLetter(body []byte) (guichet.NoticesAsked, error) {
	var asked guichet.NoticesAsked
	if err := federation.ReadLetter(body, &asked, true); err != nil {
		return asked, guichet.Errorf(guichet.KindInvalid, "the letter: %w", err)
	}
	if asked.After < 0 {
		return asked, guichet.Errorf(guichet.KindInvalid, "notice %d was read, and the first is 1", asked.After)
	}
	return asked, nil
}

// readReport reads what became of a list.
func readReport(body []byte) (guichet.CopyReport, error) {
	var r guichet.CopyReport
	if err := federation.ReadLetter(body, &r, true); err != nil {
		return r, guichet.Errorf(guichet.KindInvalid, "the report: %w", err)
	}
	if r.List != "" && !forms().exchange.MatchString(r.List) {
		return r, guichet.Errorf(guichet.KindInvalid, "the report is of a list that is none: %.40q", r.List)
	}
	switch r.Why {
	case "withdrawn", "refused", "denied":
	case "":
		if len(r.Removed) > 0 {
			return r, guichet.Errorf(guichet.KindInvalid, "the report says that %d copies were removed, and not why", len(r.Removed))
		}
	default:
		return r, guichet.Errorf(guichet.KindInvalid, "the report gives a reason that is none: %.40q", r.Why)
	}
	for _, marks := range [][]guichet.CopyMark{r.Kept, r.Removed} {
		for _, m := range marks {
			if !forms().id.MatchString(m.Submission) || !forms().digest.MatchString(m.Key) {
				return r, guichet.Errorf(guichet.KindInvalid, "the report names a copy that is none: %.16q", m.Submission)
			}
		}
	}
	return r, nil
}

// checkList holds what a member lists against what a copy may be.
func checkList(of string, list guichet.CopyList) error {
	if len(list.Items) > mostCopied {
		return guichet.Errorf(guichet.KindHostile, "%s lists %d submissions, more than the %d that are copied", of, len(list.Items), mostCopied)
	}
	if list.Rows != int64(len(list.Items)) {
		return guichet.Errorf(guichet.KindUntrusted, "the list of %s names %d submissions, and says that it names %d", of, len(list.Items), list.Rows)
	}
	seen := map[string]bool{}
	for _, item := range list.Items {
		sub := item.Submission
		switch {
		case !forms().digest.MatchString(item.SHA256), !forms().digest.MatchString(item.Key), !forms().id.MatchString(sub.ID), !strings.HasPrefix(sub.Identity, sub.ID), len(sub.Identity) > 128,
			item.Bytes <= 0, item.Bytes > mostCopy, item.Rows < 0, seen[sub.ID], sub.Dataset != Dataset().Name, len(sub.Parts) > 0:
			return guichet.Errorf(guichet.KindUntrusted, "the list of %s names a submission that is none: %.16q", of, sub.ID)
		case !sub.MayRedistribute:
			return guichet.Errorf(guichet.KindRefused, "%s lists %s, which its own licence forbids to pass on (%.80q): nothing is copied", of, sub.ID, sub.Fields["licence"]).WithHint("tell %s", of)
		}
		seen[sub.ID] = true
	}
	return nil
}

// readSubscribed reads what a member says to a subscription that it permits.
func readSubscribed(of string, body []byte) (guichet.Subscribed, error) {
	var out guichet.Subscribed
	if err := federation.ReadLetter(body, &out, false); err != nil || !forms().id.MatchString(out.ID) {
		return out, guichet.Errorf(guichet.KindUntrusted, "what %s says to the subscription cannot be read", of)
	}
	return out, nil
}

// checkPage holds a page of notices against what one may be, after a notice.
func checkPage(of string, page guichet.NoticePage, after int64) error {
	if len(page.Notices) > noticesPage || page.Rows != int64(len(page.Notices)) {
		return guichet.Errorf(guichet.KindUntrusted, "%s tells %d notices at once, and says that it tells %d; a page has %d at most", of, len(page.Notices), page.Rows, noticesPage)
	}
	for _, n := range page.Notices {
		if n.Number <= after {
			return guichet.Errorf(guichet.KindUntrusted, "%s tells notice %d again, after %d", of, n.Number, after)
		}
		after = n.Number
	}
	return nil
}
