package signaler

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// mappings finds what a process could write to when it mapped it, by
// /proc/PID/maps and map_files. A mapping keeps the description that it was
// made from open, whatever its own protection: what counts is how that was opened.
func (s *scan) mappings(dir procDir) (map[FileID]Holder, error) {
	fd, err := unix.Openat(int(dir), "maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "maps")
	defer f.Close() // read only: nothing to lose
	inodes := map[uint64]bool{}
	for id := range s.wanted {
		inodes[id.Ino] = true
	}
	var some map[FileID]Holder
	for lines := bufio.NewReaderSize(f, 64<<10); ; {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return some, nil
		}
		if err != nil {
			return some, err // a line is shorter than the buffer: the path in it is at most 4096 bytes
		}
		m, ok := parseMapping(line)
		if !ok || !inodes[m.ino] {
			continue
		}
		id, writable, err := m.file(dir)
		if err != nil && !ended(err) {
			return some, err
		}
		if writable && s.wanted[id] {
			if some == nil {
				some = map[FileID]Holder{}
			}
			some[id] = Holder{FD: -1, Mapped: true}
		}
	}
}

// mapping is a line of /proc/PID/maps.
type mapping struct {
	addresses string // as map_files spells them
	dev, ino  uint64
}

// parseMapping reads "7f00-7f01 rw-s 00000000 08:02 1234 /path".
func parseMapping(line []byte) (m mapping, ok bool) {
	field := bytes.Fields(line)
	if len(field) < 5 {
		return m, false
	}
	major, minor, _ := bytes.Cut(field[3], []byte(":"))
	var err [3]error
	var dev [2]uint64
	dev[0], err[0] = strconv.ParseUint(string(major), 16, 32)
	dev[1], err[1] = strconv.ParseUint(string(minor), 16, 32)
	m.ino, err[2] = strconv.ParseUint(string(field[4]), 10, 64)
	m.dev = unix.Mkdev(uint32(dev[0]), uint32(dev[1]))
	m.addresses = string(field[0])
	return m, err == [3]error{}
}

// file is what is mapped, and whether it was opened for writing.
func (m mapping) file(dir procDir) (FileID, bool, error) {
	// The kernel gives the link the mode of the open file.
	var link unix.Stat_t
	name := "map_files/" + m.addresses
	if err := unix.Fstatat(int(dir), name, &link, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return FileID{}, false, err
	}
	writable := link.Mode&unix.S_IWUSR != 0
	id, err := identify(int(dir), name)
	if errors.Is(err, unix.EPERM) {
		// Only root may follow it. The device of maps is that of stat(2)
		// except where a file system has several, as btrfs has.
		return FileID{m.dev, m.ino}, writable, nil
	}
	return id, writable, err
}
