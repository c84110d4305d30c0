package signaler

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"rotate/testdata/host"
)

func TestReaches(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	dir := folder(t)
	mode(t, dir+"/..", 0o755)
	for _, sub := range []string{"open", "closed", "theirs"} {
		must(t, os.Mkdir(dir+"/"+sub, 0o755))
	}
	mode(t, dir+"/closed", 0o700)
	must(t, os.Mkdir(dir+"/closed/in", 0o777))
	own(t, dir+"/theirs", nobody, 0)
	who := map[string]*Process{}
	for name, users := range map[string]string{"root": "0 0 0", "nobody": "65534 65534 65534"} {
		c := play(t, "handler", "USERS="+users)
		c.ping()
		who[name] = open(t, pidfileOf(t, c.pid()))
	}
	for _, c := range []struct {
		who, dir string
		write    bool
		want     bool
	}{
		{"root", "closed/in", true, true},
		{"nobody", "open", false, true},
		{"nobody", "open", true, false},
		{"nobody", "closed", false, false},
		{"nobody", "closed/in", false, false},
		{"nobody", "theirs", true, true},
	} {
		got, err := who[c.who].Reaches(dir+"/"+c.dir, c.write)
		if got != c.want || err != nil {
			t.Errorf("%s in %s, write %v: got %v, %v", c.who, c.dir, c.write, got, err)
		}
	}
	if _, err := who["root"].Reaches(dir+"/none", false); err != nil {
		t.Errorf("root is not asked: %v", err)
	}
	if _, err := who["nobody"].Reaches(dir+"/none", false); err == nil {
		t.Error("reaches what is not there")
	}
	elsewhere := start(t, exec.Command("unshare", "--mount", "cat"))
	elsewhere.ping()
	if _, err := open(t, pidfileOf(t, elsewhere.pid())).Reaches(dir+"/open", false); !errors.Is(err, errMounts) {
		t.Errorf("got %v, want %v", err, errMounts)
	}
	if !who["root"].Root() || who["nobody"].Root() {
		t.Error("root is not who is root")
	}
}
