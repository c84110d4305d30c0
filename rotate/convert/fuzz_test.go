package convert_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

// FuzzTOML writes whatever the reader makes of a text. TOML itself makes sure
// that the result means the same.
func FuzzTOML(f *testing.F) {
	files, err := filepath.Glob(corpus + "/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") {
			t.Skip("what the machine has in its folders is none of the test's business")
		}
		config, _ := policy.ParseBlocks("fuzz", []byte(text)) // what is in error is not converted
		_, _, err := convert.TOML(config.Policies, map[string]string{"fuzz": text})
		if _, said := errors.AsType[policy.Errors](err); err != nil && !said {
			t.Fatal(err)
		}
	})
}

// FuzzScript reads whatever a script may be.
func FuzzScript(f *testing.F) {
	f.Add("[ ! -f /run/a.pid ] || kill -USR2 $(cat /run/a.pid)")
	f.Add("if [ -x /usr/sbin/invoke-rc.d ]; then invoke-rc.d a reload; else /etc/init.d/a reload; fi")
	f.Add("PID=/run/a.pid; test -s $PID && kill -1 `cat \"${PID}\"` 2>/dev/null | logger -t a; exit 0")
	f.Add("start-stop-daemon -K -s HUP -p /run/a.pid; pkill -x -HUP a; killall -s USR1 b; systemctl kill -sHUP c; systemctl kill --kill-who=main -sHUP d")
	f.Fuzz(func(t *testing.T, text string) {
		told, ok := convert.Script(text)
		for _, target := range told.Targets {
			if ok == (!target.Signals() && len(target.Command) == 0) {
				t.Errorf("%+v", target)
			}
		}
	})
}
