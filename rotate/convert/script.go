package convert

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"rotate/rotate/policy"
)

// Telling is what a script does, if all it does is to tell services to reopen
// their logs.
type Telling struct {
	Targets  []policy.Target
	Comments []string // of the script, without "#"
	Odd      []string // what means something else than it did, in a few words
}

// Script reads a script of /bin/sh. ok is false if anything in it is not
// understood; then the script must stay as it is.
func Script(text string) (t Telling, ok bool) {
	p := syntax.NewParser(syntax.Variant(syntax.LangPOSIX), syntax.KeepComments(true))
	file, err := p.Parse(strings.NewReader(text), "")
	if err != nil {
		return Telling{}, false
	}
	inline(file)
	acts, ok := script(file.Stmts)
	if !ok || len(acts) == 0 {
		return Telling{}, false
	}
	for i, a := range acts {
		if i < len(acts)-1 {
			a.ignored = true // a script ends as its last command does
		}
		t.add(a)
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		if c, isComment := n.(*syntax.Comment); isComment {
			t.Comments = append(t.Comments, c.Text)
		}
		return true
	})
	return t, true
}

func (t *Telling) add(a act) {
	if !slices.ContainsFunc(t.Targets, func(b policy.Target) bool { return a.target.Key() == b.Key() }) {
		t.Targets = append(t.Targets, a.target)
	}
	if a.odd != "" {
		t.Odd = append(t.Odd, a.odd)
	}
	if a.ignored && !a.target.Signals() {
		t.Odd = append(t.Odd, fmt.Sprintf("the run fails if %q fails; the script ignored that", strings.Join(a.target.Command, " ")))
	}
}

// act is a command that tells a service, and what became of it in the script.
type act struct {
	target  policy.Target
	service string // "NAME ACTION", if a service manager is asked; "" otherwise
	odd     string // see Telling
	ignored bool   // its failure is not the script's
}

// script reads the commands of a whole script, which alone may end it.
func script(list []*syntax.Stmt) (acts []act, ok bool) {
	list, exits := trimExit(list)
	var guards []guard
	for len(list) > 0 {
		more, leaves := leavesUnless(list[0])
		if !leaves {
			break
		}
		guards = append(guards, more...)
		list = list[1:]
	}
	acts, ok = sequence(list, guards)
	if exits {
		ignore(acts)
	}
	return acts, ok
}

// trimExit removes an exit at the end of a script, or where its last command
// fails.
func trimExit(list []*syntax.Stmt) (rest []*syntax.Stmt, exits bool) {
	if len(list) == 0 {
		return nil, false
	}
	last := list[len(list)-1]
	if isExit(last) {
		return list[:len(list)-1], true
	}
	if c, ok := last.Cmd.(*syntax.BinaryCmd); ok && c.Op == syntax.OrStmt && isExit(c.Y) && !last.Negated && isQuiet(last) {
		if _, asks := condition(c.X, true); !asks {
			return append(slices.Clip(list[:len(list)-1]), c.X), true
		}
	}
	return list, false
}

// sequence reads commands one after the other, which run if guards hold.
func sequence(list []*syntax.Stmt, guards []guard) (acts []act, ok bool) {
	for _, s := range list {
		if isNothing(s) {
			ignore(acts)
			continue
		}
		more, ok := statement(s, guards)
		if !ok {
			return nil, false
		}
		acts = append(acts, more...)
	}
	return acts, true
}

func ignore(acts []act) {
	for i := range acts {
		acts[i].ignored = true
	}
}

// statement reads a command that runs if guards hold.
func statement(s *syntax.Stmt, guards []guard) (acts []act, ok bool) {
	if s.Negated || !isQuiet(s) {
		return nil, false
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		a, ok := call(c)
		return []act{a}, ok && a.allows(guards)
	case *syntax.Block:
		return sequence(c.Stmts, guards)
	case *syntax.Subshell:
		return sequence(c.Stmts, guards)
	case *syntax.BinaryCmd:
		return binary(c, guards)
	case *syntax.IfClause:
		return branches(c, guards)
	}
	return nil, false
}

