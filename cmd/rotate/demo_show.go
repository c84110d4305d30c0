package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/signaler"
)

func (d *demo) title(format string, args ...any) {
	d.say("\n%s", d.bold(fmt.Sprintf(format, args...)))
}

func (d *demo) green(text string) string { return d.paint("1;32", text) }

// process introduces a process of the service.
func (d *demo) process(who, remark string) {
	d.say("  %-8s  pid %-7d  %s", who, d.service.pids[who], remark)
}

// columns makes a line of the table of runs.
func (d *demo) columns(run, renamed, told, released, compressed string) {
	d.say("  %-2s %-8s %-15s %s %s", run, renamed, told, released, compressed)
}

func (d *demo) head() {
	d.columns("", "renamed", "told", pad("released"), "compressed")
}

func pad(s string) string { return fmt.Sprintf("%-16s", s) }

// row shows what a run did.
func (d *demo) row(r *rotate.Report) {
	turned, renamed, packed := 0, "nothing", "nothing"
	var in, out int64
	for _, l := range r.Logs {
		if l.Turned {
			turned++
			renamed = count(turned, "log")
		}
		for _, s := range l.Steps() {
			if s.Op == plan.Compress && s.Done {
				in, out = in+s.In, out+s.Out
				packed = size(in) + " " + d.arrow + " " + size(out)
			}
		}
	}
	d.columns(strconv.Itoa(d.runs), renamed, whom(r), d.released(r), packed)
}

// whom says who got a signal.
func whom(r *rotate.Report) string {
	for _, t := range r.Targets {
		for _, p := range t.Told {
			return fmt.Sprintf("%s %d", name(p.Name), p.PID)
		}
	}
	return "nobody"
}

// released says when the last writer let go of the last archive, or who did not.
func (d *demo) released(r *rotate.Report) string {
	var after time.Duration
	for _, l := range r.Logs {
		for _, s := range l.Settled() {
			after = max(after, s.After)
			if s.Status != signaler.Held {
				continue
			}
			if len(s.Holders) == 0 {
				return d.red(pad("no"))
			}
			return d.red(pad("not by " + name(s.Holders[0].Name)))
		}
	}
	return d.green(pad("after " + took(after)))
}

// complain shows what runs have said to be wrong, within the width of the page.
func (d *demo) complain() {
	for line := range strings.Lines(d.complaints.String()) {
		words := strings.Fields(line)
		d.wrap(2, words[0]+" ", words[1:])
	}
	d.complaints.Reset()
}

// gauge shows, on a terminal, how the log grows.
func (d *demo) gauge() {
	if info, err := os.Stat(d.path(accessLog)); err == nil && d.colour {
		fmt.Fprintf(d.out, "\r  %s", d.dim(accessLog+" "+size(info.Size())+"  "))
		_ = d.flush() // told when the act is over
	}
}

// erase takes the gauge away.
func (d *demo) erase() {
	if d.colour {
		fmt.Fprint(d.out, "\r\x1b[K")
	}
}

// verdict says what was counted.
func (d *demo) verdict(t *tally) error {
	text := fmt.Sprintf("%s lines written, %s found, %s lost, %s doubled",
		grouped(t.written), grouped(t.found), grouped(t.lost()), grouped(t.doubled))
	if t.strange > 0 {
		text += ", " + grouped(t.strange) + " strange"
	}
	if !t.right() {
		d.say("  %s", d.red(text))
		return errors.New("the lines that are there are not those that were written")
	}
	d.say("  %s", d.green(text))
	return nil
}

// grouped is n with its thousands apart: 1,234,567.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
