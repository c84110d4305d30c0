package services

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// connect opens a connection over which messages are sent, one at a time. What
// is sent without an error will be logged.
type connect func(port string) (connection, error)

type connection interface {
	send(message string) error
	Close() error
}

// load sends messages over several connections at once until it is stopped.
type load struct {
	stop chan struct{}
	all  sync.WaitGroup
	next *atomic.Int64

	mu       sync.Mutex
	sent     []int        // was answered
	unsure   map[int]bool // got no answer: may have been logged, or not
	problems map[string]int
}

const connections = 4

func startLoad(c connect, port string, next *atomic.Int64) *load {
	l := &load{next: next, stop: make(chan struct{}), unsure: map[int]bool{}, problems: map[string]int{}}
	for range connections {
		l.all.Go(func() { l.work(c, port) })
	}
	return l
}

func (l *load) work(c connect, port string) {
	var conn connection
	var sent []int
	fail := func(err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.problems[err.Error()]++
	}
	pause := time.NewTicker(500 * time.Microsecond) // the machine has other work
	for {
		select {
		case <-l.stop:
			if conn != nil {
				conn.Close() // everything was answered
			}
			l.mu.Lock()
			l.sent = append(l.sent, sent...)
			l.mu.Unlock()
			return
		case <-pause.C:
		}
		if conn == nil {
			var err error
			if conn, err = c(port); err != nil {
				fail(err)
				conn = nil
				continue
			}
		}
		n := int(l.next.Add(1))
		if err := conn.send(message(n)); err != nil {
			fail(err)
			l.mu.Lock()
			l.unsure[n] = true
			l.mu.Unlock()
			conn.Close() // it failed already
			conn = nil
			continue
		}
		sent = append(sent, n)
	}
}

// end stops the load.
func (l *load) end() {
	close(l.stop)
	l.all.Wait()
}

// A dialogue is a connection whose messages are answered.
type dialogue struct {
	net.Conn
	in *bufio.Reader
}

func dial(port string) (dialogue, error) {
	c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 10*time.Second)
	if err != nil {
		return dialogue{}, err
	}
	return dialogue{c, bufio.NewReader(c)}, c.SetDeadline(time.Now().Add(time.Minute))
}

// web asks for a page with the message as its query.
func web(port string) (connection, error) {
	d, err := dial(port)
	return &page{dialogue: d, port: port}, err
}

type page struct {
	dialogue
	port string
	last bool // the server closes after what it answered
}

func (p *page) send(message string) error {
	if p.last {
		p.Close() // it was answered
		next, err := dial(p.port)
		if err != nil {
			return err
		}
		p.dialogue = next
	}
	if _, err := fmt.Fprintf(p, "GET /index.html?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", message); err != nil {
		return err
	}
	answer, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", answer.Status)
	}
	p.last = answer.Close
	return nil
}

// syslog sends lines that nobody answers.
func syslog(port string) (connection, error) {
	d, err := dial(port)
	return lines{d}, err
}

type lines struct{ dialogue }

func (l lines) send(message string) error {
	_, err := fmt.Fprintf(l, "<13>Nov 23 03:10:00 host test: %s\n", message)
	return err
}

// redis has its server log a message.
func redis(port string) (connection, error) {
	d, err := dial(port)
	return resp{d}, err
}

type resp struct{ dialogue }

func (r resp) send(message string) error {
	if _, err := fmt.Fprintf(r, "DEBUG LOG %s\r\n", message); err != nil {
		return err
	}
	answer, err := r.in.ReadString('\n')
	if err == nil && !strings.HasPrefix(answer, "+") {
		err = fmt.Errorf("answered %q", answer)
	}
	return err
}

// mqtt publishes to topics, as MQTT 3.1.1 has it, and awaits the receipt.
func mqtt(port string) (connection, error) {
	d, err := dial(port)
	if err != nil {
		return nil, err
	}
	hello := []byte("\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00") // no name, a clean session
	if _, err := d.Write(hello); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(d.in, make([]byte, 4))
	return publisher{d}, err
}

type publisher struct{ dialogue }

func (p publisher) send(message string) error {
	packet := []byte{0x32, byte(2 + len(message) + 2), 0, byte(len(message))}
	packet = append(packet, message...)
	packet = append(packet, 0, 1)
	if _, err := p.Write(packet); err != nil {
		return err
	}
	_, err := io.ReadFull(p.in, make([]byte, 4))
	return err
}

// fastcgi asks for a page as a web server does. A connection is one request.
func fastcgi(port string) (connection, error) { return script(port), nil }

type script string

func (script) Close() error { return nil }

func (s script) send(message string) error {
	d, err := dial(string(s))
	if err != nil {
		return err
	}
	defer d.Close() // the answer is all that is asked
	params := new(bytes.Buffer)
	for _, p := range [][2]string{{"SCRIPT_FILENAME", "/ping"}, {"SCRIPT_NAME", "/ping"}, {"REQUEST_URI", "/ping"}, {"REQUEST_METHOD", "GET"}, {"QUERY_STRING", message}} {
		params.WriteByte(byte(len(p[0])))
		params.WriteByte(byte(len(p[1])))
		params.WriteString(p[0] + p[1])
	}
	request := new(bytes.Buffer)
	record := func(kind byte, content []byte) {
		request.Write([]byte{1, kind, 0, 1})
		request.Write(binary.BigEndian.AppendUint16(nil, uint16(len(content))))
		request.Write([]byte{0, 0})
		request.Write(content)
	}
	record(1, []byte{0, 1, 0, 0, 0, 0, 0, 0}) // begin: a responder
	record(4, params.Bytes())
	record(4, nil)
	record(5, nil) // nothing is posted
	if _, err := d.Write(request.Bytes()); err != nil {
		return err
	}
	answer, err := io.ReadAll(d.in)
	if err == nil && !bytes.Contains(answer, []byte("pong")) {
		err = fmt.Errorf("answered %q", answer)
	}
	return err
}
