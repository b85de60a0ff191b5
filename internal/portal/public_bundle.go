package portal

import (
	"log/slog"
	"net/url"
)

// offeredBundle is a circle's papers as the page about the log offers them.
type offeredBundle struct{ Name, SHA256, Size, To string }

// offered is the bundle that stands beside a log, nil where there is none. One that
// cannot be read keeps nobody from the keys and the checkpoint.
func (p *Portal) offered(v *visit, l PublicLog) *offeredBundle {
	if !l.Bundled {
		return nil
	}
	b, err := p.cfg.Public.Bundle(v.r.Context(), l.Circle)
	if err != nil {
		p.cfg.Log.LogAttrs(v.r.Context(), slog.LevelWarn, "bundle not offered", slog.String("circle", l.Circle), slog.String("error", err.Error()))
		return nil
	}
	return &offeredBundle{b.Name, b.SHA256, v.words.size(int64(len(b.Text))), v.to("/public/log/"+url.PathEscape(l.Circle)+"/bundle", nil)}
}

// publicBundle gives the circle's papers as a file.
func (p *Portal) publicBundle(v *visit) error {
	b, err := p.cfg.Public.Bundle(v.r.Context(), v.r.PathValue("circle"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="`+b.Name+`"`)
	_, _ = v.w.Write(b.Text) // who went away is no fault
	return nil
}
