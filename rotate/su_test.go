package rotate

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// owns makes a user of the system the owner of the logs' folder and of what is
// in it, and lets him reach it.
func (w *world) owns(name string) (uid int) {
	w.Helper()
	host.NeedsRoot(w)
	u, err := user.Lookup(name)
	w.must(err)
	uid, err = strconv.Atoi(u.Uid)
	w.must(err)
	gid, err := strconv.Atoi(u.Gid)
	w.must(err)
	for dir := w.dir; strings.Count(dir, "/") > 1; dir = dir[:strings.LastIndex(dir, "/")] {
		w.must(os.Chmod(dir, 0o755))
	}
	w.must(os.Chown(w.path("log"), uid, gid))
	entries, err := os.ReadDir(w.path("log"))
	w.must(err)
	for _, e := range entries {
		w.must(os.Lchown(w.path("log/"+e.Name()), uid, gid))
	}
	return uid
}

// owners is whose each file is.
func (w *world) owners() map[string]int {
	w.Helper()
	owners := map[string]int{}
	for name := range w.tree("log") {
		var st unix.Stat_t
		w.must(unix.Lstat(w.path("log/"+name), &st))
		owners[name] = int(st.Uid)
	}
	return owners
}

// TestSu makes everything as the user, whatever the method, and lets scripts
// run as the caller.
func TestSu(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ who, su, keys, files string }{
		"rename":    {"nobody", "{user='nobody', group='nogroup'}", "create=true", " 1 2"},
		"packed":    {"nobody", "{user='nobody', group='nogroup'}", "compress='gzip'\ncreate=true", " 1.gz 2.gz"},
		"program":   {"nobody", "{user='nobody', group='nogroup'}", "compress={command=['sh', '-c', 'id -u >&2; test $(id -u) != 0 && gzip'], ext='.gz'}", "1.gz 2.gz"},
		"copy":      {"daemon", "{user='daemon', group='daemon'}", "copytruncate=true", " 1 2"},
		"olddir":    {"daemon", "{user='daemon', group='daemon'}", "olddir='old'\ncreateolddir=true", ""},
		"auto":      {"daemon", "'auto'", "compress='zstd'\ncreate=true", " 1.zst 2.zst"},
		"its owner": {"nobody", "{user='nobody', group='nogroup'}", "create={mode='0640', owner='daemon'}", " 1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gapWorld(t, "1")
			uid := w.owns(c.who)
			toml := gapTOML("su=" + c.su + "\nrotate=3\npostrotate='id -u > DIR/who'\n" + c.keys)
			w.runOK(toml)
			owners := w.owners()
			for file, owner := range owners {
				if owner != uid {
					t.Errorf("%s belongs to uid %d", file, owner)
				}
			}
			for _, n := range strings.Fields(c.files) {
				if _, ok := owners["a.log."+n]; !ok {
					t.Errorf("no a.log.%s: %v", n, owners)
				}
			}
			if strings.HasPrefix(c.files, " ") != (owners["a.log"] == uid) {
				t.Errorf("the log: %v", owners)
			}
			if who := w.read(w.path("who")); who != "0\n" {
				t.Errorf("the script ran as %s", who)
			}
			w.wantIdle("a second run", toml)
		})
	}
}

// TestSuIsDenied fails where the user may not, though root might, and says so.
func TestSuIsDenied(t *testing.T) {
	t.Parallel()
	w := gapWorld(t, "1")
	w.owns("nobody")
	w.must(os.Chown(w.path("log"), 0, 0))
	r := w.run(gapTOML("su={user='nobody', group='nogroup'}\nrotate=3"))
	text := strings.Join(said(r), "")
	if !strings.Contains(text, "permission denied, as uid 65534 and gid 65534 of su") {
		t.Errorf("the run said %q", text)
	}
	var denied *DeniedError
	if len(r.Logs) != 1 || !errors.As(r.Logs[0].Errs()[0], &denied) || !errors.Is(denied, fs.ErrPermission) {
		t.Errorf("the error is %#v", denied)
	}
	w.want("log", map[string]string{"a.log": "live", "a.log.1": "1"})
}

// TestSuMayNotRead lets an archive expire that the user may remove, though not
// read, unless it is still written.
func TestSuMayNotRead(t *testing.T) {
	t.Parallel()
	toml := gapTOML("su={user='nobody', group='nogroup'}\nrotate=1")
	w := gapWorld(t, "1")
	w.owns("nobody")
	w.must(os.Chown(w.path("log/a.log.1"), 0, 0))
	w.must(os.Chmod(w.path("log/a.log.1"), 0o600))
	f, err := os.OpenFile(w.path("log/a.log.1"), os.O_WRONLY, 0)
	w.must(err)
	if r := w.run(toml); !r.Failed() {
		t.Error("that it is still written is not said")
	}
	w.want("log", map[string]string{"a.log.1": "live", "a.log.2": "1"})
	w.must(f.Close())
	w.runOK(toml)
	w.want("log", map[string]string{"a.log.1": "live"})
}

// TestSuMayRename turns a log that the user may rename, though not read, and
// makes one like it.
func TestSuMayRename(t *testing.T) {
	t.Parallel()
	w := gapWorld(t, "")
	uid := w.owns("nobody")
	w.must(os.Chown(w.path("log/a.log"), 0, 0))
	w.must(os.Chmod(w.path("log/a.log"), 0o600))
	w.runOK(gapTOML("su={user='nobody', group='nogroup'}\nrotate=1\ncreate=true"))
	w.want("log", map[string]string{"a.log": "", "a.log.1": "live"})
	if owners := w.owners(); owners["a.log"] != uid || owners["a.log.1"] != 0 {
		t.Errorf("owners are %v", owners)
	}
}

// TestSuAndCrashes heals wherever a run as another user ends.
func TestSuAndCrashes(t *testing.T) {
	t.Parallel()
	toml := gapTOML("su={user='nobody', group='nogroup'}\nrotate=3\ncompress='gzip'")
	for k, crashed := 0, true; crashed; k++ {
		w := gapWorld(t, "1.gz")
		w.owns("nobody")
		_, crashed = crashAfter(w.prepare(toml), k)
		w.runOK(toml)
		w.want("log", map[string]string{"a.log.1.gz": "live", "a.log.2.gz": "1.gz"})
	}
}

// TestSuCannotEmpty has a log that its user may read and not write: nothing is
// copied that could not be emptied, and no archive moves.
func TestSuCannotEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "new\n")
	w.write("log/a.log.1", "old\n")
	w.owns("nobody")
	w.must(os.Chown(w.path("log/a.log"), 0, 0)) // and others may read it
	w.seen("log/a.log")
	for range 2 {
		r := w.run(daily + "copytruncate=true\nsu={user='nobody', group='nogroup'}\n")
		if !r.Failed() {
			t.Error("that it cannot be emptied is not said")
		}
		w.want("log", map[string]string{"a.log": "new\n", "a.log.1": "old\n"})
	}
}
