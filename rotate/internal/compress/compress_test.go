package compress

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// codecs are all ways to pack, for files that are large enough to choose.
var codecs = []struct {
	name  string
	codec Codec
	jobs  int
	ext   string
}{
	{"gzip", Codec{Method: "gzip"}, 1, ".gz"},
	{"parallel gzip", Codec{Method: "gzip"}, 2, ".gz"},
	{"zstd", Codec{Method: "zstd"}, 1, ".zst"},
	{"parallel zstd", Codec{Method: "zstd"}, 2, ".zst"},
	{"command", Codec{Method: "command", Command: []string{"gzip", "-1"}}, 1, ".gz"},
}

func noise(t testing.TB, size int) []byte {
	t.Helper()
	var seed [32]byte
	seed[0] = 7
	b := make([]byte, size)
	if _, err := rand.NewChaCha8(seed).Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// packed packs data and returns the result.
func packed(t testing.TB, c Codec, jobs int, data []byte) []byte {
	t.Helper()
	src, dst := file(t, data), open(t, filepath.Join(t.TempDir(), "packed"))
	if err := c.Run(t.Context(), dst, src, src.Name(), jobs); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dst.Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unpacked(t testing.TB, b []byte, ext string) []byte {
	t.Helper()
	z, err := Decompress(bytes.NewReader(b), ext)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, data := range []struct {
		name string
		data []byte
	}{
		{"empty", nil},
		{"one byte", []byte("x")},
		{"text", accessLog(300_000)},
		{"large text", largeLog()},
		{"noise", noise(t, 1<<20)},
		{"large noise", noise(t, large)},
		{"64 MiB of zeros", make([]byte, 64<<20)},
	} {
		for _, tt := range codecs {
			t.Run(data.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				b := packed(t, tt.codec, tt.jobs, data.data)
				if got := unpacked(t, b, tt.ext); !bytes.Equal(got, data.data) {
					t.Errorf("%d bytes became %d", len(data.data), len(got))
				}
				// What everybody else has must be able to read it too.
				tool := map[string]string{".gz": "gzip", ".zst": "zstd"}[tt.ext]
				for flag, want := range map[string][]byte{"-t": nil, "-dc": data.data} {
					host.Needs(t, tool)
					cmd := exec.Command(tool, "-q", flag)
					cmd.Stdin = bytes.NewReader(b)
					var stderr strings.Builder
					cmd.Stderr = &stderr
					if got, err := cmd.Output(); err != nil || stderr.Len() > 0 || !bytes.Equal(got, want) {
						t.Errorf("%s %s: %d bytes, %v: %s", tool, flag, len(got), err, stderr.String())
					}
				}
			})
		}
	}
}

func TestGzipHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, want string
		mtime, wantTime  int64
	}{
		{"name and time", "/var/log/app.log.1", "app.log.1", 1_700_000_000, 1_700_000_000},
		{"not ASCII", "/var/log/é.log", "", 1, 1},
		{"not UTF-8", "/var/log/\xff.log", "", 1, 1},
		{"newline", "/var/log/a\n.log", "", 1, 1},
		{"before 1970", "a", "a", -1_000_000, 0},
		{"the last second that fits", "a", "a", 1<<32 - 1, 1<<32 - 1},
		{"after 2106", "a", "a", 1 << 32, 0},
	} {
		src, dst := file(t, []byte("x")), open(t, filepath.Join(t.TempDir(), "packed"))
		if err := os.Chtimes(src.Name(), time.Time{}, time.Unix(tt.mtime, 0)); err != nil {
			t.Fatal(err)
		}
		if err := (Codec{Method: "gzip"}).Run(t.Context(), dst, src, tt.path, 1); err != nil {
			t.Fatal(err)
		}
		z := header(t, dst)
		var got int64 // no time is the zero Time to the reader
		if !z.ModTime.IsZero() {
			got = z.ModTime.Unix()
		}
		if z.Name != tt.want || got != tt.wantTime || z.OS != 3 {
			t.Errorf("%s: got name %q, time %d, system %d", tt.name, z.Name, got, z.OS)
		}
	}
}

