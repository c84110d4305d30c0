package rotate

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rotate/rotate/policy"
	"rotate/testdata/unpack"
)

// noon is when the tests take place, unless they say otherwise.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// world is a folder with logs, a configuration and a state.
type world struct {
	*testing.T
	dir string
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), now: noon}
	w.mkdir("log")
	return w
}

// memory is where a sync costs nothing, for tests with thousands of runs.
const memory = "/dev/shm"

// under moves the world to a folder below dir, for the sake of its file system.
func (w *world) under(dir string) {
	w.Helper()
	var err error
	w.dir, err = os.MkdirTemp(dir, "rotate")
	w.must(err)
	w.Cleanup(func() { w.must(os.RemoveAll(w.dir)) })
	w.mkdir("log")
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) mkdir(name string) {
	w.Helper()
	w.must(os.MkdirAll(w.path(name), 0o755))
}

func (w *world) write(name, text string) {
	w.Helper()
	w.must(os.WriteFile(w.path(name), []byte(text), 0o644))
}

func (w *world) append(name, text string) {
	w.Helper()
	f, err := os.OpenFile(w.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	w.must(err)
	_, err = f.WriteString(text)
	w.must(err)
	w.must(f.Close())
}

// pack writes a file that gzip packed.
func (w *world) pack(name, text string) {
	w.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	w.must(err)
	w.must(z.Close())
	w.write(name, b.String())
}

// seen makes logs due for every calendar: they were last turned a year ago.
func (w *world) seen(logs ...string) {
	w.Helper()
	text := "logrotate state -- version 2\n"
	for _, log := range logs {
		text += `"` + w.path(log) + `" 2025-3-14-12:0:0` + "\n"
	}
	w.write("state", text)
}

// policies loads TOML, in which DIR stands for the folder of w.
func (w *world) policies(toml string) []*policy.Policy {
	w.Helper()
	w.write("rotate.toml", strings.ReplaceAll(toml, "DIR", w.dir))
	c, err := policy.Load(w.path("rotate.toml"))
	w.must(err)
	return c.Policies
}

func (w *world) prepare(toml string, change ...func(*Options)) *Run {
	w.Helper()
	o := Options{State: w.path("state"), Now: w.now, Jobs: 2}
	for _, c := range change {
		c(&o)
	}
	r, err := Prepare(context.Background(), w.policies(toml), o)
	w.must(err)
	return r
}

func (w *world) run(toml string, change ...func(*Options)) *Report {
	w.Helper()
	r := w.prepare(toml, change...)
	return execute(context.Background(), r)
}

// runOK is run where nothing may fail.
func (w *world) runOK(toml string, change ...func(*Options)) *Report {
	w.Helper()
	r := w.run(toml, change...)
	if r.Failed() {
		w.Fatalf("the run failed: %v", said(r))
	}
	return r
}

// said lists all that a report complains of.
func said(r *Report) (all []string) {
	for _, err := range r.Errs {
		all = append(all, err.Error())
	}
	for _, p := range r.Plan.Policies {
		for _, x := range p.Problems {
			all = append(all, x.Path+": "+x.Reason.Text(time.UTC)+" "+x.Detail)
		}
	}
	for _, l := range r.Logs {
		for _, err := range l.Errs() {
			all = append(all, err.Error())
		}
		if l.Failed() && len(l.Errs()) == 0 {
			all = append(all, l.Log.Path()+": "+l.Log.Reason().Text(time.UTC))
		}
	}
	for _, t := range r.Targets {
		if t.Err != nil {
			all = append(all, t.Err.Error())
		}
	}
	return all
}

// tree is what the files below a folder hold, decompressed.
func (w *world) tree(name string) map[string]string {
	w.Helper()
	files := map[string]string{}
	root := w.path(name)
	w.must(filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[rel] = w.read(path)
		return nil
	}))
	return files
}

func (w *world) read(path string) string {
	w.Helper()
	text, err := unpack.Read(path)
	w.must(err)
	return text
}

// want compares the files below a folder with what they should be.
func (w *world) want(name string, want map[string]string) {
	w.Helper()
	got := w.tree(name)
	if !maps.Equal(got, want) {
		w.Errorf("in %s there is\n\t%v\nwant\n\t%v", name, sorted(got), sorted(want))
	}
}

func sorted(m map[string]string) (all []string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+"="+m[k])
	}
	return all
}

// marks is what a run that does nothing leaves as it is.
func (w *world) marks() map[string]string {
	w.Helper()
	marks := map[string]string{}
	w.must(filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		marks[path] = strings.Join([]string{info.Mode().String(), info.ModTime().String(), time.Unix(st.Ctim.Unix()).String()}, " ")
		return nil
	}))
	return marks
}

const daily = `
[log.app]
paths     = ["DIR/log/*.log"]
frequency = "daily"
rotate    = 3
`
