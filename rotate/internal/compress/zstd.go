package compress

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is half of what the default level would take, and of what each
// encoder costs; archives become 0.1% larger.
const zstdWindow = 4 << 20

// zstdWriters are costly to make, and a run may pack 10,000 small files. Those
// with index 1 search, encode and write at the same time.
var zstdWriters = [2]sync.Pool{
	{New: func() any { return newZstdWriter(1) }},
	{New: func() any { return newZstdWriter(2) }},
}

func newZstdWriter(jobs int) *zstd.Encoder {
	w, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(jobs),
		zstd.WithWindowSize(zstdWindow),
	)
	if err != nil {
		panic("compress: internal error: " + err.Error()) // the options are constants
	}
	return w
}

func packZstd(dst io.Writer, in *source, jobs int) error {
	pool := &zstdWriters[0]
	if in.Size() >= large && jobs > 1 {
		pool = &zstdWriters[1]
	}
	w := pool.Get().(*zstd.Encoder)
	defer pool.Put(w)
	defer w.Reset(nil) // lets go of dst
	w.ResetContentSize(dst, in.Size())
	return pack(w, in)
}
