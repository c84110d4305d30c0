package main

import (
	"fmt"
	"os"
	"time"
)

const (
	slowWorker = 2  // serves requests that take longer
	slowBeats  = 15 // how long; those of the others take one beat
)

// worker logs until its standard input ends. Told to reopen its log, it does
// so when the request that it is serving is done. A deaf one misses that.
func worker(name string) error {
	log, err := openLog(accessLog, name, 250)
	if err != nil {
		return err
	}
	fmt.Println(name, os.Getpid())
	request := 1
	if name == workerName(slowWorker) {
		request = slowBeats
	}
	told := listen(os.Stdin)
	beats := time.NewTicker(beat)
	defer beats.Stop()
	deaf, reopen := false, false
	for n := 1; ; {
		select {
		case word, more := <-told:
			switch {
			case !more:
				return log.close()
			case word == "deaf", word == "hear":
				deaf = word == "deaf"
			case word == "reopen" && !deaf:
				reopen = true
			}
		case <-beats.C:
			if err := log.burst(); err != nil {
				return err
			}
			if n++; reopen && n%request == 0 {
				reopen = false
				if err := log.reopen(); err != nil {
					return err
				}
			}
		}
	}
}

// maxLines bounds what one process writes, if the demo is held up: 80 MB.
const maxLines = 1_000_000

// numbered is a log as one of its processes writes it: numbered lines, held
// back until there are enough for a write, always whole.
type numbered struct {
	path, who string
	each      int // lines in a burst
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
	for range min(l.each, maxLines-l.lines) {
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
