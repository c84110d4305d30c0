package rotate

import (
	"io"
	"os"
	"strings"
	"testing"
)

// TestShred overwrites what goes, by whatever rule, and what was packed.
func TestShred(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ keys, goes string }{
		"rotate":   {"rotate=1", "1"},
		"packed":   {"rotate=1\ncompress='gzip'", "1.gz"},
		"rotate 0": {"rotate=0", ""},
		"replaced": {"rotate=9\ncompress='gzip'", ""},
		"mailed":   {"rotate=1\nmail='admin@host'", "1"},
		"maxage":   {"rotate=9\nmaxage='1d'", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gapWorld(t, c.goes)
			old := noon.AddDate(0, 0, -9)
			victim := "log/a.log"
			if c.goes != "" {
				victim += "." + c.goes
				w.must(os.Chtimes(w.path(victim), old, old))
			}
			f, err := os.Open(w.path(victim))
			w.must(err)
			defer f.Close()
			before, err := io.ReadAll(f)
			w.must(err)
			w.runOK(gapTOML("shred=true\n"+c.keys), w.post())
			info, err := f.Stat()
			w.must(err)
			_, err = f.Seek(0, io.SeekStart)
			w.must(err)
			after, err := io.ReadAll(f)
			w.must(err)
			if string(after) == string(before) || info.Size() != int64(len(before)) {
				t.Errorf("%q was not overwritten: %q", before, after)
			}
			for file, text := range w.tree("log") {
				if text != "live" {
					t.Errorf("%s is there, with %q", file, text)
				}
			}
		})
	}
}

// TestShredAndHardLinks keeps an archive whose bytes have another name, unless
// the policy allows that.
func TestShredAndHardLinks(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		w := gapWorld(t, "1")
		w.must(os.Link(w.path("log/a.log.1"), w.path("other")))
		toml := gapTOML("shred=true\nrotate=1")
		if allowed {
			toml += "allowhardlink=true\n"
		}
		r := w.run(toml)
		if r.Failed() == allowed || !allowed && !strings.Contains(said(r)[0], "it has 2 names, and is kept") {
			t.Errorf("allowed is %v: the run said %v", allowed, said(r))
		}
		if kept := w.read(w.path("other")) == "1"; kept == allowed {
			t.Errorf("allowed is %v: the other name holds %q", allowed, w.read(w.path("other")))
		}
		if _, gone := w.tree("log")["a.log.2"]; gone == allowed {
			t.Errorf("allowed is %v: there is %v", allowed, sorted(w.tree("log")))
		}
	}
}

// TestShredAndCrashes heals wherever a run ends.
func TestShredAndCrashes(t *testing.T) {
	t.Parallel()
	for k, crashed := 0, true; crashed; k++ {
		w := gapWorld(t, "1.gz")
		toml := gapTOML("shred=2\nrotate=1\ncompress='gzip'\nmail='admin@host'")
		_, crashed = crashAfter(w.prepare(toml, w.post()), k)
		w.runOK(toml, w.post())
		w.want("log", map[string]string{"a.log.1.gz": "live"})
	}
}
