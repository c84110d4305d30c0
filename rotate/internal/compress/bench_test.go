package compress

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func BenchmarkLarge(b *testing.B) {
	src := file(b, bytes.Repeat(accessLog(32<<20), 8))
	for _, tt := range []struct {
		name  string
		codec Codec
		jobs  int
	}{
		{"gzip-1", Codec{Method: "gzip"}, 1},
		{"gzip-2", Codec{Method: "gzip"}, 2},
		{"zstd-1", Codec{Method: "zstd"}, 1},
		{"zstd-2", Codec{Method: "zstd"}, 2},
		{"command-gzip", Codec{Method: "command", Command: []string{"gzip", "-6"}}, 1},
		{"command-pigz", Codec{Method: "command", Command: []string{"pigz", "-6"}}, 1},
		{"command-zstd", Codec{Method: "command", Command: []string{"zstd", "-3"}}, 1},
	} {
		b.Run(tt.name, func(b *testing.B) { run(b, tt.codec, src, tt.jobs) })
	}
}

func run(b *testing.B, c Codec, src *os.File, jobs int) {
	info, err := src.Stat()
	if err != nil {
		b.Fatal(err)
	}
	dst := open(b, filepath.Join(b.TempDir(), "packed"))
	b.SetBytes(info.Size())
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if err := dst.Truncate(0); err != nil {
			b.Fatal(err)
		}
		if _, err := dst.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if err := c.Run(b.Context(), dst, src, "app.log.1", jobs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	packed, err := dst.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(packed.Size()), "ratio")
}

// cpu returns the processor time of this process and of its children, which on
// a busy machine says more than the clock.
func cpu(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// BenchmarkSmall packs one of very many small files.
func BenchmarkSmall(b *testing.B) {
	src := file(b, accessLog(1<<10))
	for _, method := range []string{"gzip", "zstd"} {
		b.Run(method, func(b *testing.B) { run(b, Codec{Method: method}, src, 1) })
	}
}

// BenchmarkLevel is why gzipLevel is what it is.
func BenchmarkLevel(b *testing.B) {
	data := bytes.Repeat(accessLog(32<<20), 8)
	for level := 4; level <= 7; level++ {
		b.Run(fmt.Sprint(level), func(b *testing.B) {
			var out bytes.Buffer
			b.SetBytes(int64(len(data)))
			before := cpu(b)
			for b.Loop() {
				out.Reset()
				w, err := gzip.NewWriterLevel(&out, level)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := w.Write(data); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(len(data))/float64(out.Len()), "ratio")
		})
	}
}

func BenchmarkSame(b *testing.B) {
	data := accessLog(32 << 20)
	for _, method := range []string{"gzip", "zstd"} {
		b.Run(method, func(b *testing.B) {
			plain := file(b, data)
			packed := open(b, filepath.Join(b.TempDir(), "packed"))
			if err := (Codec{Method: method}).Run(b.Context(), packed, plain, "app.log.1", 2); err != nil {
				b.Fatal(err)
			}
			ext := map[string]string{"gzip": ".gz", "zstd": ".zst"}[method]
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if v, err := Same(b.Context(), plain, packed, ext); v != Equal || err != nil {
					b.Fatal(v, err)
				}
			}
		})
	}
}
