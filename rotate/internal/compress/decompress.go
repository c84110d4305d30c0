package compress

import (
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrUnknown means that we cannot unpack what has this extension.
var ErrUnknown = errors.New("unknown compression")

// zstdGrant is how much memory a zstd frame may ask for: what zstd itself
// grants.
const zstdGrant = 128 << 20

// Ext is the extension by which Decompress knows what a method of a Codec packs,
// whatever the policy calls it; ext where the method does not tell.
func Ext(method, ext string) string {
	switch method {
	case "gzip":
		return ".gz"
	case "zstd":
		return ".zst"
	}
	return ext
}

// Decompress unpacks r, whose format the extension of its name tells: ".gz",
// ".bz2" or ".zst", of any number of members or frames; with no extension it is
// plain.
// Other extensions are ErrUnknown.
// Closing it does not close r.
func Decompress(r io.Reader, ext string) (io.ReadCloser, error) {
	switch ext {
	case "":
		return io.NopCloser(r), nil
	case ".gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return z, nil
	case ".bz2":
		return io.NopCloser(bzip2.NewReader(r)), nil
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdGrant))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return z.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, ext)
}
