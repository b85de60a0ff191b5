package ingest

import "io"

// ObjectRows reads rows of JSON objects by a profile; the columns in its order.
func ObjectRows(r io.Reader, p *Profile, limit int) (rows [][]string, err error) {
	o := newObjectReader(newArrayReader(r, limit), p)
	err = o.run(func(row [][]byte, _ bool) error {
		rows = append(rows, copied(row))
		return nil
	})
	return rows, err
}
