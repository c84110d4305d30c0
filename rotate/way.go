package rotate

import (
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/signaler"
)

// Way is how a log is emptied that was copied.
type Way uint8

const (
	// NoWay is that of a log that is not emptied, or of which it cannot be told.
	NoWay Way = iota
	// Alone: nobody else has it open, and nobody can open it meanwhile.
	Alone
	// Cut: its head is cut off under its writers.
	Cut
	// Punched: its head becomes a hole, and it keeps its apparent size.
	Punched
	// Chased: it is emptied between two writes. What is written meanwhile may be
	// lost.
	Chased
)

func (w Way) String() string { return [...]string{"", "alone", "cut", "punched", "chased"}[w] }

// Foreseen is how a log would be emptied.
type Foreseen struct {
	Way    Way
	Strays []signaler.Holder // who writes it without O_APPEND, and so cannot have its head cut off
}

// Foresee tells how each of the logs, given by their paths, would be emptied now
// if it were copied, from who has it open and what file system it is on. It
// changes nothing: that nobody has a log open, it learns by keeping everybody
// out for a moment. A run may find that another way is left.
func Foresee(logs []string) []Foreseen {
	all := make([]Foreseen, len(logs))
	ids := make([]signaler.FileID, len(logs))
	for i, log := range logs {
		// Of a log that cannot be opened nothing is foreseen.
		_ = withFile(log, func(f *os.File, info fsys.Info) error {
			ids[i] = signaler.FileID(info.ID)
			all[i].Way = Chased
			if release, alone, err := signaler.Claim(f); err == nil && alone {
				release()
				all[i].Way = Alone
				return nil
			}
			var st unix.Statfs_t
			if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
				return err
			}
			switch st.Type {
			case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
				all[i].Way = Cut
			case unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
				all[i].Way = Punched
			}
			return nil
		})
	}
	holders, _, _ := signaler.Holders(slices.Clone(ids)) // who cannot be seen is taken for one that appends
	for i := range all {
		for _, h := range holders[ids[i]] {
			if !h.Append {
				all[i].Strays = append(all[i].Strays, h)
			}
		}
		if all[i].Way == Cut && len(all[i].Strays) > 0 {
			all[i].Way = Punched
		}
	}
	return all
}

// withFile calls do with the file at an absolute path, open to read.
func withFile(file string, do func(*os.File, fsys.Info) error) error {
	d, err := (&fsys.FS{}).OpenDir(path.Dir(file))
	if err != nil {
		return err
	}
	defer d.Close() // read only: nothing to lose
	f, info, err := d.Open(path.Base(file))
	if err != nil {
		return err
	}
	defer f.Close() // read only: nothing to lose
	return do(f, info)
}
