//go:build linux

package guichettest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Middle is the place between the hosts, where relays stand: the switch that all
// of them are plugged into.
const Middle = -1

// MiddleAddr is the address of the middle, known before there are hosts.
const MiddleAddr = "10.77.0.1"

// namespaces is where iproute2 keeps the names of network namespaces.
const namespaces = "/var/run/netns"

// Hosts are hosts that see each other through a switch, each in a network
// namespace of its own, with a loopback and nothing of the machine's network.
// They are told by number, from 0. Host n has the address 10.77.0.(11+n), the
// middle 10.77.0.1; two tests at once do not meet, since all of it stands in
// namespaces.
//
//	host 0 eth0 --- port0 |        |
//	host 1 eth0 --- port1 | switch | Middle: relays
//
// It is a plain cable everywhere: delay, loss and rate come from a Relay, since
// not every kernel has netem.
type Hosts struct {
	ip   string // the command
	name string // of this set: what the names of its namespaces begin with
	n    int
}

// NewHosts makes n hosts, at most 200, which go with the test. It needs root and
// the command ip; without them the test is skipped, and under CI=true it fails.
// What a killed run left behind is removed first.
func NewHosts(tb testing.TB, n int) *Hosts {
	tb.Helper()
	if n < 1 || n > 200 {
		tb.Fatalf("%d hosts are not to be had", n)
	}
	if os.Geteuid() != 0 {
		lacking(tb, "hosts in network namespaces need root, and this is user "+strconv.Itoa(os.Geteuid()), "run the tests as root")
	}
	ip, err := findTool("ip")
	if err != nil {
		lacking(tb, "hosts in network namespaces need the command ip: "+err.Error(), "install it (on Debian and Ubuntu: the package iproute2)")
	}
	h := &Hosts{ip: ip, n: n}
	h.sweep(tb)
	h.name = h.free(tb)
	tb.Cleanup(func() { h.remove(tb) })
	if out, err := h.run("netns", "add", h.namespace(Middle)); err != nil {
		lacking(tb, "root may not make a network namespace on this machine: "+out, "give the container the capability CAP_SYS_ADMIN, or run the tests outside of it")
	}
	if out, err := h.run("-n", h.namespace(Middle), "link", "add", "switch", "type", "bridge"); err != nil {
		lacking(tb, "this kernel makes no bridge in a network namespace: "+out, "load the modules bridge and veth, and give the container the capability CAP_NET_ADMIN")
	}
	h.must(tb, "-n", h.namespace(Middle), "addr", "add", h.Addr(Middle)+"/24", "dev", "switch")
	h.must(tb, "-n", h.namespace(Middle), "link", "set", "lo", "up")
	h.must(tb, "-n", h.namespace(Middle), "link", "set", "switch", "up")
	for i := range n {
		h.plug(tb, i)
	}
	return h
}

// plug makes a host and joins it to the switch.
func (h *Hosts) plug(tb testing.TB, host int) {
	tb.Helper()
	middle, ns := h.namespace(Middle), h.namespace(host)
	h.must(tb, "netns", "add", ns)
	h.must(tb, "-n", middle, "link", "add", port(host), "type", "veth", "peer", "name", "eth0", "netns", ns)
	h.must(tb, "-n", middle, "link", "set", port(host), "master", "switch", "up")
	h.must(tb, "-n", ns, "addr", "add", h.Addr(host)+"/24", "dev", "eth0")
	h.must(tb, "-n", ns, "link", "set", "lo", "up")
	h.must(tb, "-n", ns, "link", "set", "eth0", "up")
}

func port(host int) string { return "port" + strconv.Itoa(host) }

// Addr returns the address of a host, or of the middle: "10.77.0.11".
func (h *Hosts) Addr(host int) string {
	if host == Middle {
		return MiddleAddr
	}
	return fmt.Sprintf("10.77.0.%d", 11+host)
}

// RunIn starts a program on a host, as Start does.
func (h *Hosts) RunIn(tb testing.TB, host int, c Command) *Process {
	tb.Helper()
	if c.Name == "" {
		c.Name = fmt.Sprintf("%s on host %d", filepath.Base(c.Args[0]), host)
	}
	// ip becomes the program (execvp), so signals reach it.
	c.Args = append([]string{h.ip, "netns", "exec", h.namespace(host)}, c.Args...)
	return Start(tb, c)
}

// Cut pulls a host's cable: it reaches nobody and nobody reaches it. Connections
// stand and hear nothing.
func (h *Hosts) Cut(tb testing.TB, host int) {
	tb.Helper()
	h.must(tb, "-n", h.namespace(Middle), "link", "set", port(host), "down")
}