func binary(c *syntax.BinaryCmd, guards []guard) (acts []act, ok bool) {
	switch c.Op {
	case syntax.AndStmt:
		if more, ok := condition(c.X, true); ok {
			return statement(c.Y, append(slices.Clip(guards), more...))
		}
	case syntax.OrStmt:
		if isNothing(c.Y) {
			acts, ok = statement(c.X, guards)
			ignore(acts)
			return acts, ok
		}
		if more, ok := condition(c.X, false); ok {
			return statement(c.Y, append(slices.Clip(guards), more...))
		}
	case syntax.Pipe:
		if a, ok := xargs(c); ok {
			return []act{a}, a.allows(guards)
		}
		if words, ok := simple(c.Y); ok && base(words[0]) == "logger" {
			acts, ok = statement(c.X, guards)
			ignore(acts)
			return acts, ok
		}
	}
	return nil, false
}

// branches reads if … then … else … fi, where both branches mean the same.
func branches(c *syntax.IfClause, guards []guard) (acts []act, ok bool) {
	more, ok := conditions(c.Cond)
	if !ok {
		return nil, false
	}
	if c.Else == nil {
		return sequence(c.Then, append(slices.Clip(guards), more...))
	}
	if c.Else.ThenPos.IsValid() { // elif
		return nil, false
	}
	// One of the two runs whatever is the case, so what the condition asks for
	// does not matter if they are the same.
	then, ok1 := sequence(c.Then, guards)
	other, ok2 := sequence(c.Else.Then, guards)
	if !ok1 || !ok2 || len(then) != 1 || len(other) != 1 {
		return nil, false
	}
	switch {
	case then[0].target.Pidfile != "" && then[0].target.Pidfile == other[0].target.Pidfile && then[0].target.Signal == other[0].target.Signal:
		return then, true
	case then[0].service != "" && then[0].service == other[0].service:
		if slices.Contains(more, guard{kind: present, name: systemd}) {
			return other, true // what asks for no systemd does with it, too
		}
		return then, true
	}
	return nil, false
}

// isNothing reports whether a command does nothing and succeeds.
func isNothing(s *syntax.Stmt) bool {
	words, ok := simple(s)
	if !ok {
		return false
	}
	switch words[0] {
	case "true", "/bin/true", ":":
		return true
	case "set":
		return len(words) == 2 && (words[1] == "-e" || words[1] == "+e")
	}
	return false
}

// isExit reports whether a command ends the script well.
func isExit(s *syntax.Stmt) bool {
	words, ok := simple(s)
	return ok && words[0] == "exit" && (len(words) == 1 || slices.Equal(words, []string{"exit", "0"}))
}

// simple returns the words of a command without conditions, variables and
// redirections to files.
func simple(s *syntax.Stmt) ([]string, bool) {
	c, isCall := s.Cmd.(*syntax.CallExpr)
	if !isCall || s.Negated || !isQuiet(s) || len(c.Assigns) > 0 {
		return nil, false
	}
	return literals(c.Args)
}

// isQuiet reports whether a command runs in the foreground and its output goes
// nowhere but to the terminal or /dev/null.
func isQuiet(s *syntax.Stmt) bool {
	if s.Background || s.Coprocess || s.Disown {
		return false
	}
	for _, r := range s.Redirs {
		to, ok := literal(r.Word)
		switch {
		case !ok:
			return false
		case r.Op == syntax.DplOut && (to == "1" || to == "2"):
		case (r.Op == syntax.RdrOut || r.Op == syntax.AppOut) && to == "/dev/null":
		case r.Op == syntax.RdrIn && to == "/dev/null":
		default:
			return false
		}
	}
	return true
}
