package signin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"guichet"
)

const (
	// Each is some 60 bytes, and there until the longest session is over. More means
	// that somebody signs in and out without end; then all sessions end.
	maxEnded = 100_000
	maxLine  = 200
)

// An entry names sessions that are over: all of them that began until then.
//
//	{"k":"u3f2a9c0d1e4b5a67","at":1764490000000}
//
// k is a letter and a name: s one session, p the provider's session, u a person; "a"
// alone is everybody.
type entry struct {
	Key string `json:"k"`
	At  int64  `json:"at"` // milliseconds
}

const (
	everybody = "a"
	endedFile = "ended"
)

// ended knows the sessions that are over though their cookie is still good. It is on
// disk before it answers, so that a restart lets nobody back in.
type ended struct {
	path string
	life time.Duration // no session lasts longer: then its entry may go

	mu    sync.Mutex // guards what follows; held over the write, so that what is on disk is in order
	file  *os.File
	lines int
	until map[string]int64 // of a key: sessions that began until then are over
}

// EndAll ends every session of a home whose node does not run: after the home was put
// back from a backup, which does not know who signed out since, or when a session may be
// in the wrong hands.
func EndAll(folder string, now time.Time) error {
	e, err := openEnded(filepath.Join(folder, endedFile), now, maxLongest)
	if err != nil {
		return err
	}
	return errors.Join(e.add(now, everybody), e.close())
}

// openEnded reads the table and leaves out what no session can be of any more. A
// table that cannot be read ends all sessions: who was signed out stays so.
func openEnded(path string, now time.Time, life time.Duration) (*ended, error) {
	e := &ended{path: path, life: life, until: map[string]int64{}}
	text, err := readBounded(path, maxEnded*maxLine)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || !e.read(text):
		e.until = map[string]int64{everybody: now.UnixMilli()}
	}
	if err := e.rewrite(now); err != nil {
		return nil, guichet.Errorf(guichet.KindInternal, "keep the sessions that have ended: %w", err)
	}
	return e, nil
}

// read takes in the lines. The last one may be torn by a crash: then nobody was told
// that it counts.
func (e *ended) read(text []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1]))
	for lines.Scan() {
		var x entry
		if json.Unmarshal(lines.Bytes(), &x) != nil || x.Key == "" {
			return false
		}
		e.until[x.Key] = max(e.until[x.Key], x.At)
	}
	return lines.Err() == nil
}

// rewrite puts what still counts into a new file. The lock is held, or nobody else
// knows of e yet.
func (e *ended) rewrite(now time.Time) error {
	var text bytes.Buffer
	for key, at := range e.until {
		if now.Sub(time.UnixMilli(at)) > e.life+clockSlip {
			delete(e.until, key)
			continue
		}
		line, err := json.Marshal(entry{Key: key, At: at})
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if err := replaceFile(e.path, text.Bytes()); err != nil {
		return err
	}
	file, err := os.OpenFile(e.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if e.file != nil {
		_ = e.file.Close() // replaced, and every line of it was synced
	}
	e.file, e.lines = file, len(e.until)
	return nil
}

// add ends sessions. They are over in this process in any case; an error says that a
// restart would not know.
func (e *ended) add(now time.Time, keys ...string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.until)+len(keys) > maxEnded {
		if err := e.rewrite(now); err != nil || len(e.until)+len(keys) > maxEnded {
			e.until, keys = map[string]int64{}, []string{everybody}
		}
	}
	var text []byte
	for _, key := range keys {
		e.until[key] = now.UnixMilli()
		line, err := json.Marshal(entry{Key: key, At: now.UnixMilli()})
		if err != nil {
			return err
		}
		text = append(text, append(line, '\n')...)
	}
	e.lines += len(keys)
	if e.lines > 2*len(e.until)+1000 || keys[0] == everybody {
		return e.rewrite(now)
	}
	_, err := e.file.Write(text)
	return errors.Join(err, e.file.Sync())
}

// has reports whether a session is over.
func (e *ended) has(s *session) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := []string{everybody, "s" + s.ID, "u" + s.Pseudonym}
	if s.Provider != "" {
		keys = append(keys, "p"+s.Provider)
	}
	for _, key := range keys {
		if at, ok := e.until[key]; ok && s.Began <= at {
			return true
		}
	}
	return false
}

func (e *ended) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.file.Close()
}

// readBounded reads a file that must not be larger than most.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it, or it is ours
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is larger than %d bytes", path, most)
	}
	return text, nil
}
