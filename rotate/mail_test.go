package rotate

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// post makes a mail command that keeps what it is asked to send, and fails for
// as long as there is a file "fail".
func (w *world) post() func(*Options) {
	w.Helper()
	script := "#!/bin/sh\n[ -e " + w.path("fail") + " ] && exit 1\n{ echo \"$*\"; cat; echo; } >> " + w.path("mailed") + "\n"
	w.must(os.WriteFile(w.path("mail"), []byte(script), 0o755))
	return func(o *Options) { o.MailCommand, o.Jobs = w.path("mail"), 1 }
}

// mailed is what was sent, "SUBJECT: TEXT" each, without the folder.
func (w *world) mailed() (all []string) {
	w.Helper()
	text, err := os.ReadFile(w.path("mailed"))
	if missing(err) {
		return nil
	}
	w.must(err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for len(lines) > 1 {
		words := strings.Fields(lines[0])
		if len(words) != 3 || words[0] != "-s" || words[2] != "admin@host" {
			w.Errorf("the mail command got %q", lines[0])
			return all
		}
		all = append(all, strings.TrimPrefix(words[1], w.path("log")+"/")+": "+lines[1])
		lines = lines[2:]
	}
	return all
}

// TestMail mails as logrotate does, under the names that it gives.
func TestMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys   string
		before string
		mailed []string
		after  string
	}{
		"plain":                    {"rotate=2", "1 2", []string{"a.log.3: 2"}, "1=live 2=1"},
		"packed":                   {"rotate=2\ncompress='gzip'", "1.gz 2.gz", []string{"a.log.3.gz: 2.gz"}, "1.gz=live 2.gz=1.gz"},
		"several":                  {"rotate=1", "1 2.gz", []string{"a.log.3.gz: 2.gz", "a.log.2: 1"}, "1=live"},
		"nothing goes":             {"rotate=2", "1", nil, "1=live 2=1"},
		"first":                    {"rotate=2\nmailfirst=true", "1 2", []string{"a.log.1: live"}, "1=live 2=1"},
		"first, packed":            {"rotate=2\nmailfirst=true\ncompress='gzip'", "1.gz", []string{"a.log: live"}, "1.gz=live 2.gz=1.gz"},
		"first, packed later":      {"rotate=2\nmailfirst=true\ncompress='gzip'\ndelaycompress=true", "1", []string{"a.log.1: live"}, "1=live 2.gz=1"},
		"first, copy":              {"rotate=2\nmailfirst=true\ncopytruncate=true", "1", []string{"a.log.1: live"}, "1=live 2=1"},
		"none kept":                {"rotate=0", "", []string{"a.log.1: live"}, ""},
		"none kept, packed":        {"rotate=0\ncompress='gzip'", "", []string{"a.log.1.gz: live"}, ""},
		"none kept, first":         {"rotate=0\nmailfirst=true", "", []string{"a.log.1: live"}, ""},
		"none kept, first, packed": {"rotate=0\nmailfirst=true\ncompress='gzip'", "", []string{"a.log: live"}, ""},
		"a program packed it": {
			"rotate=1\ncompress={command=['cat'], ext='.r', uncompress=['rev']}", "1.r",
			[]string{"a.log.2.r: r.1"},
			"1.r=live",
		},
		"a program packed it, and nothing unpacks it": {
			"rotate=1\ncompress={command=['cat'], ext='.r'}", "1.r",
			[]string{"a.log.2.r: 1.r"},
			"1.r=live",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gapWorld(t, c.before)
			w.runOK(gapTOML("mail='admin@host'\n"+c.keys), w.post())
			if got := w.mailed(); !slices.Equal(got, c.mailed) {
				t.Errorf("mailed %q, want %q", got, c.mailed)
			}
			got := w.tree("log")
			delete(got, "a.log") // of copytruncate
			if want := gapTree(c.after); !maps.Equal(got, want) {
				t.Errorf("there is %v, want %v", sorted(got), sorted(want))
			}
		})
	}
}

