package trade

import "io/fs"

// DecodeGroups decodes other files than the embedded ones, to try faults.
func DecodeGroups(files fs.FS) error {
	_, err := decodeGroups(files)
	return err
}
