package reliability

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are the system calls that a run is disturbed in: those that change
// something or make it durable.
var calls = map[uint64]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_COPY_FILE_RANGE: "copy_file_range",
	unix.SYS_SENDFILE: "sendfile", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync",
	unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_FALLOCATE: "fallocate", unix.SYS_OPENAT: "openat",
	unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2",
	unix.SYS_LINK: "link", unix.SYS_LINKAT: "linkat", unix.SYS_UNLINK: "unlink", unix.SYS_UNLINKAT: "unlinkat",
	unix.SYS_MKDIR: "mkdir", unix.SYS_MKDIRAT: "mkdirat", unix.SYS_CHMOD: "chmod", unix.SYS_FCHMOD: "fchmod",
	unix.SYS_CHOWN: "chown", unix.SYS_FCHOWN: "fchown", unix.SYS_FCHOWNAT: "fchownat", unix.SYS_UTIMENSAT: "utimensat",
	unix.SYS_FSETXATTR: "fsetxattr", unix.SYS_FLOCK: "flock", unix.SYS_CLOSE: "close",
	unix.SYS_KILL: "kill", unix.SYS_PIDFD_SEND_SIGNAL: "pidfd_send_signal",
}

// fault is what happens to one system call of a run.
type fault struct {
	At    int           // which call, from 1, of all threads and processes of the run
	Errno syscall.Errno // what it fails with; 0: the process is killed before it
}

func (f fault) String() string {
	if f.Errno == 0 {
		return fmt.Sprintf("killed at call %d", f.At)
	}
	return fmt.Sprintf("call %d fails with %s", f.At, unix.ErrnoName(f.Errno))
}

// trial is what came of a run that was disturbed.
type trial struct {
	Calls int    // how many of the calls it made
	Hit   string // the call that was disturbed, and on what; "": the run ended before
	Exit  int    // -1: it was killed
	Out   string
}

// disturb runs a command and disturbs it, in a process that does nothing else:
// a tracer waits for all of its children.
func disturb(t testing.TB, f fault, argv []string) (x trial) {
	t.Helper()
	order, err := json.Marshal(f)
	must(t, err)
	c := exec.Command("/proc/self/exe", append([]string{string(order)}, argv...)...)
	c.Env = append(os.Environ(), "RELIABILITY_SERVICE=tracer")
	c.Stderr = os.Stderr
	out, err := c.Output()
	must(t, err)
	must(t, json.Unmarshal(out, &x))
	return x
}

// traceMain is the tracer: it runs a command, counts the calls of it and of
// all that it starts, and disturbs one of them.
func traceMain(order string) error {
	t := tracer{entered: map[int]bool{}}
	if err := json.Unmarshal([]byte(order), &t.fault); err != nil {
		return err
	}
	if err := t.run(os.Args[2:]); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t.trial)
}

type tracer struct {
	fault
	trial
	entered map[int]bool // threads whose call is to fail when it returns
}

func (t *tracer) run(argv []string) error {
	runtime.LockOSThread() // the kernel knows a tracer by its thread
	said, err := os.CreateTemp("", "said")
	if err != nil {
		return err
	}
	defer os.Remove(said.Name())
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	env := append(os.Environ(), "RELIABILITY_SERVICE=")
	p, err := os.StartProcess(path, argv, &os.ProcAttr{
		Files: []*os.File{nil, said, said}, Env: env, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(p.Pid, &status, unix.WALL, nil); err != nil {
		return err
	}
	const follow = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK
	if err := unix.PtraceSetOptions(p.Pid, follow|unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL); err != nil {
		return err
	}
	pid, signal := p.Pid, 0
	for {
		if err := unix.PtraceSyscall(pid, signal); err != nil && err != unix.ESRCH { // ESRCH: killed meanwhile
			return err
		}
		for {
			pid, err = unix.Wait4(-1, &status, unix.WALL, nil)
			if err == unix.EINTR {
				continue
			}
			if errors.Is(err, unix.ECHILD) {
				text, err := os.ReadFile(said.Name())
				t.Out = string(text)
				return err
			}
			if err != nil {
				return err
			}
			if status.Stopped() {
				break
			}
			if pid == p.Pid {
				t.Exit = status.ExitStatus() // -1 for one that was killed
			}
		}
		switch stop := status.StopSignal(); {
		case stop == unix.SIGTRAP|0x80:
			signal = 0
			if err := t.call(pid); err != nil && err != unix.ESRCH {
				return err
			}
		case stop == unix.SIGTRAP, stop == unix.SIGSTOP: // a new thread or program
			signal = 0
		default:
			signal = int(stop)
		}
	}
}

// syscallInfo is struct ptrace_syscall_info of ptrace(2), as far as an entry has it.
type syscallInfo struct {
	op   uint8
	_    [23]byte
	nr   uint64
	args [6]uint64
	_    [8]byte
}

const (
	getSyscallInfo = 0x420e
	atEntry        = 1
)

// call looks at a thread that enters or leaves a system call.
func (t *tracer) call(tid int) error {
	var info syscallInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getSyscallInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return errno
	}
	if info.op != atEntry {
		if !t.entered[tid] {
			return nil
		}
		delete(t.entered, tid)
		return setRegs(tid, func(r *unix.PtraceRegs) { r.Rax = uint64(-int64(t.Errno)) })
	}
	name, ok := calls[info.nr]
	if !ok {
		return nil
	}
	t.Calls++
	if t.Calls != t.At {
		return nil
	}
	t.Hit = name + " " + operand(tid, info)
	if t.Errno == 0 {
		return unix.Kill(tid, unix.SIGKILL)
	}
	t.entered[tid] = true
	if info.nr == unix.SYS_CLOSE {
		return nil // it closes whatever it says: close(2)
	}
	return setRegs(tid, func(r *unix.PtraceRegs) { r.Orig_rax = ^uint64(0) })
}

func setRegs(tid int, change func(*unix.PtraceRegs)) error {
	var r unix.PtraceRegs
	if err := unix.PtraceGetRegs(tid, &r); err != nil {
		return err
	}
	change(&r)
	return unix.PtraceSetRegs(tid, &r)
}

// operand says what a call is about: the path that it names, or that of its
// descriptor.
func operand(tid int, info syscallInfo) string {
	at := info.args[0]
	switch info.nr {
	case unix.SYS_OPENAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT:
		if dir := int32(at); dir >= 0 && info.args[1] != 0 {
			return descriptor(tid, uint64(dir)) + "/" + text(tid, info.args[1])
		} else if dir >= 0 {
			return descriptor(tid, uint64(dir))
		}
		return text(tid, info.args[1])
	case unix.SYS_LINKAT:
		return descriptor(tid, info.args[2]) + "/" + text(tid, info.args[3])
	case unix.SYS_RENAME, unix.SYS_LINK, unix.SYS_UNLINK, unix.SYS_MKDIR, unix.SYS_CHMOD, unix.SYS_CHOWN:
		return text(tid, at)
	case unix.SYS_KILL, unix.SYS_PIDFD_SEND_SIGNAL:
		return fmt.Sprint(at)
	case unix.SYS_COPY_FILE_RANGE:
		at = info.args[2]
	}
	return descriptor(tid, at)
}

func descriptor(tid int, fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, fd))
	if err != nil {
		return "?"
	}
	return path
}

// text reads a string of the traced process.
func text(tid int, addr uint64) string {
	buf := make([]byte, 256)
	n, err := unix.PtracePeekData(tid, uintptr(addr), buf)
	if err != nil && n == 0 {
		return "?"
	}
	s, _, _ := strings.Cut(string(buf[:n]), "\x00")
	return s
}
