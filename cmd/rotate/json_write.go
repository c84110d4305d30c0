package main

import (
	"bufio"
	"bytes"
	"encoding/json"

	"rotate/rotate"
	"rotate/rotate/plan"
)

// writeJSON writes o as one document, a line for each log. It goes log by log,
// so that a hundred thousand cost no more memory than one.
func writeJSON(w *bufio.Writer, o *outcome) error {
	d := &document{w: w}
	d.open(jsonHead{Version: 1, Time: o.now, DryRun: o.dryRun, OK: o.ok()}, "policies")
	if o.plan != nil {
		reports := reportsOf(o.report)
		for i := range o.plan.Policies {
			pp := &o.plan.Policies[i]
			d.next(i)
			d.open(makePolicy(pp.Policy), "logs")
			for k := range pp.Logs {
				l := &pp.Logs[k]
				d.next(k)
				d.put(makeLog(o.plan, pp, l, reports[l], o.report))
			}
			d.text("\n]}")
		}
	}
	d.text("\n]")
	d.close(makeTail(o))
	return d.err
}

// reportsOf finds the reports of logs.
func reportsOf(r *rotate.Report) map[*plan.LogPlan]*rotate.LogReport {
	if r == nil {
		return nil
	}
	reports := make(map[*plan.LogPlan]*rotate.LogReport, len(r.Logs))
	for _, l := range r.Logs {
		reports[l.Log] = l
	}
	return reports
}

// document writes an object piece by piece.
type document struct {
	w   *bufio.Writer
	buf bytes.Buffer
	err error
}

// encode returns v as JSON, valid until the next call.
func (d *document) encode(v any) []byte {
	d.buf.Reset()
	e := json.NewEncoder(&d.buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil && d.err == nil {
		d.err = err
	}
	return bytes.TrimSpace(d.buf.Bytes())
}

// open writes the object v, but for its end, and the beginning of an array in it.
func (d *document) open(v any, array string) {
	d.text(string(bytes.TrimSuffix(d.encode(v), []byte("}"))))
	d.text(`,"` + array + `":[`)
}

// next begins element i of an array.
func (d *document) next(i int) {
	if i > 0 {
		d.text(",")
	}
	d.text("\n")
}

func (d *document) put(v any) { d.text(string(d.encode(v))) }

// close writes the fields of v into the open object, and ends it.
func (d *document) close(v any) {
	d.text(",")
	d.text(string(bytes.TrimPrefix(d.encode(v), []byte("{"))))
	d.text("\n")
}

func (d *document) text(s string) {
	if _, err := d.w.WriteString(s); err != nil && d.err == nil {
		d.err = err
	}
}
