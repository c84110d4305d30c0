package services

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// hidden are ways to hold a file, most of them out of the sight of those who
// list what processes have open. Each takes the path of a log, and returns
// what writes a line and lets go.
var hidden = map[string]func(path string) (late func(string) error, err error){
	"a grandchild": func(path string) (func(string) error, error) {
		if os.Getenv("SERVICES_GRANDCHILD") != "" {
			_, err := io.Copy(io.Discard, os.NewFile(4, "parent")) // until it has let go
			return toFile(os.NewFile(3, path)), err
		}
		f, err := appendTo(path)
		if err != nil {
			return nil, err
		}
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		child := exec.Command("/proc/self/exe", os.Args[1:]...)
		child.Env = append(os.Environ(), "SERVICES_GRANDCHILD=1")
		child.Stdin, child.Stdout, child.Stderr, child.ExtraFiles = os.Stdin, os.Stdout, os.Stderr, []*os.File{f, r}
		if err := child.Start(); err != nil {
			return nil, err
		}
		f.Close() // the child has it
		w.Close() // now it is the only one
		os.Exit(0)
		return nil, nil
	},
	"a map": func(path string) (func(string) error, error) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		defer f.Close() // what is mapped stays
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		size := info.Size()
		if err := f.Truncate(size + 4); err != nil {
			return nil, err
		}
		m, err := unix.Mmap(int(f.Fd()), 0, int(size)+4, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		return func(line string) error {
			copy(m[size:], line)
			return unix.Munmap(m)
		}, err
	},
	"a message in flight": func(path string) (func(string) error, error) {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		f, err := appendTo(path)
		if err != nil {
			return nil, err
		}
		defer f.Close() // the message has it
		return func(line string) error {
			rights := make([]byte, unix.CmsgSpace(4))
			if _, _, _, _, err := unix.Recvmsg(pair[1], make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC); err != nil {
				return err
			}
			messages, err := unix.ParseSocketControlMessage(rights)
			if err != nil {
				return err
			}
			fds, err := unix.ParseUnixRights(&messages[0])
			if err != nil {
				return err
			}
			return toFile(os.NewFile(uintptr(fds[0]), path))(line)
		}, unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(f.Fd())), nil, 0)
	},
	"a thread's own table": func(path string) (func(string) error, error) {
		lines, done := make(chan string), make(chan error)
		go func() {
			runtime.LockOSThread()
			if err := unix.Unshare(unix.CLONE_FILES); err != nil {
				done <- err
				return
			}
			fd, err := unix.Open(path, unix.O_WRONLY|unix.O_APPEND, 0) // Go's own files are of all threads
			done <- err
			if err == nil {
				_, err = unix.Write(fd, []byte(<-lines))
				done <- errors.Join(err, unix.Close(fd))
			}
		}()
		return func(line string) error {
			lines <- line
			return <-done
		}, <-done
	},
	"another mount namespace": func(path string) (func(string) error, error) {
		// The file has no name that the others could see.
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return nil, err
		}
		if err := unix.Mount("tmpfs", "/mnt", "tmpfs", 0, ""); err != nil {
			return nil, err
		}
		if err := os.WriteFile("/mnt/log", nil, 0o600); err != nil {
			return nil, err
		}
		if err := unix.Mount(path, "/mnt/log", "", unix.MS_BIND, ""); err != nil {
			return nil, err
		}
		f, err := appendTo("/mnt/log")
		return toFile(f), err
	},
	"another pid namespace": func(path string) (func(string) error, error) {
		f, err := appendTo(path)
		return toFile(f), err
	},
}

func appendTo(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0) }

func toFile(f *os.File) func(string) error {
	return func(line string) error {
		if _, err := f.WriteString(line); err != nil {
			return err
		}
		return f.Close()
	}
}

// hide is a process that holds a log: it says so, and writes a late line when
// it is told to.
func hide(role string) error {
	late, err := hidden[role](os.Args[1])
	if err != nil {
		return err
	}
	fmt.Println("holds")
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() {
		return in.Err()
	}
	if err := late(in.Text() + "\n"); err != nil {
		return err
	}
	fmt.Println("let go")
	_, err = io.Copy(io.Discard, os.Stdin) // until the test ends
	return err
}

// TestHidden has logs that are held by processes that hide it: they are never
// compressed meanwhile, and a line that comes late is found.
func TestHidden(t *testing.T) {
	for role := range hidden {
		t.Run(role, func(t *testing.T) { testHidden(t, role) })
	}
	// What is in another pid namespace has no process id here at all.
	t.Run("outside of a container", func(t *testing.T) {
		testHidden(t, "another pid namespace", "unshare", "--pid", "--fork", "--mount-proc")
	})
}

func testHidden(t *testing.T, role string, around ...string) {
	w := newWorld(t, daemon{
		log: "/var/log/app/app.log",
		policy: `[log.app]
paths     = ["/var/log/app/app.log"]
frequency = "daily"
rotate    = 3
compress  = "zstd"
`,
	})
	w.around = around
	w.file("/var/log/app/app.log", "early\n")

	holder := exec.Command("/proc/self/exe", w.path("/var/log/app/app.log"))
	holder.Env = append(os.Environ(), "SERVICES_ROLE="+role)
	holder.Stderr = os.Stderr
	holder.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	switch role {
	case "another mount namespace":
		holder.SysProcAttr.Cloneflags = unix.CLONE_NEWNS
	case "another pid namespace":
		holder.SysProcAttr.Cloneflags = unix.CLONE_NEWPID
	}
	in, err := holder.StdinPipe()
	must(t, err)
	out, err := holder.StdoutPipe()
	must(t, err)
	must(t, holder.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-holder.Process.Pid, syscall.SIGKILL) // it may be gone
		_ = holder.Wait()                                      // it was killed
	})
	answers := bufio.NewScanner(out)
	answer := func(want string) {
		t.Helper()
		if !answers.Scan() || answers.Text() != want {
			t.Fatalf("the holder said %q, want %q", answers.Text(), want)
		}
	}

	by := " by exe (pid "
	switch {
	case role == "a thread's own table":
		by = "" // seen if it is the thread that the process began with
	case role == "a message in flight", len(around) > 0:
		by = ", by whom cannot be told; "
	}
	answer("holds")
	for _, flags := range [][]string{{"-f"}, nil} {
		if o := w.rotate("/var/log/app/app.log", flags...); o.status != 1 || !strings.Contains(o.said, "app.log.1") || !strings.Contains(o.said, by) {
			t.Errorf("rotate %s: exit %d %s", flags, o.status, o.said)
		}
		if _, err := os.Stat(w.path("/var/log/app/app.log.1")); err != nil {
			t.Fatal(err)
		}
	}
	_, err = fmt.Fprintln(in, message(7)) // with its newline four bytes, as a map has room for
	must(t, err)
	answer("let go")
	if o := w.rotate("/var/log/app/app.log"); o.status != 0 {
		t.Errorf("exit %d %s", o.status, o.said)
	}
	if found, packed := w.find("/var/log/app/app.log"); found[7] != 1 || packed != 1 {
		t.Errorf("the late line is there %d times, in %d compressed archives", found[7], packed)
	}
}
