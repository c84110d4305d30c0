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
// copiedTo.

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

// copiedTo returns how much of archive is a copy of how the log begins, and
// whether all of it is. The last block of that may be blanked in the log already.
// What was added to an archive under a power cut may be zeros, in all of it or in
// some: then it is a copy up to there.
func copiedTo(ctx context.Context, log, archive *os.File) (n int64, whole bool, err error) {
	start, err := beginning(log)
	if err != nil {
		return 0, false, err
	}
	size, err := sizeOf(archive)
	if err != nil {
		return 0, false, err
	}
	block, err := fsys.BlockSize(log)
	if err != nil {
		return 0, false, err
	}
	n, err = compare(ctx, log, start, archive, size, bytes.Equal)
	if err != nil || n == size {
		return n, n == size, err
	}
	// A log of less than a block is done once it is blanked.
	if rest := tailOf(size, block); n >= size-rest && rest < size {
		last := make([]byte, rest)
		if there, err := readAt(log, last, start+size-rest); err != nil || there && blank(last) {
			return size, err == nil, err
		}
	}
	to, err := compare(ctx, log, start, archive, size, zeroed)
	return n, to == size, err
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

// compare returns how many of the size bytes of an archive, up to the first that
// is not, are alike those of a log from start on.
func compare(ctx context.Context, log *os.File, start int64, archive *os.File, size int64, alike func(live, kept []byte) bool) (int64, error) {
	var x, y [64 << 10]byte
	for at := int64(0); at < size; {
		if err := context.Cause(ctx); err != nil {
			return at, err
		}
		p, q := x[:min(size-at, int64(len(x)))], y[:min(size-at, int64(len(y)))]
		n, err := log.ReadAt(p, start+at)
		if err != nil && err != io.EOF {
			return at, err
		}
		if there, err := readAt(archive, q, at); err != nil || !there {
			return at, err
		}
		if n < len(p) || !alike(p, q) {
			i := 0
			for i < n && alike(p[i:i+1], q[i:i+1]) {
				i++
			}
			return at + int64(i), nil
		}
		at += int64(len(p))
	}
	return size, nil
}

// zeroed reports whether kept is live, where it is not zero.
func zeroed(live, kept []byte) bool {
	for i, b := range kept {
		if b != 0 && b != live[i] {
			return false
		}
	}
	return true
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
