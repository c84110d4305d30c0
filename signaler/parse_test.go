package signaler

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
)

const testLimit = 32768

// hostile is what no pidfile may say. All of these make some parser in use
// signal somebody: see strtol(3), atoi(3), kill(2).
func hostile() []string {
	return []string{
		"-1", "-1\n", "0", "0\n", "-0", "00", "4294967295", "4294967296", "4294967298", "18446744073709551615",
		"18446744073709551616", "2147483647", "2147483648", "32769", "99999999999999999999999999",
		"+7", "007", "0000000001", "0x7", "7\x00", "7\x00\n", "\x007", " 12abc", "12 34", "12,34", "1e3", "7.0",
		"7\v", "\v7", "7\f", "\u00a07", "７", "\ufeff7", "seven", "-", "+", "%d", "$(id)",
		"\n", "\n7", "\r\n7\r\n", " ", "\t\t\n", "\x00", "\x00\n7",
		strings.Repeat("7", 5000), strings.Repeat(" ", 5000) + "7", "7" + strings.Repeat(" ", 5000) + "\n", strings.Repeat("\x00", 5000),
	}
}

func TestParsePID(t *testing.T) {
	t.Parallel()
	good := map[string]int{
		"7":                           7,
		"7\n":                         7,
		"1\n":                         1, // its own refusal, by the caller
		"  4121\n":                    4121,
		"      4121\n":                4121, // uucp locks
		"4121 \t\n":                   4121,
		"4121\r\n":                    4121,
		"\t4121\r":                    4121,
		"32768":                       32768,
		"123\n/var/lib/db\n1700000\n": 123, // postmaster.pid
		"123\nnot a number\n":         123,
		"123\n\x00\xff":               123,
	}
	for text, want := range good {
		if pid, err := parsePID([]byte(text), testLimit); pid != want || err != nil {
			t.Errorf("%q: got %d, %v, want %d", text, pid, err, want)
		}
	}
	for _, text := range hostile() {
		data := []byte(text)
		if pid, err := parsePID(data[:min(len(data), pidfileSize)], testLimit); err == nil {
			t.Errorf("%.40q: got %d, want an error", text, pid)
		}
	}
}

// What is accepted is the one spelling of its number, alone on its line.
func FuzzParsePID(f *testing.F) {
	f.Add([]byte("4121\n"))
	f.Add([]byte(" 12 \r\nmore"))
	for _, text := range hostile() {
		f.Add([]byte(text)[:min(len(text), 64)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pid, err := parsePID(data, testLimit)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("control characters in %q", err)
			}
			return
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		if pid < 1 || pid > testLimit || strings.Trim(string(line), " \t\r") != strconv.Itoa(pid) {
			t.Errorf("%q gave %d", data, pid)
		}
	})
}

// Where a mistake would kill everything, only canaries are there to die.
func TestHostilePidfilesSignalNobody(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	canaries := []*child{canary(t), canary(t), canary(t)}
	path := pidfileOf(t, 1)
	for _, text := range append(hostile(), "1", "1\n", strconv.Itoa(os.Getpid())) {
		write(t, path, text)
		p, err := Find(path)
		if err == nil {
			t.Errorf("%.40q: found %d", text, p.PID())
			_ = p.Signal(0xa)
		}
	}
	for _, c := range canaries {
		c.ping()
	}
}
