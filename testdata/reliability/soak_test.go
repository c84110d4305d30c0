package reliability

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rotate/testdata/host"
)

var soak = flag.Duration("soak", 0, "how long TestSoak lasts; 0: a few rounds")

// TestSoak lets twenty services write two hundred logs, and rotates them again
// and again, while runs, compressors and services are killed, the disk fills up
// and the clock jumps. In the end each line is there once.
func TestSoak(t *testing.T) {
	const services, rounds = 20, 6
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	ext4 := fileSystems[0]
	_, folder := ext4.image(t, t.TempDir(), 2048)
	s := &soaked{TB: t, dir: folder, Rand: rand.New(rand.NewPCG(seed, 0)), program: host.Program(t), living: map[int]*service{}}
	toml := ""
	for i := range services {
		must(t, os.Mkdir(s.path(i), 0o755))
		s.living[i] = s.serve(i)
		toml += s.policy(i)
	}
	must(t, os.WriteFile(folder+"/rotate.toml", []byte(toml), 0o644))

	end := time.Now().Add(*soak)
	for round := 0; round < rounds || time.Now().Before(end); round++ {
		s.round()
	}
	written := map[int]int{}
	for i := range services {
		written[s.living[i].pid()] = s.living[i].stop()
	}
	s.heal()
	score, lines := s.count(written)
	score.tries = s.runs
	t.Logf("%d runs, %d of them killed, %d compressors and %d services killed, %d full disks, %d jumps of the clock; %d lines of %d services",
		s.runs, s.killed, s.maimed, s.ended, s.full, s.jumps, lines, services+s.ended)
	scores.add("soak", "rotate", score)
	if !score.clean() {
		t.Error(score)
	}
}

// soaked is a file system with many services.
type soaked struct {
	testing.TB
	*rand.Rand
	dir     string
	program string
	living  map[int]*service

	runs, killed, maimed, ended, full, jumps int
}

func (s *soaked) path(i int) string { return fmt.Sprintf("%s/s%d", s.dir, i) }

// serve starts the i-th service, on ten logs.
func (s *soaked) serve(i int) *service {
	var logs []string
	for k := range 10 {
		logs = append(logs, fmt.Sprintf("%s/%d.log", s.path(i), k))
	}
	return start(s, "calm", strings.Join(logs, ":"), s.path(i)+"/pid")
}

// policy is how the logs of the i-th service are rotated.
func (s *soaked) policy(i int) string {
	how := []string{
		"compress = 'gzip'",
		"compress = 'zstd'\ndateext = true",
		"compress = 'gzip'\ndelaycompress = true\ncreate = true",
		"compress = { command = 'gzip -1', ext = '.gz' }\nolddir = 'old'\ncreateolddir = true",
		"copytruncate = true\ncompress = 'gzip'",
	}[i%5]
	text := fmt.Sprintf("[log.s%d]\npaths = ['%s/*.log']\nfrequency = 'daily'\nrotate = -1\n%s\n", i, s.path(i), how)
	if i%5 != 4 {
		text += fmt.Sprintf("[[log.s%d.notify]]\npidfile = '%s/pid'\nsignal = 'SIGUSR2'\nwait = '2s'\n", i, s.path(i))
	}
	return text
}

// round is one run, with what may go wrong.
func (s *soaked) round() {
	for _, service := range s.living {
		service.more(s.IntN(100))
	}
	if s.IntN(3) == 0 {
		i := s.IntN(len(s.living))
		s.living[i].kill()
		s.living[i] = s.serve(i)
		s.ended++
	}
	s.clock()
	ballast := ""
	if s.IntN(5) == 0 {
		ballast = fill(s, s.dir+"/ballast")
		s.full++
	}
	s.run()
	if ballast != "" {
		must(s, os.Remove(ballast))
	}
}

var stateDate = regexp.MustCompile(`" \d+-\d+-\d+-`)

// clock makes the logs due, or lets the state be of the future, or be gone.
func (s *soaked) clock() {
	date := `" 2020-1-1-`
	switch s.IntN(6) {
	case 0:
		date = `" 2150-1-1-`
		s.jumps++
	case 1:
		must(s, os.RemoveAll(s.dir+"/state"))
		return
	}
	text, err := os.ReadFile(s.dir + "/state")
	if os.IsNotExist(err) {
		return
	}
	must(s, err)
	must(s, os.WriteFile(s.dir+"/state", stateDate.ReplaceAll(text, []byte(date)), 0o640))
}

// run is a run that may be killed at any moment, or lose its compressor.
func (s *soaked) run() {
	c := exec.Command(s.program, "-s", s.dir+"/state", s.dir+"/rotate.toml")
	must(s, c.Start())
	s.runs++
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	switch s.IntN(4) {
	case 0:
		select {
		case <-ended:
			return
		case <-time.After(time.Duration(s.IntN(300)) * time.Millisecond):
		}
		_ = c.Process.Kill() // it may be gone
		s.killed++
	case 1:
		if pid := s.compressor(c.Process.Pid, ended); pid != 0 {
			p, err := os.FindProcess(pid)
			must(s, err)
			_ = p.Kill() // it may be gone
			s.maimed++
		} else {
			return
		}
	}
	<-ended // it may have failed: the disk may be full
}

// compressor waits for a run to start one, or to end: then it returns 0.
func (s *soaked) compressor(run int, ended chan error) int {
	for {
		select {
		case <-ended:
			return 0
		default:
			if pid := child(run); pid != 0 {
				return pid
			}
		}
	}
}

// child returns a child of a process, or 0.
func child(pid int) int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is right
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread is gone
		}
		if f := strings.Fields(string(text)); len(f) > 0 {
			n, _ := strconv.Atoi(f[0]) // the kernel wrote it
			return n
		}
	}
	return 0
}

// heal runs undisturbed until nothing is left to be done.
func (s *soaked) heal() {
	out, exit := "", 1
	for range 4 {
		out, exit = command(s, s.program, "-s", s.dir+"/state", s.dir+"/rotate.toml")
	}
	if exit != 0 {
		s.Errorf("it does not heal: %s", out)
	}
}

// count reads all there is. A service that was killed cannot say how many lines
// it wrote: of its lines none is missing before the last one that is there.
func (s *soaked) count(written map[int]int) (sum score, lines int) {
	found := map[int]map[int]int{}
	w := &world{TB: s.TB, dir: s.dir}
	must(s, filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil || e.IsDir() || !strings.Contains(strings.TrimPrefix(path, s.dir), "/s"):
			return err
		case name == "pid" || strings.HasPrefix(name, "state"):
			return nil
		case !strings.Contains(name, ".log") || strings.HasPrefix(name, "."):
			s.Logf("stray: %s", path)
			sum.stray++
			return nil
		}
		for text := range strings.Lines(w.text(strings.TrimPrefix(path, s.dir))) {
			n, pid, ok := parse(strings.TrimSuffix(text, "\n"))
			if !ok {
				if strings.TrimSpace(text) != "" {
					s.Logf("torn in %s: %.60q", path, text)
					sum.lost++
				}
				continue
			}
			if found[pid] == nil {
				found[pid] = map[int]int{}
			}
			found[pid][n]++
			lines++
		}
		return nil
	}))
	for pid, mine := range found {
		last := written[pid] - 1
		for n, times := range mine {
			sum.doubled += times - 1
			last = max(last, n)
		}
		sum.lost += last + 1 - len(mine)
	}
	return sum, lines
}
