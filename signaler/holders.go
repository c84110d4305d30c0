package signaler

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// FileID identifies an inode, as stat(2) gives it.
type FileID struct{ Dev, Ino uint64 }

// Holder is a process that can still write to a file.
type Holder struct {
	PID, PPID int
	Name      string // at most 15 bytes, printable
	Exe       string // "" if it may not be read
	User      string // name of the real user, or the id of one without a name
	FD        int    // the lowest of its descriptors that can write to the file; -1: it has only Mapped it
	Append    bool   // all of those descriptors are O_APPEND
	Writable  bool   // it has such a descriptor
	Worker    bool   // it is a worker of a Node.js cluster
	Unit      string // systemd unit, from its control group; may be ""
	Mapped    bool   // it has mapped the file from a writable descriptor that it closed
}

// Holders names the processes that have files open for writing, by process id,
// after one pass over /proc; files without any are not in found. Only if a file
// has none, a second pass looks for those who have merely mapped it.
//
// This is for messages, and for what lsof is good for. It is not proof: a
// descriptor in flight over a socket or of a thread with a table of its own, a
// loop device and a process in another pid namespace hold a file unseen. For
// proof, [Probe]. complete is false if there were processes that could not be
// looked into. A pass costs about 5 µs for each open file of the system.
func Holders(files []FileID) (found map[FileID][]Holder, complete bool, err error) {
	s := scan{found: map[FileID][]Holder{}, wanted: map[FileID]bool{}, complete: true, users: map[int]string{}}
	for _, id := range files {
		s.wanted[id] = true
	}
	if len(files) == 0 {
		return s.found, true, nil
	}
	pids, err := processes()
	if err != nil {
		return nil, false, fmt.Errorf("list processes: %w", err)
	}
	if !slices.Contains(pids, 1) {
		s.complete = false // hidepid: there always is an init process
	}
	for _, pid := range pids {
		s.visit(pid, s.descriptors)
	}
	for id := range s.found {
		delete(s.wanted, id)
	}
	if len(s.wanted) > 0 {
		for _, pid := range pids {
			s.visit(pid, s.mappings)
		}
	}
	for _, holders := range s.found {
		slices.SortFunc(holders, func(a, b Holder) int { return cmp.Compare(a.PID, b.PID) })
	}
	return s.found, s.complete, nil
}

func processes() ([]int, error) {
	fd, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd) // read only: nothing to lose
	var pids []int
	err = list(fd, func(name string) bool {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
		return true
	})
	return pids, err
}

// scan is one call of Holders.
type scan struct {
	wanted   map[FileID]bool
	found    map[FileID][]Holder
	complete bool
	users    map[int]string // names by id: /etc/passwd is read once for each
}

// visit shows one process to look, and notes if that was not possible.
func (s *scan) visit(pid int, look func(procDir) (map[FileID]Holder, error)) {
	dir, err := openProc(pid)
	if err == nil {
		defer dir.close()
		var some map[FileID]Holder
		some, err = look(dir)
		for id, h := range some {
			if !s.describe(dir, pid, &h) {
				break // it has ended, and holds nothing
			}
			s.found[id] = append(s.found[id], h)
		}
	}
	if err != nil && !ended(err) {
		s.complete = false
	}
}

func ended(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

// descriptors finds what a process can write to through /proc/PID/fd.
func (s *scan) descriptors(dir procDir) (map[FileID]Holder, error) {
	fds, err := unix.Openat(int(dir), "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fds) // read only: nothing to lose
	var some map[FileID]Holder
	err = list(fds, func(name string) bool {
		id, err := identify(fds, name)
		if err != nil || !s.wanted[id] {
			return true // closed meanwhile, or of no interest
		}
		flags, ok := openFlags(dir, name)
		if !ok || flags&unix.O_ACCMODE == unix.O_RDONLY {
			return true // O_PATH, too, has no other mode
		}
		fd, err := strconv.Atoi(name)
		if err != nil {
			return true // "." and ".." are not files anybody asked for
		}
		appends := flags&unix.O_APPEND != 0
		if some == nil {
			some = map[FileID]Holder{}
		}
		if h, ok := some[id]; ok {
			fd, appends = min(h.FD, fd), h.Append && appends
		}
		some[id] = Holder{FD: fd, Append: appends, Writable: true}
		return true
	})
	return some, err
}

// identify is stat(2) without asking a server that may hang for fresh values.
func identify(dirfd int, name string) (FileID, error) {
	var st unix.Statx_t
	if err := unix.Statx(dirfd, name, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_INO, &st); err != nil {
		return FileID{}, err
	}
	return FileID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}, nil
}

// openFlags are the flags of open(2) that a descriptor has now.
func openFlags(dir procDir, fd string) (flags int, ok bool) {
	info, err := dir.read("fdinfo/"+fd, 4<<10)
	if err != nil {
		return 0, false // closed meanwhile
	}
	for line := range bytes.Lines(info) {
		if octal, found := bytes.CutPrefix(line, []byte("flags:")); found {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(octal)), 8, 64)
			return int(n), err == nil
		}
	}
	return 0, false
}

// describe fills in who the process is.
func (s *scan) describe(dir procDir, pid int, h *Holder) bool {
	f, err := dir.facts()
	if err != nil {
		return false
	}
	name, ok := s.users[f.uids[0]]
	if !ok {
		name = userName(f.uids[0])
		s.users[f.uids[0]] = name
	}
	h.PID, h.PPID, h.Name, h.User, h.Exe = pid, f.ppid, f.name, name, dir.exe()
	h.Unit = unit(dir.cgroup())
	// Node gives each worker of a cluster its number in the environment.
	if environ, err := dir.read("environ", 1<<20); err == nil {
		h.Worker = bytes.HasPrefix(environ, []byte("NODE_UNIQUE_ID=")) || bytes.Contains(environ, []byte("\x00NODE_UNIQUE_ID="))
	}
	return true
}
