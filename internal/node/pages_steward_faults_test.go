package node_test

import (
	"bytes"
	"errors"
	"html"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// onSmallDisk moves a member's home to a disk of its own, that can be filled.
func (m *trioSeat) onSmallDisk(mib int) *guichettest.Disk {
	m.trio.t.Helper()
	dir, err := os.MkdirTemp("", "disk-") // the test's own folder has too long a name for a socket
	if err != nil {
		m.trio.t.Fatal(err)
	}
	m.trio.t.Cleanup(func() { _ = os.Remove(dir) })
	disk := guichettest.SmallDiskAt(m.trio.t, dir, mib)
	home := filepath.Join(dir, "h")
	if out, err := exec.CommandContext(m.trio.t.Context(), "cp", "-a", m.cfg.Home, home).CombinedOutput(); err != nil {
		m.trio.t.Fatalf("%v\n%s", err, out)
	}
	m.cfg.Home = home
	return disk
}

// noise is a text of figures that no disk makes smaller.
func noise(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, size)
	for i := range out {
		out[i] = byte('0' + r.IntN(10))
	}
	return out
}

// left are the files that lie in a folder of a home, papers left out.
func (m *trioSeat) left(folder string) []string {
	m.trio.t.Helper()
	entries, err := os.ReadDir(filepath.Join(m.cfg.Home, folder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.trio.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			out = append(out, e.Name())
		}
	}
	return out
}

// filling sends some, fills the disk, and sends the rest.
type filling struct {
	io.Reader
	after int
	fill  func()
}

func (f *filling) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b[:min(len(b), 64<<10)])
	if f.after -= n; f.after < 0 && f.fill != nil {
		f.fill()
		f.fill = nil
	}
	return n, err
}

// TestStewardsDiskFills: while a file comes, and while it is taken in. Nothing of it is
// half there, the page says so in its language, and with room again it goes on.
func TestStewardsDiskFills(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	us := x.seats["US"]
	disk := us.onSmallDisk(400)
	steward := newBrowser(t, x.servePages("US"), "steward")
	for lang, says := range map[string][]string{
		"en": {"the disk of the node became full while the file came; nothing of it was kept", "operator"},
		"fr": {"le disque du nœud s’est rempli pendant l’arrivée du fichier", "exploitant"},
	} {
		_, page := steward.get("/" + lang + "/intake")
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		for _, pair := range [][2]string{{"csrf", tryToken}, {"once", onceField.FindStringSubmatch(page)[1]}} {
			given(0, m.WriteField(pair[0], pair[1]))(t)
		}
		part := given(m.CreateFormFile("file", "noise.csv"))(t)
		given(part.Write(noise(4 << 20)))(t)
		given(0, m.Close())(t)
		size := int64(body.Len())
		r := given(http.NewRequestWithContext(t.Context(), http.MethodPost, steward.at+"/"+lang+"/intake", &filling{&body, 1 << 20, func() { disk.FillUp(t, 1<<20) }}))(t)
		r.ContentLength = size
		r.Header.Set("Content-Type", m.FormDataContentType())
		f := steward.do(r)
		if f.says(t, says...); f.status != http.StatusServiceUnavailable {
			t.Errorf("%s: a disk that fills is answered %d", lang, f.status)
		}
		if left := us.left("taking"); len(left) > 0 {
			t.Errorf("%s: left is %v", lang, left)
		}
		disk.FreeUp(t)
	}
	// The file is here, a day was wrong, and meanwhile the disk has filled.
	lines := make([]string, 20_000)
	for i := range lines {
		lines[i] = "5700 6307909885 " + string(noise(6)[:1+i%6])
	}
	f := steward.takeIn("en", map[string]string{"generated": "yes", "released": "2024-02-30"}, "answer.json", usAnswer("2024-01", lines...))
	f.says(t, "Something is missing")
	disk.FillUp(t, 256<<10)
	f = steward.again(f.path)
	f.says(t, "The file was not taken in", "The disk of the node is full", "Tell the operator", "Take it in")
	steward.fetch("/fr"+strings.TrimPrefix(f.path, "/en")).says(t, "Le disque du nœud est plein", "Dites-le à l’exploitant", "Recevoir")
	steward.fetch("/en/submissions").says(t, "Nothing has been taken in yet")
	if left := us.left("staging"); len(left) > 0 {
		t.Errorf("left of it is %v", left)
	}
	disk.FreeUp(t)
	steward.again(f.path).says(t, "The file is taken in", "20,000 lines")
	if left := append(us.left("staging"), us.left("taking")...); len(left) > 0 {
		t.Errorf("left of it is %v", left)
	}
}

