package host

import (
	"os/exec"
	"strings"
	"testing"
)

// told is a test that is told how it ends.
type told struct {
	testing.TB
	how string
}

func (t *told) Helper()      {}
func (t *told) Fatal(...any) { t.how += "failed" }
func (t *told) Skip(...any)  { t.how += "skipped" }

func TestNeeds(t *testing.T) {
	for ci, want := range map[string]string{"true": "failed", "": "skipped"} {
		t.Setenv("CI", ci)
		for program, want := range map[string]string{"sh": "", "sh-that-nobody-has": want} {
			end := &told{TB: t}
			if Needs(end, program); end.how != want {
				t.Errorf("CI=%s, without %s: %q, want %q", ci, program, end.how, want)
			}
		}
	}
}

func TestProgramIsShippable(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(Program(t), "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "rotate ") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestMain(m *testing.M) { Tests{m}.Run() }
