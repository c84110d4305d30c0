package signaler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxLinks = 16  // symbolic links in one path
	maxDepth = 128 // directories held open at a time
)

// pinned is a regular file that was reached one component at a time, each held
// open while its owner and mode were judged. Whatever happens to the names on
// the way, this inode is the one that was judged.
type pinned struct {
	fd int // O_PATH
	by controller
}

func (p *pinned) close() { _ = unix.Close(p.fd) } // an O_PATH descriptor has nothing to lose

// controller is the one user other than root who can decide what a path leads
// to. The zero value means root alone.
type controller struct {
	uid   int
	place string // where on the path
}

// walker is a walk in progress.
type walker struct {
	pidfile string
	chain   []place  // from "/" to the directory reached
	rest    []string // components still to go
	links   int
	by      controller
}

type place struct {
	fd   int
	path string
}

// walk opens path, following symbolic links by hand. It refuses a path that
// anybody or more than one user besides root controls, and whatever is not a
// regular file with a single name.
//
// Since every directory is held open, ".." (as in Fedora's /var/run → ../run)
// steps back to the directory that the walk came through, which was judged.
func walk(path string) (*pinned, error) {
	w := walker{pidfile: path, rest: strings.Split(path, "/")}
	defer w.close()
	if !filepath.IsAbs(path) {
		return nil, w.fail(Unsafe, nil, "is not an absolute path", "")
	}
	if err := w.toRoot(); err != nil {
		return nil, err
	}
	for len(w.rest) > 0 {
		name := w.rest[0]
		w.rest = w.rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			w.up()
			continue
		}
		file, err := w.step(name)
		if file != nil || err != nil {
			return file, err
		}
	}
	return nil, w.fail(Unsafe, nil, "is a directory", "")
}

// toRoot begins at "/", or begins there again for an absolute link.
func (w *walker) toRoot() error {
	w.close()
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return w.broken("/", err)
	}
	w.chain = append(w.chain, place{fd, "/"})
	_, err = w.judge(fd, "/")
	return err
}

func (w *walker) up() {
	if last := len(w.chain) - 1; last > 0 {
		_ = unix.Close(w.chain[last].fd) // O_PATH: nothing to lose
		w.chain = w.chain[:last]
	}
}

func (w *walker) close() {
	for _, p := range w.chain {
		_ = unix.Close(p.fd) // O_PATH: nothing to lose
	}
	w.chain = nil
}

// step opens name in the directory reached. It enters a directory, follows a
// link, and returns a file that ends the path.
func (w *walker) step(name string) (*pinned, error) {
	dir := w.chain[len(w.chain)-1]
	path := filepath.Join(dir.path, name)
	fd, err := unix.Openat(dir.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, w.broken(path, err)
	}
	keep := false
	defer func() {
		if !keep {
			_ = unix.Close(fd) // O_PATH: nothing to lose
		}
	}()
	st, err := w.judge(fd, path)
	if err != nil {
		return nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return nil, w.follow(fd, path)
	case unix.S_IFDIR:
		if len(w.chain) == maxDepth {
			return nil, w.broken(path, unix.ENAMETOOLONG)
		}
		w.chain = append(w.chain, place{fd, path})
		keep = true
		return nil, nil
	}
	switch {
	case len(w.rest) > 0:
		return nil, w.broken(path, unix.ENOTDIR)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, w.fail(Unsafe, nil, "is not a regular file", "")
	case st.Nlink == 0:
		return nil, w.missing(unix.ENOENT) // removed since it was opened
	case st.Nlink > 1:
		return nil, w.fail(Unsafe, nil, "has other names (hard links)", "find them with find -samefile, and keep one")
	}
	keep = true
	return &pinned{fd, w.by}, nil
}

// follow puts the components of the link fd in front of those still to go.
// Links of /proc lead elsewhere than they say: /proc/PID/root says "/".
func (w *walker) follow(fd int, path string) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return w.broken(path, err)
	}
	if fs.Type == unix.PROC_SUPER_MAGIC {
		return w.fail(Unsafe, nil, fmt.Sprintf("goes through %q, a link of /proc", path),
			"the pids of a container mean other processes outside: run rotate inside, or have a command signal the container")
	}
	w.links++
	if w.links > maxLinks {
		return w.broken(path, unix.ELOOP)
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return w.broken(path, err)
	}
	if n == 0 || n == len(buf) {
		return w.broken(path, unix.ENAMETOOLONG)
	}
	target := string(buf[:n])
	w.rest = append(strings.Split(target, "/"), w.rest...)
	if filepath.IsAbs(target) {
		return w.toRoot()
	}
	return nil
}

// judge refuses an inode that anybody can write, and notes its owner.
func (w *walker) judge(fd int, path string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return st, w.broken(path, err)
	}
	if who, remedy := strangers(fd, &st); who != "" {
		return st, w.fail(Unsafe, nil, fmt.Sprintf("can be changed by %s through %q", who, path), fmt.Sprintf("%s %q", remedy, path))
	}
	uid := int(st.Uid)
	switch {
	case uid == 0 || uid == w.by.uid:
	case w.by.uid == 0:
		w.by = controller{uid, path}
	default:
		return st, w.fail(Unsafe, nil,
			fmt.Sprintf("is controlled by two users: %s through %q, %s through %q", userName(w.by.uid), w.by.place, userName(uid), path),
			"give it and its directories to root or to one user")
	}
	return st, nil
}

// strangers names those who can write an inode though they do not own it, and
// the command that ends it. In a sticky directory nobody can replace what is
// another's, and the mode of a symbolic link means nothing. The group bits
// include what an ACL grants; root's own group is trusted, an ACL is not.
func strangers(fd int, st *unix.Stat_t) (who, remedy string) {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return "", ""
	case unix.S_IFDIR:
		if st.Mode&unix.S_ISVTX != 0 {
			return "", ""
		}
	}
	switch {
	case st.Mode&unix.S_IWOTH != 0:
		return "anybody", "chmod o-w"
	case st.Mode&unix.S_IWGRP == 0:
		return "", ""
	case st.Gid != 0:
		return "group " + groupName(int(st.Gid)), "chmod g-w"
	case hasACL(fd):
		return "those in its access control list", "setfacl -b"
	}
	return "", ""
}

// hasACL reports whether an inode has a POSIX access list. When the system
// does not say, it may have one.
func hasACL(fd int) bool {
	// An O_PATH descriptor has no extended attributes of its own; its name in /proc does.
	_, err := unix.Getxattr(selfFD(fd), "system.posix_acl_access", nil)
	return !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.EOPNOTSUPP)
}

// selfFD is a name for the inode behind fd, whatever becomes of its path.
func selfFD(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

func (w *walker) fail(kind Kind, err error, text, hint string) error {
	return &Error{Pidfile: w.pidfile, Kind: kind, Text: text, Hint: hint, Err: err}
}

// broken reports a path that cannot be walked.
func (w *walker) broken(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return w.missing(err)
	}
	return w.fail(Failed, err, fmt.Sprintf("open %q: %v", path, err), "")
}

func (w *walker) missing(err error) error {
	return w.fail(NoPidfile, err, "does not exist", "the service is not running, or writes its pid elsewhere")
}
