package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// work is a folder full of logs, and what both programs are asked to do.
type work struct {
	name     string
	due      bool
	dated    bool
	archives int
	counts   []int
}

func manyLogs(rotate string, runs, most int) error {
	fmt.Println("Many logs of 1 KiB in one folder: wall time and peak memory, medians.")
	fmt.Print("\n| work | logs | rotate | logrotate | ratio |\n| --- | ---: | --- | --- | ---: |\n")
	for _, w := range []work{
		{name: "nothing due", counts: []int{1, 1000, 10_000, 100_000}},
		{name: "due, numbered, no archives", due: true, counts: []int{1, 1000, 10_000, 100_000}},
		{name: "due, numbered, 7 archives each", due: true, archives: 7, counts: []int{1000, 10_000}},
		{name: "due, dated, 7 archives each", due: true, dated: true, archives: 7, counts: []int{1000}},
	} {
		for _, n := range w.counts {
			if n > most {
				continue
			}
			if err := w.compare(rotate, runs, n); err != nil {
				return fmt.Errorf("%s, %d logs: %w", w.name, n, err)
			}
		}
	}
	fmt.Println()
	return nil
}

func (w work) compare(rotate string, runs, logs int) error {
	if logs >= 100_000 {
		runs = 1 // minutes each
	}
	var ours, theirs []usage
	for range runs {
		for _, side := range []struct {
			all    *[]usage
			config string
			argv   func(config, state string) []string
		}{
			{&ours, "toml", func(c, s string) []string { return []string{rotate, "-s", s, c} }},
			{&theirs, "conf", func(c, s string) []string { return []string{"logrotate", "-s", s, c} }},
		} {
			err := withDisk(int64(logs*(w.archives+2))*6<<10+256<<20, func(dir string) error {
				if err := w.make(dir, logs); err != nil {
					return err
				}
				u, err := measure(dir, side.argv(filepath.Join(dir, "rotate."+side.config), filepath.Join(dir, "state"))...)
				*side.all = append(*side.all, u)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	a, b := median(ours), median(theirs)
	fmt.Printf("| %s | %d | %s | %s | %.2f |\n", w.name, logs, a, b, a.wall.Seconds()/b.wall.Seconds())
	return nil
}

// make fills dir with the logs, their archives, a state and both
// configurations.
func (w work) make(dir string, logs int) error {
	folder := filepath.Join(dir, "log")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	text := []byte(strings.Repeat("a line of an access log, more or less\n", 27))
	last := time.Now()
	if w.due {
		last = last.AddDate(0, 0, -2)
	}
	var state strings.Builder
	state.WriteString("logrotate state -- version 2\n")
	for i := range logs {
		log := filepath.Join(folder, fmt.Sprintf("app%06d.log", i))
		names := []string{log}
		for g := range w.archives {
			archive := fmt.Sprintf("%s.%d", log, g+1)
			if w.dated {
				archive = log + last.AddDate(0, 0, -g).Format("-20060102")
			}
			names = append(names, archive)
		}
		for _, name := range names {
			if err := os.WriteFile(name, text, 0o644); err != nil {
				return err
			}
		}
		fmt.Fprintf(&state, "%q %s\n", log, last.Format("2006-1-2-15:4:5"))
	}
	dateext, conf := "", ""
	if w.dated {
		dateext, conf = "dateext = true\n", "dateext\n"
	}
	for name, text := range map[string]string{
		"state":       state.String(),
		"rotate.toml": fmt.Sprintf("[log.bench]\npaths = [%q]\nfrequency = \"daily\"\nrotate = 7\ncreate = true\n%s", folder+"/*.log", dateext),
		"rotate.conf": fmt.Sprintf("%s/*.log {\ndaily\nrotate 7\ncreate\n%s}\n", folder, conf),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			return err
		}
	}
	return nil
}
