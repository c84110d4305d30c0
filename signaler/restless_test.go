package signaler

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

// restless is a service manager with a unit whose main process is another one
// each time it is asked, until the last of its pids.
func restless(t *testing.T, pids ...int) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "u") // the path of a socket is short
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	l, err := net.Listen("unix", dir+"/private")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return // the test has ended
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for line := ""; err == nil && line != "BEGIN\r\n"; {
			if line, err = in.ReadString('\n'); strings.Contains(line, "AUTH") {
				_, err = io.WriteString(c, "OK 0\r\n")
			}
		}
		for err == nil {
			pids, err = answer(c, in, pids)
		}
	}()
	return &manager{by: controller{uid: os.Getuid()}, sockets: []socket{{path: dir + "/private", private: true}}}
}

// answer answers a call, and returns the pids that are left for later ones.
func answer(c net.Conn, in io.Reader, pids []int) ([]int, error) {
	var fixed [16]byte
	if _, err := io.ReadFull(in, fixed[:]); err != nil {
		return nil, err
	}
	length, fields := binary.NativeEndian.Uint32(fixed[4:]), binary.NativeEndian.Uint32(fixed[12:])
	text := make([]byte, (fields+7)&^7+length)
	if _, err := io.ReadFull(in, text); err != nil {
		return nil, err
	}
	if fixed[2] == 1 {
		return pids, nil // wants none
	}
	value := marshalled{1, 's', 0, 0}.str("loaded")
	switch asked := string(text); {
	case strings.Contains(asked, "ActiveState"):
		value = marshalled{1, 's', 0, 0}.str("active")
	case strings.Contains(asked, "ControlGroup"):
		value = marshalled{1, 's', 0, 0}.str("/")
	case strings.Contains(asked, "MainPID"):
		value = marshalled{1, 'u', 0, 0}.u32(uint32(pids[0]))
		if len(pids) > 1 {
			pids = pids[1:]
		}
	}
	header := marshalled{fieldReply, 1, 'u', 0}.u32(binary.NativeEndian.Uint32(fixed[8:]))
	m := message(0, 1, header, value)
	m[1] = busReturn
	_, err := c.Write(m)
	return pids, err
}

// Between the two times that systemd is asked, the process that it named may
// have ended, and its number be another's.
func TestUnitThatIsRestartedMeanwhile(t *testing.T) {
	t.Parallel()
	var pids []int
	for range 3 {
		c := canary(t)
		pids = append(pids, c.pid())
	}
	a, b, c := pids[0], pids[1], pids[2]
	ended := canary(t)
	ended.kill()
	ended.reap()
	u := Unit{Name: "main.service"}
	for _, tc := range []struct {
		named []int
		want  int
		kind  Kind
	}{
		{[]int{a}, a, 0},
		{[]int{a, b}, b, 0},
		{[]int{a, b, c}, c, 0},
		{[]int{ended.pid(), a}, a, 0},
		{[]int{ended.pid()}, 0, Stale},
		{[]int{a, 0}, 0, NoMain},
		{[]int{a, b, a, b, a, b, a}, 0, Stale},
	} {
		p, err := restless(t, tc.named...).find(u)
		if tc.want == 0 {
			refuses(t, err, tc.kind)
			continue
		}
		must(t, err)
		if p.PID() != tc.want {
			t.Errorf("of %d found %d, want %d", tc.named, p.PID(), tc.want)
		}
		must(t, p.Close())
	}
}
