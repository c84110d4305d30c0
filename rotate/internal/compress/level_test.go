package compress

import (
	"bytes"
	"os"
	"testing"
)

// TestLevels packs at every level, so that it unpacks, and the best is smaller
// than the fastest.
func TestLevels(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("a line of a log, and another word\nwith one that is not the same\n"), 4000)
	for i := range text {
		if i%97 == 0 {
			text[i] = byte('a' + i*i%26)
		}
	}
	for _, c := range []struct {
		method, ext string
		last        int
	}{{"gzip", ".gz", 9}, {"zstd", ".zst", 22}} {
		var sizes []int64
		for level := 0; level <= c.last; level++ {
			src, dst := file(t, text), file(t, nil)
			if err := (Codec{Method: c.method, Level: level}).Run(t.Context(), dst, src, "a", 1); err != nil {
				t.Fatal(err)
			}
			if v, err := Same(t.Context(), src, dst, c.ext); err != nil || v != Equal {
				t.Errorf("%s -%d: %v, %v", c.method, level, v, err)
			}
			sizes = append(sizes, sizeOf(t, dst))
		}
		if sizes[c.last] >= sizes[1] {
			t.Errorf("%s: sizes %v", c.method, sizes)
		}
	}
	if err := (Codec{Method: "gzip", Level: 10}).Run(t.Context(), file(t, nil), file(t, text), "a", 1); err == nil {
		t.Error("gzip has a level 10")
	}
}

func sizeOf(t *testing.T, f *os.File) int64 {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
