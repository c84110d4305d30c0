package fsys

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"rotate/testdata/host"
)

// blocks returns a file of n blocks, each of one letter, and their size.
func blocks(t *testing.T, path string, n int) (*os.File, int) {
	t.Helper()
	f := openFile(t, path)
	size, err := BlockSize(f)
	must(t, err)
	for i := range n {
		_, err := f.Write(bytes.Repeat([]byte{byte('a' + i)}, int(size)))
		must(t, err)
	}
	return f, int(size)
}

func TestCutsUnderAnAppendingWriter(t *testing.T) {
	for name, cut := range map[string]func(*FS, *os.File, int64) error{"collapse": (*FS).Collapse, "punch": (*FS).Punch} {
		t.Run(name, func(t *testing.T) {
			eachFS(t, func(t *testing.T, folder string) {
				f, size := blocks(t, folder+"/log", 3)
				writer, err := os.OpenFile(folder+"/log", os.O_WRONLY|os.O_APPEND, 0)
				must(t, err)
				defer writer.Close()
				err = cut(new(FS), f, int64(2*size))
				if errors.Is(err, ErrNoCut) && name == "collapse" {
					t.Log(err)
					if info, err := f.Stat(); err != nil || info.Size() != int64(3*size) {
						t.Errorf("it changed all the same: %v, %v", info.Size(), err)
					}
					return
				}
				must(t, err)
				_, err = writer.WriteString("next\n")
				must(t, err)
				start, err := DataStart(f)
				must(t, err)
				text := read(t, folder+"/log")
				if name == "punch" {
					if start != int64(2*size) || strings.Trim(text[:start], "\x00") != "" {
						t.Errorf("its data begin at %d", start)
					}
					text = text[start:]
				}
				if text != strings.Repeat("c", size)+"next\n" {
					t.Errorf("%d bytes are left: %.20q…", len(text), text)
				}
			})
		})
	}
}

// The project's promise of a lossless copytruncate rests on this.
func TestDiskCanCollapse(t *testing.T) {
	f, size := blocks(t, tempDir(t)+"/log", 2)
	if err := new(FS).Collapse(f, int64(size)); errors.Is(err, ErrNoCut) {
		host.Lacks(t, "the folder for temporary files is on a file system that cannot collapse")
	} else if err != nil {
		t.Fatal(err)
	}
}

func TestBlank(t *testing.T) {
	path := tempDir(t) + "/log"
	write(t, path, "one\ntwo\nthree\n")
	f := openFile(t, path)
	s := new(FS)
	must(t, s.Blank(f, 4, 8))
	must(t, s.Blank(f, 8, 8))
	if got := read(t, path); got != "one\n   \nthree\n" {
		t.Errorf("got %q", got)
	}
}

func TestDataStartOfNothing(t *testing.T) {
	f := openFile(t, tempDir(t)+"/log")
	if at, err := DataStart(f); at != 0 || err != nil {
		t.Errorf("empty: %d, %v", at, err)
	}
	must(t, f.Truncate(1<<20))
	if at, err := DataStart(f); at != 1<<20 || err != nil {
		t.Errorf("only a hole: %d, %v", at, err)
	}
}
