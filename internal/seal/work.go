//go:build !faults

package seal

// workFactor is the scrypt cost as a power of two. 2^16 with r = 8 takes
// 64 MiB, and 0.2 s on the slow side of the machines that we know (2 cores of a
// rented server): a service that is restarted by night is up at once. age's own
// 2^18 takes four times as long and 256 MiB, more than small nodes can spare
// for an instant. Each step halves what a guesser can try.
const workFactor = 16