// TestStewardsSessionIsOver while a file is sent: it is not taken in, what was typed is
// kept for the same person, and the file alone is chosen again.
func TestStewardsSessionIsOver(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	at, _ := x.servesPages("US", node.PagesRequest{Listen: ":0", Demonstration: true})
	kept := regexp.MustCompile(`href="(/sign-in\?[^"]*kept=[^"]*)"`)
	for lang, says := range map[string][]string{
		"en": {"nothing is lost", "Go on where you were", "The file has to be chosen again", "Day on which the office published it", "There is a problem", "lies ahead"},
		"fr": {"rien n’est perdu", "Reprenez où vous en étiez", "Le fichier doit être choisi de nouveau", "Jour de publication par l’office", "Il y a un problème", "est à venir"},
	} {
		steward := newBrowser(t, at, "")
		_, page := steward.enters("steward", "/"+lang+"/intake").status, steward.fetch("/"+lang+"/intake").body
		form := formTo(t, page, "/"+lang+"/intake", "once")
		elsewhere := newBrowser(t, at, "")
		elsewhere.enters("steward", "/en/")
		_, out := elsewhere.get("/sign-out?to=/en/")
		everywhere := formTo(t, out, "/sign-out", "everywhere")
		everywhere.Set("everywhere", "yes")
		elsewhere.post("/sign-out", everywhere)
		x.clock.Move(time.Second)
		// A large file: its sender is told all the same, when it has been sent.
		send := func(token string, fields map[string]string, content []byte) fetched {
			var body bytes.Buffer
			m := multipart.NewWriter(&body)
			given(0, m.WriteField("csrf", token))(t)
			for _, name := range []string{"once", "released", "profile", "generated"} {
				given(0, m.WriteField(name, fields[name]))(t)
			}
			part := given(m.CreateFormFile("file", "answer.json"))(t)
			given(part.Write(content))(t)
			given(0, m.Close())(t)
			r := given(http.NewRequestWithContext(t.Context(), http.MethodPost, steward.at+"/"+lang+"/intake", &body))(t)
			r.Header.Set("Content-Type", m.FormDataContentType())
			return steward.do(r)
		}
		fields := map[string]string{"once": form.Get("once"), "released": "2999-01-01", "generated": "yes"}
		f := send(form.Get("csrf"), fields, noise(40<<20))
		if f.says(t, says[0]); f.status != http.StatusUnauthorized {
			t.Fatalf("%s: a session that is over is answered %d", lang, f.status)
		}
		if left := x.seats["US"].left("taking"); len(left) > 0 {
			t.Errorf("%s: left is %v", lang, left)
		}
		_, page = steward.get(html.UnescapeString(kept.FindStringSubmatch(f.body)[1]))
		f = steward.post("/sign-in", formTo(t, page, "/sign-in", `value="steward"`))
		f.says(t, says[1], says[2], says[3], "answer.json", "2999-01-01", `type="file"`, `enctype="multipart/form-data"`)
		form = formTo(t, f.body, "/"+lang+"/intake", "once")
		fields["once"] = form.Get("once")
		// What was wrong with it is said then, and the file is here.
		f = send(form.Get("csrf"), fields, usAnswer("2024-01", "5700 6307909885 1200000"))
		f.says(t, says[4], says[5], `value="2999-01-01"`)
		again := formTo(t, f.body, f.path, "csrf")
		again.Set("released", "")
		again.Set("generated", "yes")
		f = steward.cameToRest(steward.post(f.path, again))
		if !strings.Contains(f.body, "/submissions/") {
			t.Errorf("%s: it is not taken in\n%s", lang, f.body)
		}
	}
}
