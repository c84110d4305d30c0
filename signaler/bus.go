package signaler

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// bus is a client of the little of D-Bus that it takes to read properties, one
// call at a time. The other end may be a user's: a message is at most busMessage
// bytes, and nothing in it is followed that is not asked for. See "Message
// Protocol" in the D-Bus specification.
type bus struct {
	net.Conn
	in     *bufio.Reader
	end    time.Time // of the whole conversation
	serial uint32
}

const busMessage = 64 << 10

// Types of messages.
const (
	busCall   = 1
	busReturn = 2
	busError  = 3
)

// Fields of a header.
const (
	fieldPath      = 1
	fieldInterface = 2
	fieldMember    = 3
	fieldError     = 4
	fieldReply     = 5
	fieldTo        = 6
	fieldSignature = 8
)

var errBus = errors.New("the answer is not D-Bus")

// newBus says who asks, by the user id that the kernel vouches for: EXTERNAL.
func newBus(c net.Conn, end time.Time) (*bus, error) {
	b := &bus{Conn: c, in: bufio.NewReaderSize(c, 4<<10), end: end}
	if err := c.SetDeadline(end); err != nil {
		return nil, err
	}
	who := hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid())))
	if _, err := io.WriteString(c, "\x00AUTH EXTERNAL "+who+"\r\n"); err != nil {
		return nil, err
	}
	line, err := b.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(string(line), "OK ") {
		return nil, fmt.Errorf("refused: %.80q", strings.TrimSpace(string(line)))
	}
	_, err = io.WriteString(c, "BEGIN\r\n")
	return b, err
}

// call calls a method that takes strings, and returns the body of the answer.
func (b *bus) call(to, path, iface, member string, args ...string) (marshalled, error) {
	b.serial++
	var body, header marshalled
	for _, a := range args {
		body = body.str(a)
	}
	header = header.field(fieldPath, 'o', path).field(fieldInterface, 's', iface).field(fieldMember, 's', member).field(fieldTo, 's', to)
	if len(args) > 0 {
		header = append(header.align(8), fieldSignature, 1, 'g', 0, byte(len(args)))
		header = append(append(header, strings.Repeat("s", len(args))...), 0)
	}
	if _, err := b.Write(message(0, b.serial, header, body)); err != nil {
		return nil, err
	}
	if err := b.rouse(); err != nil {
		return nil, err
	}
	for {
		kind, answers, failed, body, err := b.read()
		switch {
		case err != nil:
			return nil, err
		case answers != b.serial:
			continue // a signal, such as that one has got a name
		case kind == busReturn:
			return body, nil
		case kind == busError:
			text, ok := body.text(0)
			if !ok {
				text = failed
			}
			return nil, errors.New(printable(text))
		}
	}
}

// message is a call. Of the flags, 1 asks for no answer.
func message(flags byte, serial uint32, header, body marshalled) []byte {
	m := marshalled{byteOrder(), busCall, flags, 1}
	m = m.u32(uint32(len(body))).u32(serial).u32(uint32(len(header)))
	return append(append(m, header...).align(8), body...)
}

// rouse waits for the beginning of an answer. What systemd reads together with
// the end of the greeting it does not look at before it gets more (seen with
// version 252): so it gets that after a while, again and again, as it may read
// late and all at once.
func (b *bus) rouse() error {
	ping := marshalled(nil).field(fieldPath, 'o', "/").field(fieldInterface, 's', "org.freedesktop.DBus.Peer").field(fieldMember, 's', "Ping")
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		next := time.Now().Add(pause)
		if next.After(b.end) {
			next = b.end
		}
		if err := b.SetReadDeadline(next); err != nil {
			return err
		}
		_, err := b.in.Peek(1)
		if next == b.end || !errors.Is(err, os.ErrDeadlineExceeded) {
			return errors.Join(err, b.SetReadDeadline(b.end))
		}
		if _, err := b.Write(message(1, 1<<31, ping, nil)); err != nil {
			return err
		}
	}
}

// read reads a message, and of its header which call it answers and the name of
// an error.
func (b *bus) read() (kind byte, answers uint32, failed string, body marshalled, err error) {
	fail := func() (byte, uint32, string, marshalled, error) { return 0, 0, "", nil, errBus }
	var fixed [16]byte
	if _, err := io.ReadFull(b.in, fixed[:]); err != nil {
		return 0, 0, "", nil, err
	}
	length, fields := binary.NativeEndian.Uint32(fixed[4:]), binary.NativeEndian.Uint32(fixed[12:])
	if fixed[0] != byteOrder() || fixed[3] != 1 || length > busMessage || fields > busMessage {
		return fail() // whoever answers is on this machine, and has its byte order
	}
	padded := (fields + 7) &^ 7
	rest := make(marshalled, padded+length)
	if _, err := io.ReadFull(b.in, rest); err != nil {
		return 0, 0, "", nil, err
	}
	for header := rest[:fields]; len(header) > 0; {
		end, ok := header.fieldEnd()
		if !ok {
			return fail()
		}
		switch header[0] {
		case fieldReply:
			answers, ok = header.number(4)
		case fieldError:
			failed, ok = header.text(4)
		}
		if !ok {
			return fail()
		}
		header = header[min(len(header), (end+7)&^7):]
	}
	return fixed[1], answers, failed, rest[padded:], nil
}

func byteOrder() byte {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return 'l'
	}
	return 'B'
}

// marshalled is data in D-Bus's format, aligned at its beginning.
type marshalled []byte

func (m marshalled) align(n int) marshalled {
	for len(m)%n != 0 {
		m = append(m, 0)
	}
	return m
}

func (m marshalled) u32(n uint32) marshalled { return binary.NativeEndian.AppendUint32(m.align(4), n) }

func (m marshalled) str(s string) marshalled {
	return append(append(m.u32(uint32(len(s))), s...), 0)
}

// field appends a field of a header: a number, and a variant of a string.
func (m marshalled) field(code, kind byte, s string) marshalled {
	return append(m.align(8), code, 1, kind, 0).str(s)
}

// number is the one at an offset that is a multiple of 4.
func (m marshalled) number(at int) (uint32, bool) {
	if len(m) < at+4 {
		return 0, false
	}
	return binary.NativeEndian.Uint32(m[at:]), true
}

// text is the string at an offset that is a multiple of 4.
func (m marshalled) text(at int) (string, bool) {
	n, ok := m.number(at)
	if !ok || uint64(n) > uint64(len(m)-at-4) {
		return "", false
	}
	return string(m[at+4 : at+4+int(n)]), true
}

// fieldEnd is where a field of a header ends, the type of which is basic.
func (m marshalled) fieldEnd() (int, bool) {
	if len(m) < 5 || m[1] != 1 || m[3] != 0 {
		return 0, false
	}
	switch m[2] {
	case 's', 'o':
		s, ok := m.text(4)
		return 4 + 4 + len(s) + 1, ok
	case 'u':
		return 8, true
	case 'g':
		return 4 + 1 + int(m[4]) + 1, true
	}
	return 0, false
}

// variant is the value of a body that is a variant of a string or a number.
func (m marshalled) variant(to any) error {
	if len(m) < 4 || m[0] != 1 || m[2] != 0 {
		return errBus
	}
	ok := false
	switch to := to.(type) {
	case *string:
		if m[1] == 's' {
			*to, ok = m.text(4)
		}
	case *uint32:
		if m[1] == 'u' {
			*to, ok = m.number(4)
		}
	}
	if !ok {
		return errBus
	}
	return nil
}
