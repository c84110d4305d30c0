package main

import (
	"fmt"
	"os"
	"time"
)

const (
	beat     = 10 * time.Millisecond // how often a process logs
	beats    = int(time.Second / beat)
	maxLines = 1_000_000 // of one process, 80 MB, should the demo be held up
)

// numbered is a log as one of its processes writes it: numbered lines, held
// back until there are enough for a write, always whole.
type numbered struct {
	path, who string
	each      int // lines a second
	file      *os.File
	held      []byte
	lines     int
}

func openLog(path, who string, each int) (*numbered, error) {
	file, err := appendTo(path)
	return &numbered{path: path, who: who, each: each, file: file}, err
}

func appendTo(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
}

// burst logs what one beat brings.
func (l *numbered) burst() error {
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for range min(l.each/beats, maxLines-l.lines) {
		l.lines++
		l.held = fmt.Appendf(l.held, "%s line %d %s GET /orders/%d 200 %d ms\n",
			l.who, l.lines, now, l.lines*7919%100003, l.lines*31%97)
	}
	if len(l.held) < 32<<10 {
		return nil
	}
	return l.flush()
}

func (l *numbered) flush() error {
	_, err := l.file.Write(l.held)
	l.held = l.held[:0]
	return err
}

// reopen moves on to the file that has the log's name now.
func (l *numbered) reopen() error {
	if err := l.flush(); err != nil {
		return err
	}
	file, err := appendTo(l.path)
	if err != nil {
		return err
	}
	old := l.file
	l.file = file
	return old.Close()
}

// close writes what is held back, and says how many lines there are.
func (l *numbered) close() error {
	if err := l.flush(); err != nil {
		return err
	}
	if err := l.file.Close(); err != nil {
		return err
	}
	fmt.Println(l.who, l.lines)
	return nil
}
