package fsys

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func openFile(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestCopyDataFromPositionToPosition(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		write(t, folder+"/src", "one\ntwo\nthree\n")
		write(t, folder+"/dst", "zero\n")
		src, dst := openFile(t, folder+"/src"), openFile(t, folder+"/dst")
		_, err := dst.Seek(0, io.SeekEnd)
		must(t, err)
		var tr trace
		s := &FS{Before: tr.before}
		for _, c := range []struct{ limit, want int64 }{{4, 4}, {0, 0}, {4, 4}, {100, 6}, {100, 0}} {
			n, err := s.CopyData(t.Context(), dst, src, c.limit)
			if n != c.want || err != nil {
				t.Errorf("limit %d: %d, %v", c.limit, n, err)
			}
		}
		if got := read(t, folder+"/dst"); got != "zero\none\ntwo\nthree\n" {
			t.Errorf("got %q", got)
		}
		if got := tr.calls(); got != "write write write write write" {
			t.Errorf("calls: %s", got)
		}
	})
}

func TestCopyDataKeepsHoles(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		const size, unit = 1 << 40, 64 << 10
		src, dst := openFile(t, folder+"/src"), openFile(t, folder+"/dst")
		data := bytes.Repeat([]byte("line\n"), unit/5+1)[:unit]
		for _, at := range []int64{unit * 3, 5 << 30, 6 << 30} {
			_, err := src.WriteAt(data, at)
			must(t, err)
		}
		must(t, src.Truncate(size))
		n, err := new(FS).CopyData(t.Context(), dst, src, 1<<62)
		if n != size || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		var st unix.Stat_t
		must(t, unix.Fstat(int(dst.Fd()), &st))
		if st.Size != size || st.Blocks*512 > 8*unit {
			t.Errorf("%d bytes in %d blocks", st.Size, st.Blocks)
		}
		for _, at := range []int64{0, unit * 2, unit * 3, unit * 4, 5 << 30, 5<<30 - unit, 6 << 30, size - unit} {
			a, b := make([]byte, unit), make([]byte, unit)
			_, err := src.ReadAt(a, at)
			must(t, err)
			_, err = dst.ReadAt(b, at)
			must(t, err)
			if !bytes.Equal(a, b) {
				t.Errorf("differ at %d", at)
			}
		}
		if at, _ := dst.Seek(0, io.SeekCurrent); at != size {
			t.Errorf("dst is at %d", at)
		}
		if at, _ := src.Seek(0, io.SeekCurrent); at != size {
			t.Errorf("src is at %d", at)
		}
	})
}

func TestCopyDataStopsInData(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/src", "0123456789")
	src, dst := openFile(t, folder+"/src"), openFile(t, folder+"/dst")
	n, err := new(FS).CopyData(t.Context(), dst, src, 7)
	if n != 7 || err != nil || read(t, folder+"/dst") != "0123456" {
		t.Errorf("%d, %v, %q", n, err, read(t, folder+"/dst"))
	}
	_, err = src.Seek(20, io.SeekStart)
	must(t, err)
	n, err = new(FS).CopyData(t.Context(), dst, src, 7)
	if n != 0 || err != nil || read(t, folder+"/dst") != "0123456" {
		t.Errorf("behind the end: %d, %v, %q", n, err, read(t, folder+"/dst"))
	}
}

func TestCopyDataFails(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/src", "text")
	src, dst := openFile(t, folder+"/src"), openFile(t, folder+"/dst")
	_, err := (&FS{Before: refuse("write", unix.ENOSPC)}).CopyData(t.Context(), dst, src, 4)
	wantErr(t, err, unix.ENOSPC)
	if want := `write "` + folder + `/dst": no space left on device`; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	if _, err := new(FS).CopyData(t.Context(), full, src, 4); err == nil {
		t.Error("no error")
	}
}

func TestFsync(t *testing.T) {
	var tr trace
	f := openFile(t, tempDir(t)+"/log")
	must(t, (&FS{Before: tr.before}).Fsync(f))
	if got := tr.calls(); got != "fsync" || tr.ops[0].Path != f.Name() {
		t.Errorf("calls: %v", tr.ops)
	}
	must(t, f.Close())
	wantErr(t, new(FS).Fsync(f), os.ErrClosed)
}

func TestTruncate(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/log", "lines")
	f := openFile(t, folder+"/log")
	wantErr(t, (&FS{Before: refuse("truncate", unix.EIO)}).Truncate(f, 0), unix.EIO)
	must(t, new(FS).Truncate(f, 2))
	if read(t, folder+"/log") != "li" {
		t.Errorf("holds %q", read(t, folder+"/log"))
	}
	must(t, f.Close())
	err := new(FS).Truncate(f, 0)
	wantErr(t, err, os.ErrClosed)
}

// TestCopyDataEndsWithItsContext ends it after some chunks, and lets another call go on.
func TestCopyDataEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	src, dst := openFile(t, folder+"/src"), openFile(t, folder+"/dst")
	want := bytes.Repeat([]byte("0123456"), 3*atOnce/7)
	_, err := src.Write(want)
	must(t, err)
	_, err = src.Seek(0, io.SeekStart)
	must(t, err)
	n, err := new(FS).CopyData(&expiring{t.Context(), 2}, dst, src, 1<<62)
	if n != 2*atOnce || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
	if m, err := new(FS).CopyData(t.Context(), dst, src, 1<<62); n+m != int64(len(want)) || err != nil {
		t.Errorf("%d, %v", m, err)
	}
	if read(t, folder+"/dst") != string(want) {
		t.Error("it copied something else")
	}
}

func TestShredEndsWithItsContext(t *testing.T) {
	f := openFile(t, t.TempDir()+"/f")
	must(t, f.Truncate(3*atOnce))
	var tr trace
	if err := (&FS{Before: tr.before}).Shred(&expiring{t.Context(), 2}, f, 9); !errors.Is(err, context.Canceled) || tr.calls() != "write" {
		t.Errorf("%v after %s", err, tr.calls())
	}
}

// expiring is a context that ends after it was asked so often.
type expiring struct {
	context.Context
	left int
}

func (e *expiring) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}
