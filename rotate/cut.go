package rotate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// A log that is written without pause cannot be copied and then emptied: lines
// come between the two. So what was copied is cut from its head, which a writer
// that appends does not notice. The file system cuts whole blocks. What is left
// of the last one, less than a block, becomes an empty line.
//
// The copy is durable before anything is done to the log. Then the rest is
// blanked, the log synced, its head cut, the log synced again. Wherever a run
// ends, the log and its copy tell the next one whether the head is still there:
// isCopy.

// cut cuts what the archive has of the log from the log's head.
func (e *emptying) cut() error {
	joint, err := e.joint()
	if err != nil {
		return err
	}
	block, err := fsys.BlockSize(e.log)
	if err != nil {
		return err
	}
	head := joint - tailOf(joint, block)
	if err := e.fs.Blank(e.log, head, joint); err != nil {
		return err
	}
	if err := e.fs.Fsync(e.log); err != nil {
		return err
	}
	if head > 0 {
		if err := e.behead(head); err != nil {
			return err
		}
		if err := e.fs.Fsync(e.log); err != nil {
			return err
		}
	}
	e.rare().AtRisk, e.rare().Emptied = 0, cmp.Or(e.rare().Emptied, Cut)
	return nil
}

// behead removes the first n bytes of the log. A writer that does not append
// would go on at its old offset and leave a gap of zeros: it gets a hole
// instead, and the log keeps its apparent size.
func (e *emptying) behead(n int64) error {
	if e.appended(e.Log.Stat.ID) {
		if err := e.fs.Collapse(e.log, n); !errors.Is(err, fsys.ErrNoCut) {
			return err
		}
	}
	e.rare().Emptied = Punched
	return e.fs.Punch(e.log, n)
}

// isCopy reports whether a log begins with what archive holds, the last block
// of which may be blanked already.
func isCopy(ctx context.Context, log, archive *os.File) (bool, error) {
	start, err := beginning(log)
	if err != nil {
		return false, err
	}
	size, err := sizeOf(archive)
	if err != nil {
		return false, err
	}
	block, err := fsys.BlockSize(log)
	if err != nil {
		return false, err
	}
	rest := tailOf(size, block)
	if same, err := sameBytes(ctx, log, start, archive, 0, size-rest); err != nil || !same {
		return false, err
	}
	live, kept := make([]byte, rest), make([]byte, rest)
	if ok, err := readAt(log, live, start+size-rest); err != nil || !ok {
		return false, err
	}
	if ok, err := readAt(archive, kept, size-rest); err != nil || !ok {
		return false, err
	}
	// A log of less than a block is done once it is blanked.
	return bytes.Equal(live, kept) || rest < size && blank(live), nil
}

// tailOf returns how much of size bytes a cut leaves: some of the last block,
// or all of it, so that there always is a blank line to know the cut by.
func tailOf(size, block int64) int64 {
	if size == 0 {
		return 0
	}
	return (size-1)%block + 1
}

// beginning returns where a log begins: behind the hole of an earlier cut.
func beginning(log *os.File) (int64, error) {
	hole, _, err := leftBehind(log)
	return hole, err
}

// leftBehind returns how long the hole is that an earlier cut left at the head
// of a log, and the blank line that follows. Any other hole is the log's own.
func leftBehind(log *os.File) (hole, line int64, err error) {
	start, err := fsys.DataStart(log)
	if err != nil {
		return 0, 0, err
	}
	block, err := fsys.BlockSize(log)
	if err != nil {
		return 0, 0, err
	}
	head := make([]byte, block)
	n, err := log.ReadAt(head, start)
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	end := bytes.IndexByte(head[:n], '\n') + 1
	if end == 0 || !blank(head[:end]) {
		return 0, 0, nil
	}
	return start, int64(end), nil
}

func blank(line []byte) bool {
	return len(bytes.Trim(line[:len(line)-1], " ")) == 0 && line[len(line)-1] == '\n'
}

// sameBytes reports whether n bytes of two files, each from its offset, are
// there and the same.
func sameBytes(ctx context.Context, a *os.File, at int64, b *os.File, bt, n int64) (bool, error) {
	var x, y [64 << 10]byte
	for n > 0 {
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		p, q := x[:min(n, int64(len(x)))], y[:min(n, int64(len(y)))]
		if ok, err := readAt(a, p, at); err != nil || !ok {
			return false, err
		}
		if ok, err := readAt(b, q, bt); err != nil || !ok {
			return false, err
		}
		if !bytes.Equal(p, q) {
			return false, nil
		}
		at, bt, n = at+int64(len(p)), bt+int64(len(p)), n-int64(len(p))
	}
	return true, nil
}

// readAt fills buf from an offset of f. It reports false if f ends before.
func readAt(f *os.File, buf []byte, at int64) (bool, error) {
	_, err := f.ReadAt(buf, at)
	if err == io.EOF {
		return false, nil
	}
	return err == nil, err
}

// longestLine is how far lineEnd looks back.
const longestLine = 1 << 20

// lineEnd returns the offset behind the last whole line of f before end, or end
// if there is no line's end to be found.
func lineEnd(f *os.File, start, end int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for at := end; at > max(start, end-longestLine); {
		n := min(int64(len(buf)), at-start)
		if _, err := f.ReadAt(buf[:n], at-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return at - n + int64(i) + 1, nil
		}
		at -= n
	}
	return end, nil
}

// seekLines goes to where the data of a log begin and returns how many bytes
// of whole lines follow, before the offset end.
func seekLines(log *os.File, end int64) (int64, error) {
	start, err := beginning(log)
	if err != nil {
		return 0, err
	}
	if end, err = lineEnd(log, start, end); err != nil {
		return 0, err
	}
	_, err = log.Seek(start, io.SeekStart)
	return end - start, err
}

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// appended reports whether all who are known to write a log append to it. The
// processes are looked at once a run, for all logs that are emptied.
func (x *execution) appended(id plan.ID) bool {
	if x.writers == nil {
		var logs []signaler.FileID
		for _, g := range x.groups {
			for _, j := range g.turning() {
				if j.copies() {
					logs = append(logs, signaler.FileID(j.Log.Stat.ID))
				}
			}
		}
		// Who cannot be seen is taken for one that appends: all loggers do.
		x.writers, _, _ = signaler.Holders(logs)
	}
	for _, h := range x.writers[signaler.FileID(id)] {
		if !h.Append && h.PID != os.Getpid() { // we write to the log that we cut
			return false
		}
	}
	return true
}
