package store

import (
	"encoding/binary"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"guichet"
)

// A text may stand once in a page and be meant thousands of times: by a
// dictionary, whose values the rows point at, or as the beginning that further
// texts share. The library writes each out, so a file of one kilobyte may ask
// for gigabytes.

// checkTexts looks at the dictionaries of the columns that will be read, and
// refuses a text longer than any line may be. Texts by shared beginnings are
// not read; few writers make them, and any writes them plain.
func checkTexts(r *file.Reader, leaves []int) error {
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for _, leaf := range leaves {
			if r.MetaData().Schema.Column(leaf).PhysicalType() != parquet.Types.ByteArray {
				continue
			}
			if err := checkChunk(group, leaf); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkChunk looks at the texts of one column in one group of rows.
func checkChunk(group *file.RowGroupReader, leaf int) error {
	chunk, err := group.MetaData().ColumnChunk(leaf)
	if err != nil {
		return parquetFault(err)
	}
	if slices.Contains(chunk.Encodings(), parquet.Encodings.DeltaByteArray) {
		return guichet.Errorf(guichet.KindInvalid, "its column %q is written by shared beginnings (DELTA_BYTE_ARRAY), which is not read", chunk.PathInSchema().String()).
			WithHint("write the file with dictionaries or plain texts")
	}
	pages, err := group.GetColumnPageReader(leaf)
	if err != nil {
		return parquetFault(err)
	}
	dictionary, err := pages.GetDictionaryPage()
	if err != nil {
		return parquetFault(err)
	}
	if dictionary == nil && pages.Next() { // the footer need not say where it stands
		dictionary, _ = pages.Page().(*file.DictionaryPage)
	}
	if dictionary == nil {
		return nil
	}
	if n := longestText(dictionary.Data()); n > maxParquetText {
		return guichet.Errorf(guichet.KindHostile, "its column %q holds a text of %d bytes, and at most %d are read", chunk.PathInSchema().String(), n, maxParquetText)
	}
	return nil
}

// longestText is the longest value of a page of plain texts: each is its length
// in four bytes, little end first, and its bytes (Encodings.md of
// apache/parquet-format). A length beyond the page counts as stated.
func longestText(page []byte) int {
	longest := 0
	for len(page) >= 4 {
		n := int(binary.LittleEndian.Uint32(page))
		longest = max(longest, n)
		page = page[4:]
		page = page[min(n, len(page)):]
	}
	return longest
}
