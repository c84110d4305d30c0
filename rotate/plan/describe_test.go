package plan

import (
	"fmt"
	"strings"
	"time"
)

// describe writes a plan as the golden files have it.
func describe(p *Plan) string {
	var b strings.Builder
	for _, pp := range p.Policies {
		for _, problem := range pp.Problems {
			fmt.Fprintf(&b, "problem %s: %s\n", problem.Path, problem.Reason.Text(p.Now.Location()))
		}
		for _, l := range pp.Logs {
			fmt.Fprintf(&b, "%s %s: %s\n", l.Action, l.Path(), l.Reason().Text(p.Now.Location()))
			w := l.Work()
			for _, s := range w.Turn {
				fmt.Fprintf(&b, "  %s\n", describeStep(s))
			}
			for _, at := range w.Settle {
				fmt.Fprintf(&b, "  settle %s\n", at.Path())
			}
			for _, s := range w.Finish {
				fmt.Fprintf(&b, "  %s\n", describeStep(s))
			}
		}
	}
	return b.String()
}

func describeStep(s Step) string {
	text := s.Op.String() + " " + s.From.Path()
	if s.To.Dir != nil {
		text += " -> " + s.To.Path()
	}
	if s.Reason.Code != 0 {
		text += ": " + s.Reason.Text(time.UTC)
	}
	return text
}
