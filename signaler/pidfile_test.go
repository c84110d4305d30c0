package signaler

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEmptyPidfileIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	c := canary(t)
	line := fmt.Sprintln(c.pid())
	cases := map[string]func(t *testing.T, path string){
		"written":  func(t *testing.T, path string) { write(t, path, line) },
		"replaced": func(t *testing.T, path string) { must(t, os.Rename(write(t, path+".new", line), path)) },
	}
	for name, fill := range cases {
		for after := 1; after <= emptyTries; after++ {
			t.Run(fmt.Sprint(name, " after ", after), func(t *testing.T) {
				path := write(t, filepath.Join(folder(t), "x.pid"), "")
				looks := 0
				p, err := find(path, func(*os.File) {
					if looks++; looks == after {
						fill(t, path)
					}
				})
				must(t, err)
				defer p.Close()
				if p.PID() != c.pid() || looks != after {
					t.Errorf("found %d after %d looks, want %d after %d", p.PID(), looks, c.pid(), after)
				}
			})
		}
	}
	t.Run("never", func(t *testing.T) {
		looks := 0
		_, err := find(write(t, filepath.Join(folder(t), "x.pid"), ""), func(*os.File) { looks++ })
		refuses(t, err, Empty)
		if looks != emptyTries {
			t.Errorf("%d looks, want %d", looks, emptyTries)
		}
	})
	t.Run("removed", func(t *testing.T) {
		path := write(t, filepath.Join(folder(t), "x.pid"), "")
		_, err := find(path, func(*os.File) { must(t, os.Remove(path)) })
		refuses(t, err, NoPidfile)
	})
}

// settle must return for each way to fill a pidfile, before or after it is
// called. It would return by the clock too, so this only shows that it does not hang.
func TestSettleReturns(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(folder(t), "x.pid"), "")
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	settle(f)
	write(t, path, "7\n")
	settle(f)
}

func TestGlob(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a, b := write(t, dir+"/a.pid", ""), write(t, dir+"/b.pid", "")
	must(t, os.Mkdir(dir+"/sub", 0o755))
	c := write(t, dir+"/sub/c.pid", "")
	cases := map[string][]string{
		dir + "/*.pid":         {a, b},
		dir + "/[ab].pid":      {a, b},
		dir + "/?.pid":         {a, b},
		dir + "/*/*.pid":       {c},
		dir + "/*.none":        {},
		dir + "/none/*.pid":    {},
		dir + "/none.pid":      {dir + "/none.pid"}, // for Find to report
		dir + "/a.pid":         {a},
		dir + "/a.pid/x/*.pid": nil, // out of reach
		dir + "/[a":            nil,
		dir[1:] + "/*.pid":     nil,
		dir + "/a.pid/*/*.pid": {},
	}
	for pattern, want := range cases {
		got, err := Glob(pattern)
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("%q: got %q, %v, want %q", pattern, got, err, want)
		}
	}
}

// TestPidBeyondTheLimit has a number that was one once: kernel.pid_max was
// lowered, or the file is another machine's.
func TestPidBeyondTheLimit(t *testing.T) {
	t.Parallel()
	kinds := map[int]Kind{pidMax() + 1: Stale}
	kinds[pidLimit+1] = Garbage // no Linux gives it out
	for pid, kind := range kinds {
		_, err := Find(write(t, filepath.Join(folder(t), "x.pid"), fmt.Sprintln(pid)))
		refuses(t, err, kind)
	}
}
