package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHammered empties a log again and again under three services that write as
// fast as they can.
func TestHammered(t *testing.T) {
	times, systems := 10, fileSystems[:1]
	if *whole {
		times, systems = 40, fileSystems
	}
	for _, fs := range systems {
		for _, r := range []rotator{ours(t), logrotate(t)} {
			t.Run(fs.name+"/"+r.name, func(t *testing.T) {
				_, folder := fs.image(t, t.TempDir(), 2048)
				score := hammered(t, folder, r, times)
				scores.add(fmt.Sprintf("copytruncate %d times under three busy writers on %s", times, fs.name), r.name, score)
				if r.name == "rotate" && !score.clean() {
					t.Error(score)
				}
			})
		}
	}
}

func hammered(t *testing.T, folder string, r rotator, times int) (sum score) {
	w := &world{TB: t, dir: folder, strategy: strategy{toml: "copytruncate = true", conf: "copytruncate"}}
	must(t, os.Mkdir(w.path("log"), 0o755))
	w.keep = times
	w.configure(false)
	var services []*service
	for range 3 {
		services = append(services, start(t, "busy", w.path("log/app.log"), w.path("pid")))
	}
	for range times {
		for _, s := range services {
			s.more(1000)
		}
		if out, exit := command(t, r.argv(w)...); exit != 0 {
			t.Fatalf("exit %d: %s", exit, out)
		}
	}
	written, found := map[int]int{}, map[int]map[int]int{}
	for _, s := range services {
		written[s.pid()], found[s.pid()] = s.stop(), map[int]int{}
	}
	files, err := filepath.Glob(w.path("log/*"))
	must(t, err)
	for _, file := range files {
		text := w.text("log/" + filepath.Base(file))
		if text != "" && !strings.HasSuffix(text, "\n") && r.name == "rotate" {
			t.Errorf("%s ends within a line", filepath.Base(file))
		}
		for s := range strings.Lines(text) {
			if n, pid, ok := parse(strings.TrimSuffix(s, "\n")); ok { // what is torn is missed
				found[pid][n]++
			}
		}
	}
	for pid, n := range written {
		t.Logf("%d lines", n)
		sum.lost += n - len(found[pid])
		for _, times := range found[pid] {
			sum.doubled += times - 1
		}
	}
	sum.tries = times
	return sum
}
