package compress

import (
	"cmp"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is half of what the default level would take, and of what each
// encoder costs; archives become 0.1% larger.
const zstdWindow = 4 << 20

// zstdWriters are costly to make, and a run may pack 10,000 small files. There
// are pools for each of the encoder's levels; in those with index 1 are encoders
// that search, encode and write at the same time.
var zstdWriters [zstd.SpeedBestCompression + 1][2]sync.Pool

func newZstdWriter(level zstd.EncoderLevel, jobs int) *zstd.Encoder {
	if w, ok := zstdWriters[level][jobs-1].Get().(*zstd.Encoder); ok {
		return w
	}
	w, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(level),
		zstd.WithEncoderConcurrency(jobs),
		zstd.WithWindowSize(zstdWindow),
	)
	if err != nil {
		panic("compress: internal error: " + err.Error()) // the options are constants
	}
	return w
}

func packZstd(dst io.Writer, in *source, level, jobs int) error {
	if in.Size() < large {
		jobs = 1
	}
	jobs = min(jobs, 2)
	// The encoder has four levels, each of which stands for some of zstd's.
	speed := zstd.EncoderLevelFromZstd(cmp.Or(level, 3))
	w := newZstdWriter(speed, jobs)
	defer zstdWriters[speed][jobs-1].Put(w)
	defer w.Reset(nil) // lets go of dst
	w.ResetContentSize(dst, in.Size())
	return pack(w, in)
}
