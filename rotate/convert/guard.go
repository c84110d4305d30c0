package convert

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// guard is what must hold for a command of a script to run.
type guard struct {
	kind guardKind
	name string
}

type guardKind uint8

const (
	exists  guardKind = iota + 1 // a file is there
	present                      // a program is installed, or systemd runs
	running                      // a service runs
)

// systemd is the folder by which one knows that systemd runs, sd_booted(3).
const systemd = "/run/systemd/system"

// allows reports whether a may take the place of what the script does where
// all guards hold: a target looks itself whether there is a pidfile, and whom
// it names. A command has nothing of the kind.
func (a act) allows(guards []guard) bool {
	return !slices.ContainsFunc(guards, func(g guard) bool { return !a.implies(g) })
}

func (a act) implies(g guard) bool {
	if a.target.Pidfile != "" {
		return g.kind != exists || sameFile(g.name, a.target.Pidfile)
	}
	switch {
	case a.target.Unit == "":
	case g.kind == running:
		return true
	case g.kind == present:
		return g.name == systemd || manager(g.name) || strings.HasPrefix(a.target.Unit, base(g.name)+".")
	default:
		return false
	}
	switch g.kind {
	case present:
		return g.name == systemd || manager(g.name) || a.runs(g.name) || strings.HasPrefix(a.service, base(g.name)+" ")
	case exists:
		return a.runs(g.name)
	}
	return false
}

// runs reports whether the command of a is the program, or one of that name.
func (a act) runs(program string) bool {
	return program == a.target.Command[0] || base(program) == base(a.target.Command[0]) && (program[0] != '/' || a.target.Command[0][0] != '/')
}

// sameFile knows that /var/run is /run.
func sameFile(a, b string) bool {
	return strings.TrimPrefix(a, "/var") == strings.TrimPrefix(b, "/var")
}

// conditions reads the commands between if and then, the last of which decides.
func conditions(list []*syntax.Stmt) ([]guard, bool) {
	if len(list) != 1 {
		return nil, false
	}
	return condition(list[0], true)
}

// condition reads what holds if a command succeeds, or fails where want is
// false.
func condition(s *syntax.Stmt, want bool) ([]guard, bool) {
	if !isQuiet(s) {
		return nil, false
	}
	if s.Negated {
		want = !want
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return test(c, want)
	case *syntax.Block:
		return blockCondition(c.Stmts, want)
	case *syntax.Subshell:
		return blockCondition(c.Stmts, want)
	case *syntax.BinaryCmd:
		if all := c.Op == syntax.AndStmt && want || c.Op == syntax.OrStmt && !want; !all {
			return nil, false // one of several things holds
		}
		x, okX := condition(c.X, want)
		y, okY := condition(c.Y, want)
		return append(x, y...), okX && okY
	}
	return nil, false
}

func blockCondition(list []*syntax.Stmt, want bool) ([]guard, bool) {
	if len(list) != 1 {
		return nil, false
	}
	return condition(list[0], want)
}

// test reads the commands that scripts ask with.
func test(c *syntax.CallExpr, want bool) ([]guard, bool) {
	if len(c.Assigns) > 0 || len(c.Args) == 0 {
		return nil, false
	}
	if g, ok := pulse(c); ok {
		return g, want
	}
	words, ok := literals(c.Args)
	if !ok {
		return nil, false
	}
	if words[0] == "[" && words[len(words)-1] == "]" {
		words = append([]string{"test"}, words[1:len(words)-1]...)
	}
	switch base(words[0]) {
	case "test":
		return testExpr(words[1:], want)
	case "command":
		if len(words) == 3 && words[1] == "-v" && words[2] != "" {
			return []guard{{present, words[2]}}, want
		}
	case "which", "type", "hash":
		if len(words) == 2 && words[1] != "" {
			return []guard{{present, words[1]}}, want
		}
	case "pgrep", "pidof", "pidofproc":
		return []guard{{running, ""}}, want
	case "systemctl":
		return []guard{{running, ""}}, want && slices.Contains(words, "is-active")
	default:
		asksStatus := words[len(words)-1] == "status"
		return []guard{{running, ""}}, want && asksStatus && (manager(words[0]) || path.Dir(words[0]) == "/etc/init.d")
	}
	return nil, false
}

// pulse reads kill -0 $(cat FILE).
func pulse(c *syntax.CallExpr) ([]guard, bool) {
	if len(c.Args) != 3 {
		return nil, false
	}
	words, ok := literals(c.Args[:2])
	if !ok || base(words[0]) != "kill" || words[1] != "-0" {
		return nil, false
	}
	files, ok := pidOf(c.Args[2])
	if !ok || len(files) != 1 {
		return nil, false
	}
	return []guard{{exists, files[0]}}, true
}

// testExpr reads the arguments of test.
func testExpr(words []string, want bool) ([]guard, bool) {
	for len(words) > 0 && words[0] == "!" {
		words, want = words[1:], !want
	}
	if i := slices.Index(words, "-a"); i > 0 && want {
		x, okX := testExpr(words[:i], want)
		y, okY := testExpr(words[i+1:], want)
		return append(x, y...), okX && okY
	}
	if len(words) != 2 || !want || !strings.HasPrefix(words[1], "/") {
		return nil, false
	}
	switch name := words[1]; words[0] {
	case "-f", "-e", "-s", "-r":
		return []guard{{exists, name}}, true
	case "-x":
		return []guard{{present, name}}, true
	case "-d":
		return []guard{{present, name}}, name == systemd
	}
	return nil, false
}

// leavesUnless reads what ends the script well unless guards hold:
// [ -x PROGRAM ] || exit 0.
func leavesUnless(s *syntax.Stmt) ([]guard, bool) {
	if s.Negated || !isQuiet(s) {
		return nil, false
	}
	switch c := s.Cmd.(type) {
	case *syntax.BinaryCmd:
		if !isExit(c.Y) {
			return nil, false
		}
		switch c.Op {
		case syntax.OrStmt:
			return condition(c.X, true)
		case syntax.AndStmt:
			return condition(c.X, false)
		}
	case *syntax.IfClause:
		if c.Else == nil && len(c.Cond) == 1 && len(c.Then) == 1 && isExit(c.Then[0]) {
			return condition(c.Cond[0], false)
		}
	}
	return nil, false
}
