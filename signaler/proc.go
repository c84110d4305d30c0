package signaler

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/sys/unix"
)

// procDir is a /proc/PID that is held open. It goes dead with its process, so
// that everything read through one procDir is about one process.
type procDir int

func openProc(pid int) (procDir, error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return procDir(fd), err
}

func (d procDir) close() { _ = unix.Close(int(d)) } // O_PATH: nothing to lose

// read returns at most limit bytes of a file.
func (d procDir) read(name string, limit int) ([]byte, error) {
	fd, err := unix.Openat(int(d), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd) // read only: nothing to lose
	var data []byte
	for len(data) < limit {
		if len(data) == cap(data) {
			data = append(data, make([]byte, max(1024, len(data)))...)[:len(data)]
		}
		n, err := unix.Read(fd, data[len(data):cap(data)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		data = data[:len(data)+n]
	}
	return data[:min(len(data), limit)], nil
}

// readlink returns the text of a link, or "" when it may not be read.
func (d procDir) readlink(name string) string {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(d), name, buf)
	if err != nil {
		return "" // another user's process: not known
	}
	return string(buf[:n])
}

// list calls each with the names in a directory until it returns false.
func (d procDir) list(name string, each func(name string) bool) error {
	fd, err := unix.Openat(int(d), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) // read only: nothing to lose
	return list(fd, each)
}

// list is os.ReadDir without the cost of entries: a busy server has a million.
func list(fd int, each func(name string) bool) error {
	buf := make([]byte, 16<<10)
	var names []string
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return err
		}
		for rest := buf[:n]; len(rest) > 0; {
			used, _, some := unix.ParseDirent(rest, -1, names[:0])
			rest, names = rest[used:], some
			for _, name := range names {
				if !each(name) {
					return nil
				}
			}
		}
	}
}

// facts is what /proc says about a process: proc_pid_status(5), proc_pid_stat(5).
type facts struct {
	name  string // comm, made printable
	state byte   // R, S, D, T, Z, X, …
	ppid  int
	flags uint64
	start uint64 // clock ticks since boot
	tgid  int
	uids  [4]int // real, effective, saved, file system
	access
	signals
}

// access is what a process may do to files, beside its user.
type access struct {
	gid       int // of the file system
	groups    []int
	effective uint64 // capabilities(7)
}

// signals are masks; signal n is bit n-1.
type signals struct{ caught, ignored, blocked uint64 }

func (m signals) handles(sig syscall.Signal) bool {
	return (m.caught|m.ignored)>>(sig-1)&1 == 1
}

func (m signals) blocks(sig syscall.Signal) bool { return m.blocked>>(sig-1)&1 == 1 }

const pfKthread = 0x00200000 // PF_KTHREAD of linux/sched.h

func (f *facts) zombie() bool { return f.state == 'Z' || f.state == 'X' }

func (f *facts) kernel() bool { return f.flags&pfKthread != 0 }

// wholly reports whether uid is all that the process is and can become again.
func (f *facts) wholly(uid int) bool { return f.uids == [4]int{uid, uid, uid, uid} }

var errProc = errors.New("/proc has an unknown format")

func (d procDir) facts() (facts, error) {
	var f facts
	status, err := d.read("status", 64<<10)
	if err != nil {
		return f, err
	}
	stat, err := d.read("stat", 4<<10)
	if err != nil {
		return f, err
	}
	if !f.parseStatus(status) || !f.parseStat(stat) {
		return f, errProc
	}
	return f, nil
}

// parseStatus takes the fields it needs and reports whether all were there.
func (f *facts) parseStatus(b []byte) bool {
	found := 0
	for line := range bytes.Lines(b) {
		key, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		var err error
		switch key {
		case "Tgid":
			f.tgid, err = strconv.Atoi(value)
		case "Uid":
			_, err = fmt.Sscan(value, &f.uids[0], &f.uids[1], &f.uids[2], &f.uids[3])
		case "SigBlk":
			f.blocked, err = strconv.ParseUint(value, 16, 64)
		case "SigIgn":
			f.ignored, err = strconv.ParseUint(value, 16, 64)
		case "SigCgt":
			f.caught, err = strconv.ParseUint(value, 16, 64)
		case "Gid":
			_, err = fmt.Sscan(value, new(int), new(int), new(int), &f.gid)
		case "Groups":
			f.groups = nil
			for id := range strings.FieldsSeq(value) {
				gid, bad := strconv.Atoi(id)
				f.groups, err = append(f.groups, gid), errors.Join(err, bad)
			}
		case "CapEff":
			f.effective, err = strconv.ParseUint(value, 16, 64)
		default:
			continue
		}
		if err != nil {
			return false
		}
		found++
	}
	return found == 8
}

// parseStat reads "pid (comm) state ppid … flags … starttime …". A process
// chooses its own comm, parentheses and all; what follows the last one is the kernel's.
func (f *facts) parseStat(b []byte) bool {
	first, last := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if first < 0 || last < first {
		return false
	}
	f.name = printable(string(b[first+1 : last]))
	field := strings.Fields(string(b[last+1:])) // from field 3 on
	if len(field) < 20 || len(field[0]) != 1 {
		return false
	}
	var err [3]error
	f.state = field[0][0]
	f.ppid, err[0] = strconv.Atoi(field[1])
	f.flags, err[1] = strconv.ParseUint(field[6], 10, 64)
	f.start, err[2] = strconv.ParseUint(field[19], 10, 64)
	return err == [3]error{}
}

// exe is the path of the program, or "" when it may not be read. A program
// that was replaced by an upgrade goes by the path it was started from.
func (d procDir) exe() string { return strings.TrimSuffix(d.readlink("exe"), " (deleted)") }

// cgroup is the control group in the hierarchy that systemd keeps, or "" when
// it may not be read.
func (d procDir) cgroup() string {
	text, err := d.read("cgroup", 64<<10)
	if err != nil {
		return "" // it has ended
	}
	return cgroupOf(string(text))
}

// heldBack reports whether every thread blocks sig, or waits for it. One that
// does not is enough for the signal to take its default action on the whole
// process.
func (d procDir) heldBack(sig syscall.Signal) bool {
	all, threads := true, 0
	err := d.list("task", func(name string) bool {
		if name == "." || name == ".." {
			return true
		}
		task := "task/" + name
		status, err := d.read(task+"/status", 64<<10)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			return true // the thread has ended
		}
		var f facts
		threads++
		all = err == nil && f.parseStatus(status) && (f.blocks(sig) || d.awaits(task, sig))
		return all
	})
	return err == nil && all && threads > 0
}

// awaits reports whether a thread waits for sig in sigwait(3), as that of BIND
// does: it is shown as one that does not block what it waits for. See
// proc_pid_syscall(5).
func (d procDir) awaits(task string, sig syscall.Signal) bool {
	text, err := d.read(task+"/syscall", 1<<10)
	if err != nil {
		return false
	}
	var number, set uint64
	if _, err := fmt.Sscanf(string(text), "%d 0x%x", &number, &set); err != nil || number != unix.SYS_RT_SIGTIMEDWAIT {
		return false
	}
	fd, err := unix.Openat(int(d), "mem", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd) // read only: nothing to lose
	var mask [8]byte
	n, err := unix.Pread(fd, mask[:], int64(set))
	return err == nil && n == len(mask) && binary.NativeEndian.Uint64(mask[:])>>(sig-1)&1 == 1
}

// printable replaces what could do something to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// userName is the name of a user, or the number of one without a name.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid int) string {
	id := strconv.Itoa(gid)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
