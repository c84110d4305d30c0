package fsys

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Entry is a name in a folder.
type Entry struct {
	Name string
	Ino  uint64 // a hint: on a mount point it is the inode below
	Type uint8  // DT_REG, DT_DIR, …: readdir(3)
}

// Entries lists the folder, "." and ".." left out, sorted by name. A name made
// or removed meanwhile may or may not be among them.
func (d *Dir) Entries() ([]Entry, error) {
	chunks, err := d.dirents()
	if err != nil {
		return nil, &Error{Op{Call: "list", Path: d.path}, err}
	}
	count, size := 0, 0
	for r := range all(chunks) {
		count++
		size += len(r.name())
	}

	entries := make([]Entry, 0, count)
	var names strings.Builder // one string behind all names
	names.Grow(size)
	for r := range all(chunks) {
		start := names.Len()
		names.Write(r.name())
		e := Entry{Name: names.String()[start:], Ino: r.ino(), Type: r.kind()}
		if e.Type == unix.DT_UNKNOWN {
			info, err := d.stat(e.Name)
			if err == unix.ENOENT {
				continue // gone since it was listed
			}
			if err != nil {
				return nil, &Error{Op{Call: "stat", Path: d.join(e.Name)}, err}
			}
			e.Type = uint8(info.Mode & unix.S_IFMT >> 12) // IFTODT of dirent.h
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// dirents reads the folder once, into chunks of whole records.
func (d *Dir) dirents() (chunks [][]byte, err error) {
	// A descriptor of its own: the position is shared by all who use d.fd.
	fd, err := d.fs.openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }() // opened to read

	const atLeast = 1 << 10 // a record takes 280 bytes at most
	var buf []byte
	for size := 8 << 10; ; {
		if len(buf) < atLeast {
			buf = make([]byte, size)
			size = min(2*size, 1<<20)
		}
		var n int
		err := uninterrupted(func() (err error) { n, err = unix.Getdents(fd, buf); return err })
		if n <= 0 || err != nil {
			return chunks, err
		}
		chunks = append(chunks, buf[:n])
		buf = buf[n:]
	}
}

// record is a struct linux_dirent64: getdents64(2).
type record []byte

func (r record) ino() uint64 { return binary.NativeEndian.Uint64(r) }
func (r record) size() int   { return int(binary.NativeEndian.Uint16(r[16:])) }
func (r record) kind() uint8 { return r[18] }

func (r record) name() []byte {
	name, _, _ := bytes.Cut(r[19:], []byte{0})
	return name
}

// all yields the records in chunks, "." and ".." left out.
func all(chunks [][]byte) iter.Seq[record] {
	return func(yield func(record) bool) {
		for _, chunk := range chunks {
			for rest := record(chunk); len(rest) > 0; rest = rest[rest.size():] {
				r := rest[:rest.size()]
				if name := string(r.name()); name == "." || name == ".." {
					continue
				}
				if !yield(r) {
					return
				}
			}
		}
	}
}
