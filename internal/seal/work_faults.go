//go:build faults

package seal

// workFactor is low in the program that fault tests start by the hundred. It is
// never released; see node's clock_faults.go.
const workFactor = 4