func header(t *testing.T, f *os.File) stdgzip.Header {
	t.Helper()
	z, err := stdgzip.NewReader(io.NewSectionReader(f, 0, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return z.Header
}

func TestGzipHeaderOfLargeFile(t *testing.T) {
	t.Parallel()
	src, dst := file(t, make([]byte, large)), open(t, filepath.Join(t.TempDir(), "packed"))
	mtime := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(src.Name(), time.Time{}, mtime); err != nil {
		t.Fatal(err)
	}
	if err := (Codec{Method: "gzip"}).Run(t.Context(), dst, src, "/var/log/app.log.1", 2); err != nil {
		t.Fatal(err)
	}
	if h := header(t, dst); h.Name != "app.log.1" || !h.ModTime.Equal(mtime) || h.OS != 3 {
		t.Errorf("got %+v", h)
	}
}

func TestRunReadsFromTheBeginning(t *testing.T) {
	t.Parallel()
	data := []byte("one\ntwo\n")
	for _, tt := range codecs {
		src, dst := file(t, data), open(t, filepath.Join(t.TempDir(), "packed"))
		if _, err := src.Seek(4, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if err := tt.codec.Run(t.Context(), dst, src, "a", tt.jobs); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(dst.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, b, tt.ext); !bytes.Equal(got, data) {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

// during runs c into a pipe, and change once Run has written something. It
// returns what Run wrote, when nobody has the pipe any more, and its error.
func during(t *testing.T, c Codec, src *os.File, jobs int, change func(stop context.CancelFunc)) ([]byte, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // a test's pipe
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	result := make(chan error, 1)
	go func() {
		err := c.Run(ctx, w, src, "a", jobs)
		if closed := w.Close(); err == nil {
			err = closed
		}
		result <- err
	}()
	first := make([]byte, 1)
	if _, err := io.ReadFull(r, first); err != nil {
		t.Fatal(err, <-result)
	}
	change(stop)
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return append(first, rest...), <-result
}

func TestSourceChanges(t *testing.T) {
	t.Parallel()
	data := noise(t, large) // packs into more than a pipe takes
	for _, tt := range codecs {
		for _, change := range []struct {
			name string
			do   func(src *os.File) error
		}{
			{"grows", func(src *os.File) error {
				_, err := src.WriteAt([]byte("more"), int64(len(data)))
				return err
			}},
			{"shrinks", func(src *os.File) error { return src.Truncate(100) }},
			{"is overwritten", func(src *os.File) error {
				_, err := src.WriteAt([]byte("x"), 0)
				return err
			}},
		} {
			t.Run(tt.name+"/"+change.name, func(t *testing.T) {
				t.Parallel()
				src := file(t, data)
				before := time.Unix(1_700_000_000, 0)
				if err := os.Chtimes(src.Name(), time.Time{}, before); err != nil {
					t.Fatal(err)
				}
				b, err := during(t, tt.codec, src, tt.jobs, func(context.CancelFunc) {
					if err := change.do(src); err != nil {
						t.Error(err)
					}
					if change.name == "is overwritten" {
						return // its time alone must tell
					}
					if err := os.Chtimes(src.Name(), time.Time{}, before); err != nil {
						t.Error(err)
					}
				})
				if err != ErrChanged {
					t.Errorf("got %v", err)
				}
				if change.name == "grows" && tt.codec.Method != "command" {
					if got := unpacked(t, b, tt.ext); !bytes.Equal(got, data) {
						t.Errorf("read %d bytes, want the %d at the start", len(got), len(data))
					}
				}
			})
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, tt := range codecs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := during(t, tt.codec, file(t, noise(t, large)), tt.jobs, func(stop context.CancelFunc) { stop() })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, tt := range codecs {
		for name, data := range map[string][]byte{"small": []byte("x"), "large": noise(t, large)} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer full.Close() // holds nothing
				err = tt.codec.Run(t.Context(), full, file(t, data), "a", tt.jobs)
				if err == nil || !strings.Contains(strings.ToLower(err.Error()), "no space left on device") {
					t.Errorf("got %v", err)
				}
				if tt.codec.Method != "command" && err != unix.ENOSPC {
					t.Errorf("got %v, want no more than the cause", err)
				}
				// The encoder, pooled, must not remember.
				if got := unpacked(t, packed(t, tt.codec, tt.jobs, data), tt.ext); !bytes.Equal(got, data) {
					t.Error("the next file is broken")
				}
			})
		}
	}
}

// TestFailuresLeaveNothingRunning must not run beside others.
func TestFailuresLeaveNothingRunning(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close() // holds nothing
	for _, tt := range codecs {
		if err := tt.codec.Run(t.Context(), full, file(t, noise(t, large)), "a", tt.jobs); err == nil {
			t.Error("no error")
		}
	}
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"pgzip", "zstd", "Waitid"} {
		if strings.Contains(stacks.String(), left) {
			t.Errorf("left running:\n%s", stacks.String())
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	dst := open(t, filepath.Join(t.TempDir(), "packed"))
	if err := (Codec{Method: "lzma"}).Run(t.Context(), dst, file(t, nil), "a", 1); err == nil || err.Error() != `unknown method "lzma"` {
		t.Errorf("got %v", err)
	}
	unreadable, err := os.OpenFile(file(t, []byte("x")).Name(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unreadable.Close() // a test's file
	for _, method := range []string{"gzip", "zstd"} {
		err := Codec{Method: method}.Run(t.Context(), dst, unreadable, "a", 1)
		if !errors.Is(err, unix.EBADF) || err.Error() != "read: bad file descriptor" {
			t.Errorf("%s: got %v", method, err)
		}
	}
}
