package signaler

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemd does not look at what it reads together with the greeting. Here that
// is sure to happen, also to what is sent to rouse it.
func TestRousesSystemd(t *testing.T) {
	t.Parallel()
	b := boot(t, 0, map[string]string{"main.service": mainUnit})
	b.hears()
	for more := 1; more <= 3; more++ {
		c, err := net.Dial("unix", b.sockets[0].path)
		must(t, err)
		defer c.Close()
		bus, err := newBus(&late{Conn: c, more: more}, time.Now().Add(time.Minute))
		must(t, err)
		answer, err := bus.call("org.freedesktop.systemd1", "/org/freedesktop/systemd1/unit/main_2eservice",
			"org.freedesktop.DBus.Properties", "Get", "org.freedesktop.systemd1.Unit", "ActiveState")
		must(t, err)
		var state string
		must(t, answer.variant(&state))
		if state != "active" {
			t.Errorf("got %q", state)
		}
	}
}

// late holds the end of the greeting back until there is so much more.
type late struct {
	net.Conn
	more int
	held []byte
}

func (l *late) Write(p []byte) (int, error) {
	if string(p) == "BEGIN\r\n" || l.held != nil && l.more > 1 {
		if l.held != nil {
			l.more--
		}
		l.held = append(l.held, p...)
		return len(p), nil
	}
	_, err := l.Conn.Write(append(l.held, p...))
	l.held = nil
	return len(p), err
}

// A message bus, on which there is no systemd.
func TestMessageBus(t *testing.T) {
	t.Parallel()
	daemon, err := exec.LookPath("dbus-daemon")
	need(t, err == nil, "dbus-daemon")
	dir, err := os.MkdirTemp("/tmp", "u")
	must(t, err)
	defer os.RemoveAll(dir)
	cmd := exec.Command(daemon, "--session", "--nofork", "--print-address=1", "--address=unix:path="+filepath.Join(dir, "bus"))
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	_, err = out.Read(make([]byte, 1)) // it listens
	must(t, err)
	m := &manager{by: controller{uid: os.Getuid()}, sockets: []socket{{path: dir + "/none", private: true}, {path: dir + "/bus"}}}
	_, err = m.find(Unit{Name: "main.service"})
	refuses(t, err, Failed)
	if !strings.Contains(err.Error(), "org.freedesktop.systemd1") {
		t.Errorf("the bus says %v", err)
	}
}

// Who answers may claim to send more than there is memory.
func TestBusAnswerOfAnySize(t *testing.T) {
	t.Parallel()
	for at := 4; at <= 12; at += 8 { // the sizes of body and header
		m := message(0, 1, marshalled(nil).field(fieldTo, 's', "x"), nil)
		binary.NativeEndian.PutUint32(m[at:], 1<<31)
		if _, err := answered(m); !errors.Is(err, errBus) {
			t.Errorf("at %d: got %v, want %v", at, err, errBus)
		}
	}
}

// What a user may answer instead of a service manager.
func FuzzBusAnswer(f *testing.F) {
	good := message(0, 1, marshalled(nil).field(fieldTo, 's', "x"), marshalled{1, 's', 0, 0}.str("loaded"))
	f.Add(good)
	f.Add(append(good, good...))
	f.Add([]byte("l\x02\x01\x01\x0f\x00\x00\x00\x01\x00\x00\x00\x37\x00\x00\x00\x05\x01u\x00\x01\x00\x00\x00\x07\x01s\x00\x18\x00\x00\x00org.freedesktop.systemd1\x00\x00\x00\x00\x00\x00\x00\x00\x08\x01g\x00\x01v\x00\x00\x01s\x00\x00\x06\x00\x00\x00loaded\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s string
		var n uint32
		if body, err := answered(data); err == nil {
			_, _ = body.variant(&s), body.variant(&n)
		}
		if len(s) > len(data) {
			t.Errorf("%q", s)
		}
	})
}

// answered makes a call to which data is the answer.
func answered(data []byte) (marshalled, error) {
	b := &bus{end: time.Now().Add(time.Minute)}
	b.Conn = mute{}
	b.in = bufio.NewReader(bytes.NewReader(data))
	return b.call("a", "/", "b", "c", "d")
}

// mute is a connection on which nothing is heard.
type mute struct{ net.Conn }

func (mute) Write(p []byte) (int, error)     { return len(p), nil }
func (mute) Read([]byte) (int, error)        { return 0, io.EOF }
func (mute) SetReadDeadline(time.Time) error { return nil }
