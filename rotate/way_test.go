package rotate

import (
	"os"
	"slices"
	"testing"

	"rotate/signaler"
)

// TestForeseen empties logs as it was foreseen, and foreseeing changes nothing.
func TestForeseen(t *testing.T) {
	for name, c := range map[string]struct {
		dir  string
		role string // of a service; "": there is none
		want []Way
	}{
		"nobody":                {"", "", []Way{Alone}},
		"a reader":              {"", "reader", []Way{Cut, Punched, Chased}},
		"who appends":           {"", "stuck", []Way{Cut, Punched, Chased}},
		"who does not":          {"", "careless", []Way{Punched, Chased}},
		"nobody, in memory":     {"/dev/shm", "", []Way{Alone}},
		"who appends to memory": {"/dev/shm", "stuck", []Way{Punched}},
		"who does not, there":   {"/dev/shm", "careless", []Way{Punched}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.dir != "" {
				w.under(c.dir)
			}
			for range 1000 {
				w.append("log/a.log", "a line\n")
			}
			w.seen("log/a.log")
			pid := 0
			switch c.role {
			case "":
			case "reader":
				f, err := os.Open(w.path("log/a.log"))
				w.must(err)
				defer f.Close()
			default:
				pid = w.start(c.role, "log/a.log").cmd.Process.Pid
			}
			marks := w.marks()
			forking.Lock()
			all := Foresee([]string{w.path("log/a.log"), w.path("log/none")})
			forking.Unlock()
			if !slices.Contains(c.want, all[0].Way) || all[1].Way != NoWay {
				t.Errorf("foreseen: %v", all)
			}
			stray := func(h signaler.Holder) bool { return h.PID == pid && !h.Append }
			if slices.ContainsFunc(all[0].Strays, stray) != (c.role == "careless") {
				t.Errorf("strays: %+v", all[0].Strays)
			}
			for path, mark := range w.marks() {
				if marks[path] != mark && c.role != "careless" {
					t.Errorf("it changed %s", path)
				}
			}
			r := w.runOK(daily + "copytruncate = true\n")
			if got := r.Logs[0].Rare.Emptied; got != all[0].Way {
				t.Errorf("it was foreseen that the log is %v, and it is %v", all[0].Way, got)
			}
		})
	}
}
