// Package compress packs archives, and tells whether a packed archive holds
// what a plain one holds.
package compress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// ErrChanged means that the source was written while it was packed.
var ErrChanged = errors.New("changed while it was read")

// Codec packs files.
type Codec struct {
	Method  string              // "gzip", "zstd" or "command"
	Level   int                 // of "gzip" (1 to 9) and "zstd" (1 to 22), as their programs count; 0: 6 and 3
	As      *syscall.Credential // whom Command runs as; nil: the caller
	Command []string            // of "command": a program and its arguments, which packs its standard input to its standard output

	// Said, if not nil, gets what a command that succeeded wrote to standard error.
	Said func(text string)
}

// Run packs src, from its beginning to where it ended when Run was called,
// into dst, from where dst stands. It uses up to jobs processors, and less
// than 64 MiB of memory for each file at work.
//
// When it returns nil, src has not changed since, and dst holds all of it but
// is neither synced nor closed. On an error what dst holds is worth nothing;
// the error is ErrChanged, or ctx's, or says what went wrong without a path.
//
// The name of src is what gzip's header gets the last element of, if it is
// ASCII, and what a command finds in LOGROTATE_COMPRESSED_FILENAME.
func (c Codec) Run(ctx context.Context, dst, src *os.File, name string, jobs int) error {
	before, err := src.Stat()
	if err != nil {
		return cause(err)
	}
	in := &source{ctx: ctx, file: src, SectionReader: io.NewSectionReader(src, 0, before.Size())}
	switch c.Method {
	case "gzip":
		err = packGzip(dst, in, gzipHeader(name, before), c.Level, jobs)
	case "zstd":
		err = packZstd(dst, in, c.Level, jobs)
	case "command":
		err = packCommand(dst, in, c, name)
	default:
		err = fmt.Errorf("unknown method %q", c.Method)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	after, statErr := src.Stat()
	switch {
	case statErr != nil:
		return cause(statErr)
	case after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()):
		return ErrChanged // whatever else went wrong may come of it
	}
	return cause(err)
}

// source reads a file up to a fixed size, until ctx is done.
type source struct {
	*io.SectionReader
	ctx  context.Context
	file *os.File
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.SectionReader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read: %w", cause(err))
	}
	return n, err
}

// large is the size from which a file is worth more than one processor.
const large = 8 << 20

// buffers are for copying to encoders.
var buffers = sync.Pool{New: func() any { return new([128 << 10]byte) }}

// pack copies in to w and closes w.
func pack(w io.WriteCloser, in *source) error {
	buf := buffers.Get().(*[128 << 10]byte)
	defer buffers.Put(buf)
	if _, err := io.CopyBuffer(w, in, buf[:]); err != nil {
		return err
	}
	return w.Close()
}

// cause returns what went wrong, without the path: dst may have none, and the
// caller names src.
func cause(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}
