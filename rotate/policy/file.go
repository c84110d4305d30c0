package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSize bounds a configuration file, in bytes.
const maxSize = 16 << 20

// openConfig opens a configuration file or a folder of them. When root reads,
// what others could have written is refused: the file and the folder that holds
// it must be root's, and no one else may write to them, but for a folder with
// the sticky bit. What is above that folder is not looked at.
func openConfig(path string, euid int) (*os.File, fs.FileInfo, *Error) {
	if path == "" {
		return nil, nil, systemError(path, unix.ENOENT)
	}
	dir, _, err := openTrusted(unix.AT_FDCWD, filepath.Dir(path), filepath.Dir(path), euid)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close() // read-only: nothing to lose
	return openTrusted(int(dir.Fd()), filepath.Base(path), path, euid)
}

// openTrusted opens a name in a folder, without waiting for the other end of a
// FIFO.
func openTrusted(dir int, name, path string, euid int) (*os.File, fs.FileInfo, *Error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, name, flags, 0)
	for err == unix.EINTR {
		fd, err = unix.Openat(dir, name, flags, 0)
	}
	if err != nil {
		return nil, nil, systemError(path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := f.Stat()
	if err != nil {
		f.Close() // read-only: nothing to lose
		return nil, nil, systemError(path, err)
	}
	if bad := checkFile(path, info, euid); bad != nil {
		f.Close() // read-only: nothing to lose
		return nil, nil, bad
	}
	return f, info, nil
}

func checkFile(path string, info fs.FileInfo, euid int) *Error {
	if !info.Mode().IsRegular() && !info.IsDir() {
		return fileError(path, "", "not a regular file")
	}
	if euid != 0 {
		return nil
	}
	owner, writable := fmt.Sprintf("run: chown root %q", path), fmt.Sprintf("run: chmod go-w %q", path)
	if info.IsDir() { // it may be others' for good reasons
		owner = "keep configuration in a folder that root owns, such as /etc/rotate.d"
		writable += ", or keep configuration elsewhere"
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
		return fileError(path, owner, "refused, because uid %d owns it, not root", uid)
	}
	if sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0; info.Mode().Perm()&0o022 != 0 && !sticky {
		return fileError(path, writable, "refused, because others than root may write to it (mode %04o)", info.Mode().Perm())
	}
	return nil
}

// readConfig reads a file that openConfig opened.
func readConfig(f *os.File) (string, *Error) {
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return "", systemError(f.Name(), err)
	}
	if len(data) > maxSize {
		return "", tooLarge(f.Name())
	}
	return string(data), nil
}

func tooLarge(path string) *Error {
	err := fileError(path, "", "larger than %s", FormatSize(maxSize))
	err.said = []string{"error: file " + path + " too large, probably not a config file."}
	return err
}

// fileError is about a file as a whole.
func fileError(path, hint, format string, args ...any) *Error {
	err := fault(hint, format, args...)
	err.Pos.File = path
	return err
}

// systemError says what the system said, without the path, which is the
// error's position.
func systemError(path string, err error) *Error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	verb := "failed to open config file" // logrotate asks for a file before it opens it
	if slices.ContainsFunc([]error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.ENAMETOOLONG}, func(e error) bool { return errors.Is(err, e) }) {
		verb = "cannot stat"
	}
	text := err.Error()
	return &Error{
		Pos: Position{File: path}, Text: text, cause: err,
		said: []string{"error: " + verb + " " + path + ": " + strings.ToUpper(text[:1]) + text[1:]}, // strerror(3)
	}
}
