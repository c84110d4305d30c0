package signaler

import (
	"context"
	"encoding/binary"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watcher wakes its user when a watched file changes (inotify(7)). Events are
// hints: they may come late, early or twice. A nil watcher only lets time pass.
type watcher struct {
	f   *os.File
	buf [16 << 10]byte
}

func newWatcher() (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	return &watcher{f: os.NewFile(uintptr(fd), "inotify")}, nil
}

func (w *watcher) close() { _ = w.f.Close() } // watches have nothing to lose

// add watches the inode behind f, which may be closed afterwards.
func (w *watcher) add(f *os.File, mask uint32) (wd int32, err error) {
	err = control(f, func(fd int) error {
		return control(w.f, func(in int) error {
			n, err := unix.InotifyAddWatch(in, selfFD(fd), mask)
			wd = int32(n)
			return err
		})
	})
	return wd, err
}

func (w *watcher) remove(wd int32) {
	// The watch may have gone with its file.
	_ = control(w.f, func(in int) error {
		_, err := unix.InotifyRmWatch(in, uint32(wd))
		return err
	})
}

// wait returns the watches that fired, at the latest at until or when ctx ends.
// all means that events were lost: any watch may have fired.
func (w *watcher) wait(ctx context.Context, until time.Time) (fired []int32, all bool) {
	if w == nil {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		return nil, false
	}
	if w.f.SetReadDeadline(until) != nil {
		return nil, true // cannot happen; probing too often is harmless
	}
	// A ctx that ends from here on moves the deadline; one that ended before is seen now.
	stop := context.AfterFunc(ctx, func() { _ = w.f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	n, err := w.f.Read(w.buf[:])
	if err != nil {
		return nil, false // the deadline
	}
	for rest := w.buf[:n]; len(rest) >= unix.SizeofInotifyEvent; {
		wd := int32(binary.NativeEndian.Uint32(rest))
		mask := binary.NativeEndian.Uint32(rest[4:])
		fired = append(fired, wd)
		all = all || mask&unix.IN_Q_OVERFLOW != 0
		rest = rest[unix.SizeofInotifyEvent+binary.NativeEndian.Uint32(rest[12:]):]
	}
	return fired, all
}

// control calls do with f's descriptor, which stays open meanwhile.
func control(f *os.File, do func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := conn.Control(func(fd uintptr) { result = do(int(fd)) }); err != nil {
		return err
	}
	return result
}
