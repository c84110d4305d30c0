package services

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func named(t *testing.T, name string) daemon {
	t.Helper()
	i := slices.IndexFunc(daemons, func(d daemon) bool { return d.name == name })
	if i < 0 {
		t.Fatalf("who is %s?", name)
	}
	return daemons[i]
}

// TestApacheServesOn has somebody download slowly while Apache is restarted
// gracefully: its old child writes the line of that to the old log at the end.
func TestApacheServesOn(t *testing.T) {
	t.Parallel()
	d := named(t, "Apache httpd")
	d.policy = strings.Replace(d.policy, `exe `, "wait    = \"100ms\"\nexe ", 1)
	w := newWorld(t, d)
	w.start(d)
	w.ready(d)
	must(t, os.Truncate(w.path("/srv/large"), 1<<30)) // more than any socket buffers

	slow, err := dial(w.port)
	must(t, err)
	defer slow.Close() // twice, if all is well
	_, err = fmt.Fprintf(slow, "GET /large?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", message(1))
	must(t, err)
	_, err = slow.in.ReadString('\n')
	must(t, err)

	for _, flags := range [][]string{{"-f"}, nil} {
		if o := w.rotate(d.log, flags...); o.status != 1 || !slices.Contains(o.held, "apache2") {
			t.Errorf("rotate %s: exit %d, held by %q\n%s", flags, o.status, o.held, o.said)
		}
	}
	if _, packed := w.find(d.log); packed != 0 {
		t.Error("what is still written was compressed")
	}
	began := time.Now()
	must(t, slow.Close())
	w.until("a later run finishes", func() bool { return w.rotate(d.log).status == 0 })
	found, packed := w.find(d.log)
	if found[1] != 1 || packed != 1 {
		t.Errorf("the late line is there %d times, in %d compressed archives", found[1], packed)
	}
	t.Logf("%d ms after the download", time.Since(began).Milliseconds())
}

// TestPidfileOfItsUser has php-fpm's master, who is root, write its pidfile to
// a folder of its user's, as Debian does: that user could have root signal
// anybody. Nobody is signalled, nothing is compressed, and nothing is lost.
func TestPidfileOfItsUser(t *testing.T) {
	t.Parallel()
	d := named(t, "php-fpm")
	d.owns = []string{"/run/php/"}
	d.policy = strings.ReplaceAll(d.policy, "/run/", "/run/php/")
	d.files = map[string]string{"/etc/php-fpm.conf": strings.ReplaceAll(d.files["/etc/php-fpm.conf"], "/run/", "/run/php/")}
	w := newWorld(t, d)
	w.start(d)
	w.ready(d)
	if o := w.rotate(d.log, "-f"); o.status != 1 || !strings.Contains(o.said, "www-data") || !slices.Contains(o.held, "php-fpm8.2") {
		t.Errorf("exit %d, held by %q\n%s", o.status, o.held, o.said)
	}
	if names, err := filepath.Glob(w.path(d.log) + "*"); err != nil || !slices.Contains(names, w.path(d.log)+".1") {
		t.Errorf("%s %v", names, err)
	}
	c, err := d.connect(w.port)
	must(t, err)
	must(t, c.send(message(1)))
	w.until("the line is there", func() bool { found, _ := w.find(d.log); return found[1] == 1 })
}
