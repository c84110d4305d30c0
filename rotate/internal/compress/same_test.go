package compress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func (v Verdict) String() string { return [...]string{"differs", "prefix", "equal"}[v] }

func same(t testing.TB, plain, packed []byte, ext string) Verdict {
	t.Helper()
	v, err := Same(t.Context(), file(t, plain), file(t, packed), ext)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSame(t *testing.T) {
	t.Parallel()
	a, b := accessLog(200_000), noise(t, 300_000) // several blocks of zstd
	ab, ba := slices.Concat(a, b), slices.Concat(b, a)
	for _, ext := range []string{".gz", ".zst"} {
		codec := Codec{Method: map[string]string{".gz": "gzip", ".zst": "zstd"}[ext]}
		z := func(data []byte) []byte { return packed(t, codec, 1, data) }
		za, zb, zab, z0 := z(a), z(b), z(ab), z(nil)
		wrongSum := bytes.Clone(za)
		wrongSum[len(za)-4] ^= 1
		for _, tt := range []struct {
			name          string
			plain, packed []byte
			want          Verdict
		}{
			{"the same", a, za, Equal},
			{"empty and packed", nil, z0, Equal},
			{"two members", ab, slices.Concat(za, zb), Equal},
			{"an empty member between", ab, slices.Concat(za, z0, zb), Equal},

			{"nothing at all", a, nil, Prefix},
			{"nothing at all, of nothing", nil, nil, Prefix},
			{"zeros, as after a power cut", a, make([]byte, 4096), Prefix},
			{"cut after some bytes", a, za[:3], Prefix},
			{"cut before the last byte", a, za[:len(za)-1], Prefix},
			{"cut in the second member", ab, slices.Concat(za, zb[:len(zb)/2]), Prefix},
			{"zeros after the middle", a, append(bytes.Clone(za[:4]), make([]byte, 4096)...), Prefix},
			{"whole, but of less", ab, za, Prefix},
			{"packed nothing", a, z0, Prefix},
			{"wrong checksum", a, wrongSum, Prefix},
			{"garbage behind", a, slices.Concat(za, []byte("garbage")), Prefix},
			{"zeros behind", a, append(bytes.Clone(za), make([]byte, 512)...), Prefix},

			{"never packed", a, []byte("a line of somebody else's"), Differs},
			{"never packed, and the same", a, a, Differs},
			{"packed by another program", a, []byte("\xfd7zXZ\x00"), Differs},
			{"other text", a, zb, Differs},
			{"other text of the same length", ab, z(ba), Differs},
			{"one byte more", a[:len(a)-1], za, Differs},
			{"of something, against nothing", nil, za, Differs},
			{"a second member more", a, slices.Concat(za, zb), Differs},
			{"a broken second member more", a, slices.Concat(za, zb[:len(zb)-1]), Differs},
			{"other text, cut short", a, z(ba)[:200_000], Differs},
			{"more text, cut short", a, zab[:len(zab)-1], Differs},
		} {
			t.Run(ext+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				if got := same(t, tt.plain, tt.packed, ext); got != tt.want {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		}
	}
}

// What a crash leaves of any packed file is never taken for the whole, and
// never for something else.
func TestSameOfEveryCut(t *testing.T) {
	t.Parallel()
	small, large := accessLog(150_000), largeLog()
	for _, tt := range codecs {
		data, step := small, 100
		if tt.jobs > 1 {
			data, step = large, 100_000
		}
		b := packed(t, tt.codec, tt.jobs, data)
		plain, cut := file(t, data), file(t, b)
		if v, err := Same(t.Context(), plain, cut, tt.ext); v != Equal || err != nil {
			t.Fatalf("%s: got %v, %v", tt.name, v, err)
		}
		for size := (len(b) - 1) / step * step; size >= 0; size -= step {
			if err := cut.Truncate(int64(size)); err != nil {
				t.Fatal(err)
			}
			if v, err := Same(t.Context(), plain, cut, tt.ext); v != Prefix || err != nil {
				t.Errorf("%s cut at %d of %d: got %v, %v", tt.name, size, len(b), v, err)
			}
		}
	}
}

// A flipped bit is never taken for the whole, except in a header that says
// nothing of the contents.
func TestSameOfFlippedBits(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const header = 32
	data := accessLog(100_000)
	for _, tt := range codecs {
		if tt.jobs > 1 {
			continue // only large files differ
		}
		b := packed(t, tt.codec, tt.jobs, data)
		plain, broken := file(t, data), file(t, b)
		for range 100 {
			i := header + random.IntN(len(b)-header)
			if _, err := broken.WriteAt([]byte{b[i] ^ 1<<random.IntN(8)}, int64(i)); err != nil {
				t.Fatal(err)
			}
			if v, err := Same(t.Context(), plain, broken, tt.ext); v == Equal {
				t.Errorf("%s flipped at %d of %d: got %v, %v", tt.name, i, len(b), v, err)
			}
			if _, err := broken.WriteAt(b[i:i+1], int64(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSameOfOtherPrograms(t *testing.T) {
	t.Parallel()
	data := accessLog(300_000)
	for _, tt := range []struct {
		ext     string
		command []string
	}{
		{".gz", []string{"gzip", "-9"}},
		{".gz", []string{"pigz"}},
		{".zst", []string{"zstd", "-1"}},
		{".zst", []string{"zstd", "--ultra", "-22"}},
		{".zst", []string{"zstd", "--no-check"}},
		{".zst", []string{"zstd", "--long=27"}},
	} {
		host.Needs(t, tt.command[0])
		cmd := exec.Command(tt.command[0], append(tt.command[1:], "-c")...)
		cmd.Stdin = bytes.NewReader(data)
		b, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if v := same(t, data, b, tt.ext); v != Equal {
			t.Errorf("%q: got %v", tt.command, v)
		}
	}
}

func TestSameCannotTell(t *testing.T) {
	t.Parallel()
	// A frame with one raw block of the byte x, after its header.
	frame := func(header ...byte) []byte {
		return slices.Concat([]byte{0x28, 0xb5, 0x2f, 0xfd}, header, []byte{9, 0, 0, 'x'})
	}
	if v := same(t, []byte("x"), frame(0x00, 0x00), ".zst"); v != Equal {
		t.Fatalf("a good frame: got %v", v)
	}
	for text, want := range map[string]Verdict{"": Prefix, "x": Equal, "xy": Differs, "y": Differs} {
		if v := same(t, []byte("x"), []byte(text), ""); v != want {
			t.Errorf("plain %q: got %v, want %v", text, v, want)
		}
	}
	for _, tt := range []struct {
		name   string
		packed []byte
		ext    string
	}{
		{"unknown extension", nil, ".xz"},
		{"window of 256 MiB", frame(0x00, 18<<3), ".zst"},
		{"dictionary", frame(0x01, 0x00, 5), ".zst"},
	} {
		if v, err := Same(t.Context(), file(t, []byte("x")), file(t, tt.packed), tt.ext); !errors.Is(err, ErrUnknown) || v != Differs {
			t.Errorf("%s: got %v, %v", tt.name, v, err)
		}
	}

	unreadable, err := os.OpenFile(file(t, []byte("x")).Name(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unreadable.Close() // a test's file
	for _, ext := range []string{".gz", ".zst"} {
		if v, err := Same(t.Context(), file(t, nil), unreadable, ext); !errors.Is(err, unix.EBADF) || v != Differs {
			t.Errorf("%s unreadable: got %v, %v", ext, v, err)
		}
	}
	z := packed(t, Codec{Method: "gzip"}, 1, []byte("x"))
	if v, err := Same(t.Context(), unreadable, file(t, z), ".gz"); !errors.Is(err, unix.EBADF) || v != Differs {
		t.Errorf("plain unreadable: got %v, %v", v, err)
	}
}

// A bomb is not unpacked further than plain goes: this one has no end.
func TestSameStopsAtABomb(t *testing.T) {
	t.Parallel()
	bomb, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer bomb.Close() // a device
	plain, err := section(file(t, make([]byte, 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := compare(plain, bomb, &witness{ctx: t.Context()}); v != Differs || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}

func FuzzSame(f *testing.F) {
	f.Add([]byte("hello"), packed(f, Codec{Method: "gzip"}, 1, []byte("hello")), true)
	f.Add([]byte("hello"), packed(f, Codec{Method: "zstd"}, 1, []byte("hello")), false)
	f.Fuzz(func(t *testing.T, plain, packed []byte, gz bool) {
		ext := map[bool]string{true: ".gz", false: ".zst"}[gz]
		v, err := Same(t.Context(), file(t, plain), file(t, packed), ext)
		if err != nil && !errors.Is(err, ErrUnknown) {
			t.Fatal(err)
		}
		if v == Equal && !bytes.Equal(unpacked(t, packed, ext), plain) {
			t.Error("equal, and is not")
		}
	})
}

func TestSameEndsWithItsContext(t *testing.T) {
	plain := bytes.Repeat([]byte("line\n"), 1<<20)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for method, ext := range map[string]string{"gzip": ".gz", "zstd": ".zst"} {
		packed := open(t, t.TempDir()+"/packed")
		if err := (Codec{Method: method}).Run(t.Context(), packed, file(t, plain), "x", 1); err != nil {
			t.Fatal(err)
		}
		if v, err := Same(ctx, file(t, plain), packed, ext); !errors.Is(err, context.Canceled) || v != Differs {
			t.Errorf("%s: %v, %v", ext, v, err)
		}
	}
}

// TestUnpackEndsWithItsContext has a command that unpacks wait for ever, and a
// daemon of its own session keep its output open.
func TestUnpackEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, err := Unpack(ctx, file(t, []byte("x")), ".x", []string{"sh", "-c", "setsid sleep 100 & echo $!; exec sleep 100"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := r.Close(); err == nil {
		t.Error("it says that it unpacked everything")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Kill(pid, unix.SIGKILL) // the daemon, if setsid had come to it
}
