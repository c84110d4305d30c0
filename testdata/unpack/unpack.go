// Package unpack reads what a test finds rotated. Only tests import it: the
// program reads archives with code of its own.
package unpack

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Open opens a log or an archive. What it reads is unpacked if the name ends in
// .gz or .zst.
func Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &reader{Reader: f, file: f}
	switch filepath.Ext(path) {
	case ".gz":
		r.Reader, err = gzip.NewReader(f)
	case ".zst":
		r.zstd, err = zstd.NewReader(f)
		r.Reader = r.zstd
	}
	if err != nil {
		f.Close() // read only: nothing to lose
		return nil, err
	}
	return r, nil
}

type reader struct {
	io.Reader
	zstd *zstd.Decoder // nil: it is no such archive
	file *os.File
}

func (r *reader) Close() error {
	if r.zstd != nil {
		r.zstd.Close()
	}
	return r.file.Close()
}

// Read returns all that a log or an archive holds, and of one that is cut short
// or broken what there is, with the error.
func Read(path string) (string, error) {
	r, err := Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close() // read only: nothing to lose
	text, err := io.ReadAll(r)
	return string(text), err
}
