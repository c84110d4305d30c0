package fsys

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxHops is how many symbolic links one path may lead through, as in
// path_resolution(7).
const maxHops = 40

// OpenDir opens the folder at an absolute path without "..".
//
// A symbolic link on the way is followed only if nobody but root and the
// calling user can have made it: the link is theirs, and so is the folder that
// holds it, which others cannot write or which is sticky. Any other link is
// ErrUntrusted.
func (s *FS) OpenDir(path string) (*Dir, error) {
	names := split(path)
	for _, name := range names {
		if name == ".." {
			return nil, &Error{Op{Call: "open", Path: path}, errors.New(`".." in a path`)}
		}
	}
	if !strings.HasPrefix(path, "/") {
		return nil, &Error{Op{Call: "open", Path: path}, errors.New("not an absolute path")}
	}
	path = "/" + strings.Join(names, "/")

	fd, err := s.openStraight(path)
	if err != nil {
		// A link, a kernel before 5.6, a sandbox without openat2, or a path that
		// is not there: walking finds out, and at which name.
		fd, err = s.walk(names)
	}
	if err != nil {
		return nil, err
	}
	return s.newDir(fd, path)
}

// split returns the names in path.
func split(path string) []string {
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			names = append(names, name)
		}
	}
	return names
}

func (s *FS) openStraight(path string) (fd int, err error) {
	err = s.sys(func() error {
		fd, err = unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
			Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC,
			Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
		})
		return err
	})
	return fd, err
}

// walker resolves a path one name at a time.
type walker struct {
	fs   *FS
	fd   int      // where it stands
	at   string   // the path of fd, free of links
	left []string // names still to go
	hops int
}

func (s *FS) walk(names []string) (int, error) {
	w := walker{fs: s, fd: -1, left: names}
	defer func() { w.stand(-1, "") }()
	if err := w.root(); err != nil {
		return -1, err
	}
	for len(w.left) > 0 {
		name := w.left[0]
		w.left = w.left[1:]
		if err := w.step(name); err != nil {
			return -1, err
		}
	}
	fd, err := s.openat(w.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return -1, &Error{Op{Call: "open", Path: w.at}, err}
	}
	return fd, nil
}

func (w *walker) stand(fd int, at string) {
	if w.fd >= 0 {
		_ = unix.Close(w.fd) // an O_PATH descriptor has nothing to flush
	}
	w.fd, w.at = fd, at
}

func (w *walker) root() error {
	fd, err := w.fs.openat(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return &Error{Op{Call: "open", Path: "/"}, err}
	}
	w.stand(fd, "/")
	return nil
}

// step goes to name, which may be the ".." of a link's target.
func (w *walker) step(name string) error {
	there := path.Join(w.at, name)
	fd, err := w.fs.openat(w.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	switch err {
	case nil:
		w.stand(fd, there)
		return nil
	case unix.ENOTDIR, unix.ELOOP:
		return w.follow(name, there)
	default:
		return &Error{Op{Call: "open", Path: there}, err}
	}
}

// follow puts the target of the link name before the names still to go.
func (w *walker) follow(name, there string) error {
	fail := func(err error) error { return &Error{Op{Call: "open", Path: there}, err} }
	fd, err := w.fs.openat(w.fd, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = unix.Close(fd) }() // an O_PATH descriptor has nothing to flush

	link, err := fstat(fd)
	if err != nil {
		return fail(err)
	}
	folder, err := fstat(w.fd)
	if err != nil {
		return fail(err)
	}
	if link.Mode&unix.S_IFMT != unix.S_IFLNK {
		return fail(unix.ENOTDIR)
	}
	target, err := readlink(fd)
	if err != nil {
		return fail(err)
	}
	if err := w.fs.distrust(&link, &folder); err != nil {
		return &Error{Op{Call: "follow", Path: there, To: target}, err}
	}
	if w.hops++; w.hops > maxHops {
		return fail(unix.ELOOP)
	}
	w.left = append(split(target), w.left...)
	if strings.HasPrefix(target, "/") {
		return w.root()
	}
	return nil
}

func readlink(fd int) (target string, err error) {
	buf := make([]byte, unix.PathMax)
	err = uninterrupted(func() error {
		n, err := unix.Readlinkat(fd, "", buf)
		target = string(buf[:max(n, 0)])
		return err
	})
	return target, err
}

// distrust says why somebody else could have put link into folder.
func (s *FS) distrust(link, folder *unix.Stat_t) error {
	const sticky = unix.S_ISVTX // whoever owns the link is the only one to move it
	switch {
	case !s.trusted(link.Uid):
		return fmt.Errorf("%w: it belongs to uid %d", ErrUntrusted, link.Uid)
	case !s.trusted(folder.Uid):
		return fmt.Errorf("%w: its folder belongs to uid %d", ErrUntrusted, folder.Uid)
	case shared(folder) && folder.Mode&sticky == 0:
		return fmt.Errorf("%w: others can write its folder (gid %d, mode %04o)",
			ErrUntrusted, folder.Gid, folder.Mode&0o7777)
	}
	return nil
}

// trusted reports whether uid is root or the calling user, or whom s acts as.
func (s *FS) trusted(uid uint32) bool { return uid == 0 || uid == s.uid() }

// shared reports whether others than its owner and root can write a folder.
// Where it has an ACL, the group's bits are the most that the ACL grants: acl(5).
func shared(folder *unix.Stat_t) bool {
	group := folder.Mode&0o020 != 0 && folder.Gid != 0
	return group || folder.Mode&0o002 != 0
}
