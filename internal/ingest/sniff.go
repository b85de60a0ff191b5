package ingest

import "slices"

// Containers, found by content, never by a file's name.
const (
	containerNone  = "none"
	containerGzip  = "gzip"
	containerZip   = "zip"
	containerTar   = "tar"
	containerTarGz = "tar.gz"
)

func containers() []string {
	return []string{containerNone, containerGzip, containerZip, containerTar, containerTarGz}
}

// signature is how a format begins.
type signature struct {
	at    int
	bytes string
	name  string
}

// archives are formats that hold other files; the first five are those we read,
// alone or one in the other (a tar in a gzip).
func archives() []signature {
	return []signature{
		{0, "\x1f\x8b", containerGzip},
		{0, "PK\x03\x04", containerZip},
		{0, "PK\x05\x06", containerZip}, // a zip without members
		{257, "ustar", containerTar},
		{0, "BZh", "a bzip2 file"},
		{0, "\xfd7zXZ\x00", "an xz file"},
		{0, "\x28\xb5\x2f\xfd", "a zstd file"},
		{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
		{0, "Rar!\x1a\x07", "a RAR archive"},
	}
}

// others are formats that people send in place of text; naming them helps.
func others() []signature {
	return []signature{
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)"},
		{0, "PAR1", parquetName},
		{0, "PARE", "an encrypted Parquet file"},
		{0, "%PDF-", "a PDF file"},
		{0, "SQLite format 3\x00", "an SQLite database"},
		{0, "\xff\xfe", "UTF-16 text"},
		{0, "\xfe\xff", "UTF-16 text"},
	}
}

// signed returns the name of the first format whose signature b bears.
func signed(b []byte, list []signature) string {
	for _, s := range list {
		if len(b) >= s.at+len(s.bytes) && string(b[s.at:s.at+len(s.bytes)]) == s.bytes {
			return s.name
		}
	}
	return ""
}

// isRead says whether we open a container of that name.
func isRead(name string) bool { return slices.Contains(containers(), name) }
