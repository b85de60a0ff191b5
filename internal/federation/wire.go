package federation

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"guichet"
)

// Prefix is where all paths of this version of the wire stand.
const Prefix = "/guichet/1/"

// The media types of the wire.
const (
	MediaJSON       = "application/json"
	MediaReply      = "application/vnd.guichet.reply"
	MediaRecords    = "application/vnd.guichet.records"
	MediaProblem    = "application/problem+json"
	MediaText       = "text/plain; charset=utf-8" // receipts, checkpoints
	MediaOctets     = "application/octet-stream"  // tiles, papers of the circle
	mediaCheckpoint = "text/plain; charset=utf-8" // what add-checkpoint takes
)

// The headers that say which leaf an answer stands in, and where its receipt is.
const (
	HeaderLeaf    = "Guichet-Leaf"
	HeaderReceipt = "Guichet-Receipt"
)

// Bounds of what travels. They are part of the protocol: a node may send less.
const (
	MaxQuestion = 64 << 10 // bytes of a request
	MaxHead     = 4 << 20  // bytes of the JSON before the rows
	MaxReply    = 16 << 20 // bytes of a reply sealed whole; what is larger is asked for as records
	maxProblem  = 16 << 10
	maxAdd      = 72 << 10 // bytes of a checkpoint with its proof, for a witness
	maxFile     = 16 << 20 // bytes of a receipt, a tile, a page of exchanges, a paper of the circle
	saltBytes   = 32
)

// EncodeReply writes a reply as it travels: four bytes, big-endian, that say how
// long the JSON is; the JSON, without the answer's rows; and the rows as an
// Arrow IPC stream, nothing of a refusal.
//
//	00 00 01 7f {"exchange":"…","request":"…", …} ARROW…
//
// KindInvalid, with the advice to ask for less, when it is larger than the wire
// takes.
func EncodeReply(reply guichet.Reply, rows []byte) ([]byte, error) {
	head, err := encodeHead(reply)
	if err != nil {
		return nil, err
	}
	if len(head) > MaxHead || 4+len(head)+len(rows) > MaxReply {
		return nil, guichet.Errorf(guichet.KindInvalid, "the answer takes %d KiB, more than one reply may: %d KiB", (4+len(head)+len(rows))>>10, MaxReply>>10).
			WithHint("ask for fewer products, partners or periods, set a limit, or ask for records where the agreement gives them")
	}
	body := make([]byte, 4, 4+len(head)+len(rows))
	binary.BigEndian.PutUint32(body, uint32(len(head))) //nolint:gosec // bounded by MaxHead above
	return append(append(body, head...), rows...), nil
}

// encodeHead writes a reply without its rows, which travel beside it.
func encodeHead(reply guichet.Reply) ([]byte, error) {
	if reply.Answer != nil {
		a := *reply.Answer
		a.Rows = []guichet.Row{}
		reply.Answer = &a
	}
	head, err := json.Marshal(reply)
	if err != nil {
		return nil, fmt.Errorf("write the head of a reply: %w", err)
	}
	return head, nil
}

// DecodeReply reads what EncodeReply wrote; rows share the memory of body.
// Fields that this version does not know are passed over: they may be added.
// KindInvalid when the bytes are no reply.
func DecodeReply(body []byte) (guichet.Reply, []byte, error) {
	head, rows, err := cutReply(body)
	if err != nil {
		return guichet.Reply{}, nil, err
	}
	reply, err := decodeHead(head)
	return reply, rows, err
}

// cutReply parts the head of a reply from its rows.
func cutReply(body []byte) (head, rows []byte, err error) {
	if len(body) < 4 {
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "a reply of %d bytes has no length before its head", len(body))
	}
	n := binary.BigEndian.Uint32(body)
	if n > MaxHead || int64(n) > int64(len(body)-4) {
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "the head of the reply says that it is %d bytes long; %d follow, and %d are allowed", n, len(body)-4, MaxHead)
	}
	return body[4 : 4+n], body[4+n:], nil
}

func decodeHead(head []byte) (guichet.Reply, error) {
	var reply guichet.Reply
	if err := readJSON(head, &reply, false); err != nil {
		return guichet.Reply{}, guichet.Errorf(guichet.KindInvalid, "the head of the reply: %w", err)
	}
	if reply.Answer != nil && len(reply.Answer.Rows) > 0 {
		return guichet.Reply{}, guichet.Errorf(guichet.KindInvalid, "the head of the reply holds rows, which travel beside it")
	}
	return reply, nil
}

// readJSON reads one JSON value that every program reads alike: UTF-8, members
// named in small letters as they are written here and none of them twice, nothing
// after it.
func readJSON(text []byte, into any, known bool) error {
	if !utf8.Valid(text) {
		return guichet.Errorf(guichet.KindInvalid, "is not UTF-8")
	}
	if err := namedOnce(text); err != nil {
		return err
	}
	if !known {
		if err := json.Unmarshal(text, into); err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "something follows the JSON")
	}
	return nil
}

// SaltedDigest is how the leaves of both sides name the bytes of a request and
// of a reply: HMAC-SHA256 under the request's salt, hex. Of a stream of records
// it is taken over the root's hex digits.
func SaltedDigest(salt, body []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// digestHex is the plain SHA-256 of a request's body, which the reply repeats.
func digestHex(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// NewRequest completes a draft with what is chosen by chance, the exchange and
// the salt, and with the asker's time, cut to seconds. It fails only where
// chance does.
func NewRequest(chance io.Reader, put time.Time, draft guichet.Request) (guichet.Request, error) {
	var random [16 + saltBytes]byte
	if _, err := io.ReadFull(chance, random[:]); err != nil {
		return guichet.Request{}, fmt.Errorf("choose the name of an exchange: %w", err)
	}
	draft.Exchange = hex.EncodeToString(random[:16])
	draft.Salt = random[16:]
	draft.Put = put.UTC().Truncate(time.Second)
	return draft, nil
}
