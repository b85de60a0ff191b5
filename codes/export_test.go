package codes

// Decoders, for fuzzing from outside.
var (
	ParseManifest = func(s string) error { _, err := parseManifest(s); return err }
	ParseAreas    = func(s string) error { _, err := parseAreas(s); return err }
	ParseUnits    = func(s string) error { _, err := parseUnits(s); return err }
	ParseRates    = func(s string) error { _, err := parseRates(s); return err }
	ParseEntries  = func(s string) error { _, err := parseEntries(s); return err }
	ParseChanges  = func(s string) error { _, err := parseChanges(s); return err }
	ParseMicro    = parseMicro
	FoldName      = foldName
	FoldCode      = foldCode
	TextOf        = textOf
)

// RecUnits gives every unit held.
func RecUnits() []Unit {
	var out []Unit
	for _, c := range keysOf(units().units) {
		out = append(out, units().units[c])
	}
	return out
}

// UnitKeys gives every key of a list of units.
func UnitKeys(list string) []string { return keysOf(units().lists[list]) }
