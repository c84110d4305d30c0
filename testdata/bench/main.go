// Command bench does the same work with rotate and with the tools it replaces,
// in turn, and prints medians as Markdown tables. Run it by `make bench`, as
// root: each repetition gets a file system of its own, because a used one is
// slower.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	if len(os.Args) > 2 && os.Args[1] == child {
		if err := observe(os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	runs := flag.Int("runs", 3, "repetitions of each measurement")
	most := flag.Int("most", 100_000, "the largest number of logs")
	size := flag.Int64("size", 1<<30, "bytes of the log that is compressed")
	rotate := flag.String("rotate", "bin/rotate", "the program")
	flag.Parse()

	program, err := filepath.Abs(*rotate)
	if err != nil {
		log.Fatal(err)
	}
	machine()
	if err := manyLogs(program, *runs, *most); err != nil {
		log.Fatal(err)
	}
	if err := oneLargeLog(program, *runs, *size); err != nil {
		log.Fatal(err)
	}
}

var version = regexp.MustCompile(`\d+(\.\d+)+`)

func machine() {
	var u syscall.Utsname
	_ = syscall.Uname(&u) // an empty release says enough
	release := make([]byte, 0, len(u.Release))
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		release = append(release, byte(c))
	}
	fmt.Printf("%s, %d processors, Linux %s, %s", time.Now().Format(time.DateOnly), runtime.NumCPU(), release, runtime.Version())
	for _, tool := range [][]string{{"logrotate", "--version"}, {"gzip", "--version"}, {"pigz", "--version"}, {"zstd", "--version"}} {
		out, _ := exec.Command(tool[0], tool[1:]...).CombinedOutput() // a missing one shows below
		fmt.Printf(", %s %s", tool[0], version.FindString(string(out)))
	}
	fmt.Print("\n\n")
}

// usage is what one whole process took.
type usage struct {
	wall, cpu time.Duration
	memory    int64 // bytes, of the largest process
}

// child is the first argument of a process that runs one command and prints
// its usage. The kernel counts the memory of the process that starts a command
// as the command's, so that one must be small.
const child = "measure"

func observe(argv []string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Stderr = os.Stderr
	start := time.Now()
	err := c.Run()
	wall := time.Since(start)
	if err != nil {
		return fmt.Errorf("%q: %w", argv, err)
	}
	r := c.ProcessState.SysUsage().(*syscall.Rusage)
	_, err = fmt.Println(int64(wall), int64(c.ProcessState.UserTime()+c.ProcessState.SystemTime()), r.Maxrss<<10)
	return err
}

func measure(dir string, argv ...string) (u usage, err error) {
	c := exec.Command("/proc/self/exe", append([]string{child}, argv...)...)
	c.Dir = dir
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return usage{}, fmt.Errorf("%q: %w", argv, err)
	}
	_, err = fmt.Sscan(string(out), &u.wall, &u.cpu, &u.memory)
	return u, err
}

// median is taken figure by figure.
func median(all []usage) usage {
	return usage{
		wall:   middle(all, func(u usage) time.Duration { return u.wall }),
		cpu:    middle(all, func(u usage) time.Duration { return u.cpu }),
		memory: middle(all, func(u usage) int64 { return u.memory }),
	}
}

func middle[T cmp.Ordered](all []usage, figure func(usage) T) T {
	figures := make([]T, len(all))
	for i, u := range all {
		figures[i] = figure(u)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

func (u usage) String() string {
	return fmt.Sprintf("%s, %d MB", seconds(u.wall), u.memory>>20)
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// withDisk calls do with an empty folder on a file system of its own.
func withDisk(bytes int64, do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "rotate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image, mount := filepath.Join(dir, "image"), filepath.Join(dir, "mnt")
	if err := os.Mkdir(mount, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, bytes); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-i", "4096", image},
		{"mount", "-o", "loop", image, mount},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", argv, err, out)
		}
	}
	defer exec.Command("umount", mount).Run() // the folder is temporary
	return do(mount)
}
