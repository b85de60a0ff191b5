package portal

// FileName is the name that a file is given.
func FileName(name string) string { return fileName(name) }

// Size writes a number of bytes.
func Size(lang string, n int64) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return p.size(n)
}

// Drawer is where papers are kept.
type Drawer struct{ d *drawer[map[string]string] }

// OpenDrawer opens one.
func OpenDrawer(dir string) (Drawer, error) {
	d, err := openDrawer[map[string]string](dir)
	return Drawer{d}, err
}

// Put keeps a paper.
func (d Drawer) Put(id string, x map[string]string) error { return d.d.put(id, x) }

// Get returns one.
func (d Drawer) Get(id string) (map[string]string, bool) { return d.d.get(id) }

// Drop removes one.
func (d Drawer) Drop(id string) error { return d.d.drop(id) }

// All counts them.
func (d Drawer) All() int { return len(d.d.all()) }
