package fsys

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Truncate cuts f to size bytes.
func (s *FS) Truncate(f *os.File, size int64) error {
	return s.once(Op{Call: "truncate", Path: f.Name()}, func() error { return f.Truncate(size) })
}

// Fsync makes what was written to f durable. After an error it is not, and
// another Fsync does not change that: fsync(2).
func (s *FS) Fsync(f *os.File) error {
	return s.once(Op{Call: "fsync", Path: f.Name()}, f.Sync)
}

// CopyData copies what src holds from its position on, at most limit bytes, to
// the position of dst, which must end there. Holes stay holes, and what is
// added to src meanwhile is left for the next call. It returns how far both
// positions moved: less than limit where src ends, or where ctx does, whose
// cause is the error then.
func (s *FS) CopyData(ctx context.Context, dst, src *os.File, limit int64) (n int64, err error) {
	err = s.once(Op{Call: "write", Path: dst.Name()}, func() error {
		n, err = copyData(ctx, dst, src, limit)
		return err
	})
	return n, err
}

// atOnce is how much is copied, or overwritten, before the end of the context is
// looked for: a slow disk writes it in a fraction of a second.
const atOnce = 8 << 20

func copyData(ctx context.Context, dst, src *os.File, limit int64) (n int64, err error) {
	from, err := src.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	to, err := dst.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	info, err := src.Stat()
	if err != nil {
		return 0, err
	}
	limit = min(limit, info.Size()-from)
	for n < limit {
		if err := context.Cause(ctx); err != nil {
			return n, err
		}
		data, hole := extent(src, from+n, from+limit)
		n = data - from
		if _, err := src.Seek(data, io.SeekStart); err != nil {
			return n, err
		}
		if _, err := dst.Seek(to+n, io.SeekStart); err != nil {
			return n, err
		}
		if data == hole {
			return n, dst.Truncate(to + n) // it ends in a hole
		}
		copied, err := io.CopyN(dst, src, min(hole-data, atOnce))
		n += copied
		if err == io.EOF {
			break // it was cut meanwhile
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// extent returns where the first data of f in [start, end) lie: nowhere, at
// end, if there is but a hole. A file system that does not tell holes from data
// has data only.
func extent(f *os.File, start, end int64) (data, hole int64) {
	data, err := f.Seek(start, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return end, end
	}
	if err != nil || data < start {
		return start, end
	}
	hole, err = f.Seek(data, unix.SEEK_HOLE)
	if err != nil || hole <= data {
		hole = end
	}
	return min(data, end), min(hole, end)
}
