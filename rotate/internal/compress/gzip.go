package compress

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/pgzip"
)

const (
	gzipLevel = 6 // what gzip itself does without a level
	// gzipBlock is what each processor packs at a time, and gzipJobs how many
	// do so at most: both bound the memory.
	gzipBlock = 1 << 20
	gzipJobs  = 8
)

// gzipWriters are costly to make, and a run may pack 10,000 small files.
// There is a pool for each level.
var gzipWriters [gzip.BestCompression + 1]sync.Pool

func newGzipWriter(level int) *gzipWriter {
	if w, ok := gzipWriters[level].Get().(*gzipWriter); ok {
		return w
	}
	w, _ := gzip.NewWriterLevel(io.Discard, level) // the level is valid
	return &gzipWriter{w, bufio.NewWriterSize(io.Discard, 64<<10)}
}

// gzipWriter collects the encoder's output, which comes in pieces of some
// hundred bytes.
type gzipWriter struct {
	*gzip.Writer
	out *bufio.Writer
}

func (w *gzipWriter) Close() error {
	if err := w.Writer.Close(); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *gzipWriter) reset(dst io.Writer) {
	w.out.Reset(dst)
	w.Reset(w.out)
}

func packGzip(dst io.Writer, in *source, header gzip.Header, level, jobs int) error {
	if level = cmp.Or(level, gzipLevel); level < gzip.BestSpeed || level > gzip.BestCompression {
		return fmt.Errorf("gzip has no level %d", level)
	}
	if in.Size() >= large && jobs > 1 {
		return packGzipParallel(dst, in, header, level, min(jobs, gzipJobs))
	}
	w := newGzipWriter(level)
	defer gzipWriters[level].Put(w)
	defer w.reset(io.Discard) // lets go of dst
	w.reset(dst)
	w.Header = header
	return pack(w, in)
}

func packGzipParallel(dst io.Writer, in *source, header gzip.Header, level, jobs int) error {
	w, err := pgzip.NewWriterLevel(dst, level)
	if err != nil {
		return err
	}
	if err := w.SetConcurrency(gzipBlock, jobs); err != nil {
		return err
	}
	w.Header = pgzip.Header(header)
	if err := pack(w, in); err != nil {
		w.Reset(io.Discard) // ends its goroutines, which Close does not after an error
		return err
	}
	return nil
}

// gzipHeader returns what gunzip -N restores: name and time. Both are left out
// where the format has no room for them: names are Latin-1 to the RFC and any
// bytes to gzip, so only ASCII means the same to all; times are 32 bits.
func gzipHeader(name string, info fs.FileInfo) gzip.Header {
	const unix = 3
	h := gzip.Header{OS: unix, ModTime: time.Unix(0, 0)} // no time is 0, not the zero Time
	if name = path.Base(name); ascii(name) {
		h.Name = name
	}
	if t := info.ModTime(); t.Unix() > 0 && t.Unix() <= math.MaxUint32 {
		h.ModTime = t
	}
	return h
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
