package signaler

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The whole job: a master and its workers write one log, and follow at their
// own pace when the master is told. What is released gets no more lines.
func TestClusterIsRotatedWithoutLoss(t *testing.T) {
	t.Parallel()
	path := filepath.Join(folder(t), "app.log")
	master := play(t, "master", "LOG="+path, "LAZY=2")
	master.hears("ready")
	process := open(t, pidfileOf(t, master.pid()))
	files := []string{path}
	var sizes []int64
	for i := 1; i <= 3; i++ {
		old := fmt.Sprint(path, ".", i)
		must(t, os.Rename(path, old))
		must(t, process.Signal(unix.SIGUSR2))
		r := one(t, awaitNow(t.Context(), []file{{reader(old), time.Minute}}), Released)
		t.Logf("released after %v, %d probes", r.After, r.Probes)
		info, err := os.Stat(old)
		must(t, err)
		files, sizes = append(files, old), append(sizes, info.Size())
	}
	must(t, master.in.Close())
	must(t, master.cmd.Wait())
	for i, size := range sizes {
		if info, err := os.Stat(files[i+1]); err != nil || info.Size() != size {
			t.Errorf("%q was written after its release: %v", files[i+1], err)
		}
	}
	noLoss(t, files)
}

// A worker that keeps the old file is named.
func TestClusterWorkerThatHoldsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(folder(t), "app.log")
	master := play(t, "master", "LOG="+path, "DEAF=2")
	master.hears("ready")
	must(t, os.Rename(path, path+".1"))
	must(t, open(t, pidfileOf(t, master.pid())).Signal(unix.SIGUSR2))
	var h []Holder
	for len(h) != 1 { // until the others have followed
		one(t, awaitNow(t.Context(), []file{{reader(path + ".1"), 5 * time.Millisecond}}), Held)
		found, _, err := Holders([]FileID{idOf(t, path+".1")})
		must(t, err)
		h = found[idOf(t, path+".1")]
	}
	if !h[0].Worker || h[0].PPID != master.pid() || !h[0].Append {
		t.Errorf("got %+v, want a worker of %d", h[0], master.pid())
	}
}

// noLoss demands that every line of every writer be there once: lines are
// "writer number", and the last of each is "writer number end".
func noLoss(t *testing.T, files []string) {
	t.Helper()
	seen := map[string]int{}
	ends := map[string]int{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		must(t, err)
		for line := range strings.Lines(string(data)) {
			writer, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if number, last := strings.CutSuffix(rest, " end"); last {
				n, err := strconv.Atoi(number)
				must(t, err)
				ends[writer] = n
			} else {
				seen[line]++
			}
		}
	}
	total := 0
	for writer, n := range ends {
		for i := 1; i <= n; i++ {
			if line := fmt.Sprintf("%s %d\n", writer, i); seen[line] != 1 {
				t.Fatalf("line %q is there %d times", line, seen[line])
			}
		}
		total += n
	}
	if len(ends) != 3 || len(seen) != total {
		t.Errorf("%d writers, %d lines of %d", len(ends), len(seen), total)
	}
}

func playMaster() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, unix.SIGUSR2)
	reopen := make(chan struct{}, 8)
	var workers []*exec.Cmd
	var pipes []*os.File
	for id := 1; id <= 2; id++ {
		r, w, err := os.Pipe()
		check(err)
		worker := exec.Command("/proc/self/exe")
		worker.Env = append(os.Environ(), "SIGNALER_ROLE=worker", fmt.Sprint("NODE_UNIQUE_ID=", id))
		worker.Stdin = r
		worker.Stderr = os.Stderr
		out, err := worker.StdoutPipe()
		check(err)
		check(worker.Start())
		check(r.Close())
		_, err = bufio.NewReader(out).ReadString('\n') // ready
		check(err)
		workers, pipes = append(workers, worker), append(pipes, w)
	}
	go func() {
		for range told {
			reopen <- struct{}{}
			for _, w := range pipes {
				_, err := w.WriteString("reopen\n")
				check(err)
			}
		}
	}()
	stop := make(chan struct{})
	go func() {
		echo()
		close(stop)
	}()
	logLines("master", 0, reopen, stop)
	for i, w := range pipes {
		check(w.Close())
		check(workers[i].Wait())
	}
}

func playWorker() {
	id := os.Getenv("NODE_UNIQUE_ID")
	reopen, stop := make(chan struct{}, 8), make(chan struct{})
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			if os.Getenv("DEAF") != id {
				reopen <- struct{}{}
			}
		}
		close(stop)
	}()
	lag := 0
	if os.Getenv("LAZY") == id {
		lag = 100
	}
	logLines("worker"+id, lag, reopen, stop)
}

// logLines writes numbered lines, and follows the name of the log some lines
// after it was told to.
func logLines(who string, lag int, reopen, stop <-chan struct{}) {
	appendTo := func() *os.File {
		f, err := os.OpenFile(os.Getenv("LOG"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		check(err)
		return f
	}
	f := appendTo()
	fmt.Println("ready")
	for n, left := 1, -1; ; n++ {
		_, err := fmt.Fprintf(f, "%s %d\n", who, n)
		check(err)
		if left == 0 {
			check(f.Close())
			f = appendTo()
		}
		left = max(left-1, -1)
		select {
		case <-reopen:
			left = lag
		case <-stop:
			_, err := fmt.Fprintf(f, "%s %d end\n", who, n)
			check(err)
			check(f.Close())
			return
		case <-time.After(50 * time.Microsecond): // the pace of the lines
		}
	}
}