// Heal puts the cable in again. What TCP held back comes when it next tries,
// which may take as long again as the host was cut off.
func (h *Hosts) Heal(tb testing.TB, host int) {
	tb.Helper()
	h.must(tb, "-n", h.namespace(Middle), "link", "set", port(host), "up")
}

// Listen listens on a port of a host or of the middle; 0 is any. The test itself
// accepts there.
func (h *Hosts) Listen(tb testing.TB, host, port int) net.Listener {
	tb.Helper()
	var l net.Listener
	err := within(h.namespace(host), func() (err error) {
		l, err = new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(h.Addr(host), strconv.Itoa(port)))
		return err
	})
	if err != nil {
		tb.Fatalf("listen on host %d: %v", host, err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

// Dial dials from a host or from the middle. The address is a number, not a
// name: "10.77.0.12:8443".
func (h *Hosts) Dial(ctx context.Context, host int, addr string) (net.Conn, error) {
	var c net.Conn
	err := within(h.namespace(host), func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, "tcp", addr)
		return err
	})
	return c, err
}

// Relay stands a relay in the middle, before a port of a host. Whoever is to
// reach the host through it dials the relay's address.
func (h *Hosts) Relay(tb testing.TB, host, port int, c Conditions) *Relay {
	tb.Helper()
	target := net.JoinHostPort(h.Addr(host), strconv.Itoa(port))
	return NewRelay(tb, target, RelayConfig{
		Conditions: c,
		Listener:   h.Listen(tb, Middle, 0),
		Dial:       func(ctx context.Context) (net.Conn, error) { return h.Dial(ctx, Middle, target) },
	})
}

func (h *Hosts) namespace(host int) string {
	if host == Middle {
		return h.name + "-middle"
	}
	return h.name + "-" + strconv.Itoa(host)
}

// free returns a name that no set of this process has.
func (h *Hosts) free(tb testing.TB) string {
	tb.Helper()
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s-%d", owner(tb), i)
		if _, err := os.Stat(filepath.Join(namespaces, name+"-middle")); errors.Is(err, os.ErrNotExist) {
			return name
		}
	}
}

// remove takes the set away. The cables go with the namespaces.
func (h *Hosts) remove(tb testing.TB) {
	tb.Helper()
	for host := Middle; host < h.n; host++ {
		if _, err := os.Stat(filepath.Join(namespaces, h.namespace(host))); err != nil {
			continue
		}
		if out, err := h.run("netns", "del", h.namespace(host)); err != nil {
			tb.Errorf("remove a network namespace: %s", out)
		}
	}
}

// sweep removes the namespaces of test processes that are gone, with what still
// runs in them.
func (h *Hosts) sweep(tb testing.TB) {
	tb.Helper()
	entries, err := os.ReadDir(namespaces)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
	for _, e := range entries {
		if !isLeft(e.Name()) {
			continue
		}
		// Another test process may be sweeping too: what is gone is gone.
		pids, _ := h.run("netns", "pids", e.Name())
		for pid := range strings.FieldsSeq(pids) {
			if n, err := strconv.Atoi(pid); err == nil && n > 1 {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
		_, _ = h.run("netns", "del", e.Name())
	}
}

func (h *Hosts) must(tb testing.TB, args ...string) {
	tb.Helper()
	if out, err := h.run(args...); err != nil {
		tb.Fatalf("ip %s: %s", strings.Join(args, " "), out)
	}
}

// run runs the command ip and returns what it wrote, or why it could not be run.
func (h *Hosts) run(args ...string) (string, error) {
	out, err := exec.Command(h.ip, args...).CombinedOutput() //nolint:gosec,noctx // ends at once; cleanups have no context
	text := strings.TrimSpace(string(out))
	if err != nil && text == "" {
		text = err.Error()
	}
	return text, err
}

// within does something in a network namespace: sockets made there belong to it
// for good. do must not start processes, nor leave the work to a goroutine.
func within(namespace string, do func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that nobody else
		// finds himself in the namespace.
		runtime.LockOSThread()
		done <- enter(namespace, do)
	}()
	return <-done
}

func enter(namespace string, do func() error) error {
	f, err := os.Open(filepath.Join(namespaces, namespace)) //nolint:gosec // a name of ours
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace %s: %w", namespace, err)
	}
	return do()
}

// findTool finds a command of the administrator, whose folders are not on
// everybody's path.
func findTool(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", err
}
