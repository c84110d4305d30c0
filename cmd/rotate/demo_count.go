package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// tally is what was found in logs and archives, held against what those who
// wrote them say.
type tally struct {
	files   int
	written int // what they say
	found   int // different lines
	doubled int // lines found once more
	strange int // lines that are torn, or that nobody says to have written
}

func (c *tally) lost() int { return c.written - c.found }

// right reports whether every line is there once, and nothing else.
func (c *tally) right() bool {
	return c.written > 0 && c.lost() == 0 && c.doubled == 0 && c.strange == 0
}

// countLines reads every log and archive in dir. Wrote is how many lines each
// process says it has written.
func countLines(dir string, wrote map[string]int) (*tally, error) {
	c := &tally{}
	seen := map[string][]bool{}
	for who, lines := range wrote {
		c.written += lines
		seen[who] = make([]bool, lines)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := c.read(filepath.Join(dir, f.Name()), seen); err != nil {
			return nil, fmt.Errorf("count the lines of %q: %w", f.Name(), err)
		}
		c.files++
	}
	return c, nil
}

func (c *tally) read(path string, seen map[string][]bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // read only: nothing to lose
	var r io.Reader = f
	if strings.HasSuffix(path, ".zst") {
		z, err := zstd.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	s := bufio.NewScanner(r)
	for s.Scan() {
		c.line(s.Bytes(), seen)
	}
	return s.Err()
}

// line looks for "WHO line N …", to its very end.
func (c *tally) line(line []byte, seen map[string][]bool) {
	who, rest, _ := bytes.Cut(line, []byte(" line "))
	number, rest, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(number))
	lines := seen[string(who)]
	switch {
	case err != nil || n < 1 || n > len(lines) || !bytes.HasSuffix(rest, []byte(" ms")):
		c.strange++
	case lines[n-1]:
		c.doubled++
	default:
		lines[n-1] = true
		c.found++
	}
}