// TestMailFails keeps what could not be mailed, says so, and mails it later.
// Other archives of the log are served.
func TestMailFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ keys, kept, mailed string }{
		{"rotate=1\ncompress='gzip'", "1.gz=live 2=1", "a.log.2.gz: 1"},
		{"rotate=2\ncompress='gzip'\nmailfirst=true", "1=live 2.gz=1", "a.log: live"},
		{"rotate=2\ncompress='gzip'\nmailfirst=true\ncopytruncate=true", "1=live 2.gz=1", "a.log: live"},
	} {
		w := gapWorld(t, "1")
		toml := gapTOML("mail='admin@host'\n" + c.keys)
		w.write("fail", "")
		for range 3 {
			r := w.run(toml, w.post())
			if !r.Failed() || !strings.HasPrefix(strings.Join(said(r), ""), `mail "`) {
				t.Errorf("the run said %q", said(r))
			}
		}
		got := w.tree("log")
		delete(got, "a.log")
		if !maps.Equal(got, gapTree(c.kept)) {
			t.Errorf("%s: %v is kept", c.keys, sorted(got))
		}
		w.must(os.Remove(w.path("fail")))
		w.runOK(toml, w.post())
		w.runOK(toml, w.post())
		if got := w.mailed(); !slices.Equal(got, []string{c.mailed}) {
			t.Errorf("mailed %q, want %q", got, c.mailed)
		}
	}
}

// TestMailAndCrashes ends a run at every change: what is gone was mailed, and
// what was just made too.
func TestMailAndCrashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ keys, text string }{
		{"rotate=1\ncompress='gzip'", "1"},
		{"rotate=3\ncompress='gzip'\nmailfirst=true", "live"},
		{"rotate=3\nmailfirst=true", "live"},
	} {
		for k, crashed := 0, true; crashed; k++ {
			w := gapWorld(t, "1")
			toml := gapTOML("mail='admin@host'\n" + c.keys)
			_, crashed = crashAfter(w.prepare(toml, w.post()), k)
			if c.text == "1" && len(w.mailed()) == 0 && !slices.Contains(slices.Collect(maps.Values(w.tree("log"))), "1") {
				t.Errorf("k=%d: gone, and not mailed", k)
			}
			w.runOK(toml, w.post())
			sent := strings.Join(w.mailed(), "\n")
			if n := strings.Count(sent, ": "+c.text); n < 1 || n > 2 {
				t.Errorf("k=%d: %q was mailed %d times: %s", k, c.text, n, sent)
			}
		}
	}
}

// TestMailIsMissing names the program that is not there.
func TestMailIsMissing(t *testing.T) {
	t.Parallel()
	w := gapWorld(t, "1")
	r := w.prepare(gapTOML("mail='admin@host'\nrotate=1"), func(o *Options) { o.MailCommand = "/nowhere/mail" }).Execute(context.Background())
	if text := strings.Join(said(r), ""); !strings.Contains(text, "/nowhere/mail: no such file") {
		t.Errorf("the run said %s", text)
	}
	w.want("log", map[string]string{"a.log.1": "live", "a.log.2": "1"})
}

// TestMailAndPreRemove mails what preremove lets go, once, and also if that
// removes it.
func TestMailAndPreRemove(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"rotate=1", "rotate=1\ncompress='gzip'", "rotate=0\nmailfirst=true"} {
		for _, script := range []string{"true", "rm \"$1\""} {
			w := gapWorld(t, "1")
			w.write("refuse", "")
			toml := gapTOML("mail='admin@host'\n" + keys + "\npreremove='[ ! -e DIR/refuse ] && " + script + "'")
			for range 3 {
				if !w.run(toml, w.post()).Failed() {
					t.Error("that preremove failed is not said")
				}
			}
			if got := w.mailed(); len(got) > 0 {
				t.Errorf("%s: mailed %q, which is kept", keys, got)
			}
			w.must(os.Remove(w.path("refuse")))
			w.runOK(toml, w.post())
			w.runOK(toml, w.post())
			sent, want := strings.Join(w.mailed(), "\n"), ": 1"
			if strings.Contains(keys, "first") {
				want = ": live"
			}
			if strings.Count(sent, want) != 1 || len(w.mailed()) != 1 {
				t.Errorf("%s: mailed %q", keys, sent)
			}
		}
	}
}

// TestMailOfALogThatWasEmpty has a log found empty, and written before it is
// turned: what could not be mailed is mailed later.
func TestMailOfALogThatWasEmpty(t *testing.T) {
	t.Parallel()
	w := gapWorld(t, "")
	w.write("log/a.log", "")
	w.write("fail", "")
	toml := gapTOML("mail='admin@host'\nrotate=2\nmailfirst=true")
	r := w.prepare(toml, w.post())
	w.append("log/a.log", "live")
	if !execute(context.Background(), r).Failed() {
		t.Error("that it was not mailed is not said")
	}
	w.must(os.Remove(w.path("fail")))
	w.runOK(toml, w.post())
	if got := w.mailed(); !slices.Equal(got, []string{"a.log.1: live"}) {
		t.Errorf("mailed %q", got)
	}
}
