package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// reference is the page that documents the document.
const reference = "../../docs/json.md"

func documentOf(t *testing.T, o *outcome) string {
	t.Helper()
	w := newWritten(ascii)
	if err := writeJSON(w.voice.out, o); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	return w.out.String()
}

// outcomeOf is the fixture as a run, or as its dry run.
func outcomeOf(f fixture, dryRun bool) *outcome {
	o := &outcome{
		now: night, dryRun: dryRun, plan: f.plan,
		warnings: []error{errors.New("/var/lib/rotate/status:7: bad line")},
		errs: []error{&policy.Error{
			Pos:  policy.Position{File: "/etc/rotate.d/web.toml", Line: 3, Col: 1},
			Text: `unknown key "rotat"`, Hint: `did you mean "rotate"?`,
		}},
	}
	if !dryRun {
		o.report, o.targets = f.report, f.report.Targets
	}
	return o
}

// The example in docs/json.md is what the program prints.
func TestJSONReference(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "```json\n")
	old, after, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("docs/json.md has no example")
	}
	small := newFixtureOf(1)
	small.plan.Policies = small.plan.Policies[:1]
	var example bytes.Buffer
	if err := json.Indent(&example, []byte(documentOf(t, outcomeOf(small, false))), "", "  "); err != nil {
		t.Fatal(err)
	}
	if example.String() == old {
		return
	}
	if *update {
		if err := os.WriteFile(reference, []byte(before+"```json\n"+example.String()+"```"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the example in %s is not what is printed (go test ./cmd/rotate -run JSON -update):\n%s", reference, example.String())
}

// Every field that the reference describes is there, and the other way round.
func TestJSONReferenceNamesEveryField(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fieldNames(jsonHead{}, jsonPolicy{}, jsonPosition{}, jsonNotify{}, jsonLog{}, jsonPath{}, jsonReason{},
		jsonStep{}, jsonArchive{}, jsonHolder{}, jsonTarget{}, jsonProcess{}, jsonProblem{}, jsonError{}, jsonTail{}) {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("%s does not describe %q", reference, name)
		}
	}
}

func TestJSONDryRunHasThePlanOnly(t *testing.T) {
	t.Parallel()
	text := documentOf(t, outcomeOf(newFixture(), true))
	for _, field := range []string{`"done"`, `"turned"`, `"released"`, `"after_ms"`, `"processes"`} {
		if strings.Contains(text, field) {
			t.Errorf("a dry run has %s", field)
		}
	}
	if !json.Valid([]byte(text)) {
		t.Errorf("not JSON: %s", text)
	}
}

func TestJSONOfARunThatFailedEarly(t *testing.T) {
	t.Parallel()
	var got struct {
		OK       bool
		Policies []any
		Errors   []jsonError
	}
	text := documentOf(t, &outcome{now: night, errs: []error{syscall.ENOSPC}})
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if got.OK || got.Policies == nil || len(got.Errors) != 1 || got.Errors[0].Hint == "" {
		t.Errorf("got %+v", got)
	}
}

// Policies without logs, and logs without steps, leave no comma too many.
func TestJSONIsOneDocument(t *testing.T) {
	t.Parallel()
	empty := plan.PolicyPlan{Policy: &policy.Policy{Name: "none"}}
	full := newFixture().plan.Policies[0]
	for n, policies := range [][]plan.PolicyPlan{{}, {empty}, {empty, full}, {full, empty, empty}, {full, full}} {
		text := documentOf(t, &outcome{now: night, plan: &plan.Plan{Now: night, Policies: policies}})
		if !json.Valid([]byte(text)) {
			t.Errorf("%d: not JSON: %s", n, text)
		}
	}
}

// A path is found again, whatever bytes it has.
func TestJSONPathsSurvive(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/a/b.log", "/a/<&>.log", "/a/caf\xc3\xa9", "/a/caf\xe9", "/a/\xff\xfe\n\"\\", "/a/\ufffd"} {
		dir := &plan.Dir{Path: "/a", Free: -1}
		l := plan.LogFacts{Place: plan.Place{Dir: dir, Name: path[3:]}, Archive: dir}
		o := &outcome{now: night, plan: plan.Decide(&plan.Facts{Now: night, Policies: []plan.PolicyFacts{
			{Policy: &policy.Policy{}, Logs: []plan.LogFacts{l}},
		}})}
		var got struct {
			Policies []struct {
				Logs []struct {
					Path  string
					Bytes []byte `json:"path_base64"`
				}
			}
		}
		if err := json.Unmarshal([]byte(documentOf(t, o)), &got); err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		log := got.Policies[0].Logs[0]
		found := log.Path
		if log.Bytes != nil {
			found = string(log.Bytes)
		}
		if found != path {
			t.Errorf("%q came back as %q", path, found)
		}
	}
}

// The document is written log by log: what it takes beside the plan does not
// grow with the number of logs.
func TestJSONTakesNoMemoryPerLog(t *testing.T) {
	dir := &plan.Dir{Path: "/a", Free: -1}
	logs := make([]plan.LogFacts, 20_000)
	for i := range logs {
		logs[i] = plan.LogFacts{Place: plan.Place{Dir: dir, Name: "app.log"}, Archive: dir}
	}
	o := &outcome{now: night, plan: plan.Decide(&plan.Facts{Now: night, Policies: []plan.PolicyFacts{{Policy: &policy.Policy{}, Logs: logs}}})}
	o.report = &rotate.Report{Plan: o.plan}
	w := &writes{}
	v := newWritten(ascii)
	v.voice.out.Reset(w)
	if err := writeJSON(v.voice.out, o); err != nil {
		t.Fatal(err)
	}
	if w.n < 20 {
		t.Errorf("the document of %d logs came in %d writes", len(logs), w.n)
	}
}

// writes counts calls of Write.
type writes struct{ n int }

func (w *writes) Write(p []byte) (int, error) {
	w.n++
	return len(p), nil
}

// fieldNames lists the names that the fields of structs have in JSON.
func fieldNames(structs ...any) (names []string) {
	for _, s := range structs {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s)) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
