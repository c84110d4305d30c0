package compress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Verdict is what a packed archive is to a plain one.
type Verdict uint8

const (
	// Differs: it holds something that the plain one does not.
	Differs Verdict = iota
	// Prefix: it is broken, cut short or shorter, and holds nothing that the
	// plain one does not. Nothing is lost with it.
	Prefix
	// Equal: it is whole, and holds exactly what the plain one holds.
	Equal
)

// Same compares packed, whose name has the extension ext, with plain. It reads
// both from their beginning, and needs little memory: no more is unpacked than
// plain has bytes to compare with. What decodes from packed counts even if its
// checksum is wrong, and what does not decode does not.
//
// The error says that a file could not be read, is the cause of the end of ctx,
// or is ErrUnknown: the format is, or packed asks for a dictionary or for more
// memory than zstd grants. Then there is no verdict.
func Same(ctx context.Context, plain, packed *os.File, ext string) (Verdict, error) {
	whole, err := section(plain)
	if err != nil {
		return Differs, err
	}
	raw, err := section(packed)
	if err != nil {
		return Differs, err
	}
	in := &witness{SectionReader: raw, ctx: ctx}
	z, err := Decompress(in, ext)
	switch {
	case errors.Is(err, ErrUnknown):
		return Differs, err
	case in.err != nil:
		return Differs, in.err
	case raw.Size() == 0: // no codec packs nothing into nothing
		return Prefix, nil
	}
	if begun, err := begins(raw, ext); !begun || err != nil {
		return Differs, err
	}
	if err != nil {
		return Prefix, nil
	}
	defer z.Close() // read only: nothing to lose
	return compare(whole, z, in)
}

func compare(plain *io.SectionReader, z io.Reader, in *witness) (Verdict, error) {
	var got, want [64 << 10]byte
	for left := plain.Size(); ; {
		n, zerr := z.Read(got[:])
		if err := context.Cause(in.ctx); err != nil {
			return Differs, err // a little that is packed can be much to compare
		}
		if int64(n) > left {
			return Differs, nil
		}
		if _, err := io.ReadFull(plain, want[:n]); err != nil {
			return Differs, err
		}
		if !bytes.Equal(got[:n], want[:n]) {
			return Differs, nil
		}
		left -= int64(n)
		switch {
		case zerr == nil:
		case in.err != nil:
			return Differs, in.err
		case zerr == io.EOF && left == 0:
			return Equal, nil
		case beyondUs(zerr):
			return Differs, fmt.Errorf("%w: %w", ErrUnknown, zerr)
		default:
			return Prefix, nil
		}
	}
}

// begins reports whether packed begins as its format does, as far as there is
// anything: what does not is a file of somebody else's by that name. Zeros are
// what a power cut leaves of anything.
func begins(packed *io.SectionReader, ext string) (bool, error) {
	var begin [4]byte
	n, err := packed.ReadAt(begin[:], 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	got := bytes.TrimRight(begin[:n], "\x00")
	switch ext {
	case ".gz": // RFC 1952
		return bytes.HasPrefix([]byte("\x1f\x8b"), got[:min(2, len(got))]), nil
	case ".zst": // RFC 8878, 3.1.1 and 3.1.2; a skippable frame has 16 first bytes
		if len(got) > 0 && got[0]&0xf0 == 0x50 {
			return bytes.HasPrefix([]byte("\x2a\x4d\x18"), got[1:]), nil
		}
		return bytes.HasPrefix([]byte("\x28\xb5\x2f\xfd"), got), nil
	case ".bz2":
		return bytes.HasPrefix([]byte("BZh"), got[:min(3, len(got))]), nil
	}
	return true, nil
}

// beyondUs reports whether a decoder failed on what another could decode.
func beyondUs(err error) bool {
	return errors.Is(err, zstd.ErrUnknownDictionary) ||
		errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded)
}

// witness remembers whether it was the file that failed, and not the decoder.
type witness struct {
	*io.SectionReader
	ctx context.Context // fails every read once it has ended
	err error
}

func (w *witness) Read(p []byte) (int, error) {
	if w.err = context.Cause(w.ctx); w.err != nil {
		return 0, w.err
	}
	n, err := w.SectionReader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// section returns what f holds now.
func section(f *os.File) (*io.SectionReader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(f, 0, info.Size()), nil
}
