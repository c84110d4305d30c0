package fsys

import (
	"context"
	crand "crypto/rand"
	"io"
	"math/rand/v2"
	"os"
)

// Shred overwrites what f holds with random bytes, as often as passes says, and
// makes each pass durable, as shred(1) does, until ctx ends, whose cause is the
// error then. It does so through the descriptor:
// no program could be made to open another file.
//
// It reaches the blocks that the file has now. A file system that writes
// elsewhere than it read (btrfs, ZFS), journals data or keeps snapshots, and a
// disk that levels wear, keep copies that nothing of this kind reaches.
func (s *FS) Shred(ctx context.Context, f *os.File, passes int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for range passes {
		err := s.once(Op{Call: "write", Path: f.Name()}, func() error {
			var seed [32]byte
			crand.Read(seed[:]) // never fails, see crypto/rand
			noise := rand.NewChaCha8(seed)
			to := io.NewOffsetWriter(f, 0)
			for left := info.Size(); left > 0; left -= atOnce {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				if _, err := io.CopyN(to, noise, min(left, atOnce)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.Fsync(f); err != nil {
			return err
		}
	}
	return nil
}
