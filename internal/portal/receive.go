package portal

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"guichet"
)

// Bounds of a form with a file.
const (
	partsOfForm  = 40
	textOfForm   = 64 << 10
	idleUpload   = time.Minute   // without a byte
	wholeUpload  = 2 * time.Hour // from the first byte to the last
	drainUpload  = int64(1) << 30
	roomToSpare  = int64(256) << 20
	timesOfFile  = 3 // room that a file needs: as it came, as it is kept, and its records
	longestName  = 150
	piecesToRead = 256 << 10
)

// received is a form that came with a file.
type received struct {
	form  url.Values
	part  string // where the file lies; "" none was chosen
	name  string
	bytes int64
}

// receive reads a form with a file: what was typed into memory, within bounds, the file
// to the disk, as it comes.
func (p *Portal) receive(v *visit, into string, most int64) (received, error) {
	got := received{form: url.Values{}}
	stop := v.patience()
	defer stop()
	parts, err := p.formPartsOf(v, most)
	if err != nil {
		return got, err
	}
	text := int64(textOfForm)
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil || n >= partsOfForm {
			return got, errors.Join(v.uploadFault(err), got.drop())
		}
		if part.FileName() != "" && part.FormName() == "file" && got.part == "" {
			if err := got.keep(part, into); err != nil {
				return got, errors.Join(v.uploadFault(err), got.drop())
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, text+1))
		text -= int64(len(value))
		if err != nil || text < 0 {
			return got, errors.Join(v.uploadFault(err), got.drop())
		}
		if part.FileName() == "" {
			got.form.Add(part.FormName(), string(value))
		}
	}
}

// formPartsOf begins to read, where a file as large as this one may come and there is room
// for it. Of one that may not, some is read and dropped: a browser shows what we say
// only when it has sent what it wants to.
func (p *Portal) formPartsOf(v *visit, most int64) (*multipart.Reader, error) {
	if size := v.r.ContentLength; size > most+textOfForm {
		return nil, v.drained(guichet.Errorf(guichet.KindHostile, "%s", v.t("intake.toolarge", "size", v.words.size(size), "most", v.words.size(most))))
	} else if room, err := p.cfg.Steward.Taker.Room(); err != nil {
		return nil, err
	} else if room < timesOfFile*max(size, 0)+roomToSpare {
		return nil, v.drained(guichet.Errorf(guichet.KindFull, "%s", v.t("intake.noroom", "size", v.words.size(max(size, 0)), "room", v.words.size(room))))
	}
	v.r.Body = http.MaxBytesReader(v.w, v.whole, most+textOfForm)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	return parts, nil
}

// drained reads what a browser still wants to send, within bounds, and returns the error.
func (v *visit) drained(err error) error {
	_, _ = io.CopyN(io.Discard, v.whole, drainUpload) // who went away is no fault
	return err
}

// patience lets a file come that takes longer than a page may, as long as something
// comes. The function that it returns ends that.
func (v *visit) patience() func() {
	out := http.NewResponseController(v.w)
	_ = out.SetReadDeadline(time.Time{})
	_ = out.SetWriteDeadline(time.Time{})
	cut := func() { _ = out.SetReadDeadline(time.Unix(1, 0)) }
	idle, whole := time.AfterFunc(idleUpload, cut), time.AfterFunc(wholeUpload, cut)
	v.whole = &ticking{v.whole, idle}
	return func() {
		idle.Stop()
		whole.Stop()
	}
}

// ticking sets a timer back at each byte.
type ticking struct {
	io.ReadCloser
	idle *time.Timer
}

// Read reads.
func (t *ticking) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	if n > 0 {
		t.idle.Reset(idleUpload)
	}
	return n, err
}

// uploadFault says in words why a file did not come.
func (v *visit) uploadFault(err error) error {
	var tooLong *http.MaxBytesError
	switch {
	case err == nil:
		return guichet.Errorf(guichet.KindHostile, "%s", v.t("error.form"))
	case errors.As(err, &tooLong):
		return v.drained(guichet.Errorf(guichet.KindHostile, "%s", v.t("intake.toolarge", "size", "> "+v.words.size(tooLong.Limit), "most", v.words.size(tooLong.Limit))))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return v.drained(guichet.Errorf(guichet.KindFull, "%s", v.t("intake.full")))
	}
	return guichet.Errorf(guichet.KindInvalid, "%s", v.t("intake.broke"))
}

// keep writes the file of a part to the disk.
func (g *received) keep(part *multipart.Part, into string) error {
	f, err := os.CreateTemp(into, partPrefix+"*") // 0600
	if err != nil {
		return fmt.Errorf("file that comes: %w", err)
	}
	g.part, g.name = f.Name(), fileName(part.FileName())
	g.bytes, err = io.CopyBuffer(f, part, make([]byte, piecesToRead))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("file that comes: %w", err)
	}
	return nil
}

// drop removes what was kept.
func (g *received) drop() error {
	if g.part == "" {
		return nil
	}
	return os.Remove(g.part)
}

// fileName is the name of a file as its browser says it, without what is no name: the
// folders before it, signs that nobody sees, and names that folders have.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.TrimLeft(tidy(name, 4*longestName), ".")
	if ext := path.Ext(name); len(name) > longestName && len(ext) < 12 {
		name = tidy(name, longestName-len(ext)) + ext
	}
	name = tidy(name, longestName)
	switch name {
	case "", "/", "work", "original":
		return "file-" + strings.Trim(name, "/")
	}
	return name
}

// size writes a number of bytes as people do.
func (p phrases) size(n int64) string {
	const thousand = 1000
	unit, x := 0, float64(n)
	for ; x >= thousand && unit < 4; unit++ {
		x /= thousand
	}
	digits := 0
	if unit > 0 && x < 100 {
		digits = 1
	}
	text := fmt.Sprintf("%.*f", digits, x)
	if p.lang == "fr" {
		text = strings.Replace(text, ".", frenchDecimal, 1)
	}
	return text + "\u00a0" + strings.Fields(p.say("intake.units"))[unit]
}
