package differential

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// What this file asks looks at lines alone, whatever is tolerated of names and
// attributes.

// lost lists the lines that logrotate still has, in its tree or in a mail, and
// rotate has not; and those that rotate has more often.
func lost(theirs, ours *sight) (all []string) {
	a, b := theirs.lines(true), ours.lines(true)
	for _, line := range slices.Sorted(maps.Keys(a)) {
		if b[line] == 0 {
			all = append(all, fmt.Sprintf("lost: %q", line))
		}
	}
	for _, line := range slices.Sorted(maps.Keys(b)) {
		if n := a[line]; n > 0 && b[line] > n {
			all = append(all, fmt.Sprintf("%d times instead of %d: %q", b[line], n, line))
		}
	}
	return all[:min(len(all), 10)]
}

var (
	copies  = regexp.MustCompile(`(?m)^\s*copy\s*$`)
	removes = regexp.MustCompile(`(?m)^\s*(rotate[ \t=]+0\s*$|maxage)`)
	keeps   = regexp.MustCompile(`(?m)^\s*rotate[ \t=]+[1-9]`)
)

// strayed lists the lines that were in a log before a run of rotate, and are
// not exactly once in its tree after it. It knows nothing of logrotate, only
// that a configuration with a rotate above 0 keeps what was just turned.
func strayed(conf string, before map[string]int, after *sight) (all []string) {
	if removes.MatchString(conf) || !keeps.MatchString(conf) || len(before) == 0 {
		return nil
	}
	n := after.lines(false)
	for _, line := range slices.Sorted(maps.Keys(before)) {
		if n[line] == 0 || n[line] > before[line] && !copies.MatchString(conf) {
			all = append(all, fmt.Sprintf("%d times instead of %d: %q", n[line], before[line], line))
		}
	}
	return all[:min(len(all), 10)]
}

// live counts the lines in the logs themselves.
func (w *world) live() map[string]int {
	n := map[string]int{}
	for _, log := range w.logs {
		info, err := os.Lstat(w.path(log))
		if err != nil || !info.Mode().IsRegular() || archived.MatchString(log) {
			continue // it need not be there afterwards
		}
		text, err := os.ReadFile(w.path(log))
		if err != nil {
			continue // it is gone
		}
		for range info.Sys().(*syscall.Stat_t).Nlink {
			count(n, string(text))
		}
	}
	return n
}

// lines counts the lines in files, and in mails. A file of several names counts
// once for each.
func (s *sight) lines(mails bool) map[string]int {
	n := map[string]int{}
	for _, f := range s.tree {
		if f.mode.IsRegular() {
			count(n, f.text)
		}
	}
	for _, m := range s.mails {
		if mails {
			count(n, m)
		}
	}
	return n
}

func count(n map[string]int, text string) {
	if strings.HasPrefix(text, "\x00") {
		return // sparse
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "log/") {
			n[line]++
		}
	}
}
