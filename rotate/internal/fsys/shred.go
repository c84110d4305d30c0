package fsys

import (
	crand "crypto/rand"
	"io"
	"math/rand/v2"
	"os"
)

// Shred overwrites what f holds with random bytes, as often as passes says, and
// makes each pass durable, as shred(1) does. It does so through the descriptor:
// no program could be made to open another file.
//
// It reaches the blocks that the file has now. A file system that writes
// elsewhere than it read (btrfs, ZFS), journals data or keeps snapshots, and a
// disk that levels wear, keep copies that nothing of this kind reaches.
func (s *FS) Shred(f *os.File, passes int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for range passes {
		err := s.once(Op{Call: "write", Path: f.Name()}, func() error {
			var seed [32]byte
			crand.Read(seed[:]) // never fails, see crypto/rand
			_, err := io.Copy(io.NewOffsetWriter(f, 0), io.LimitReader(rand.NewChaCha8(seed), info.Size()))
			return err
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
