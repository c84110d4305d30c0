package convert

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// inline puts the values of variables in their places, for a script that first
// of all sets them to plain text and never again: PID=/run/app.pid.
func inline(file *syntax.File) {
	values := map[string]string{}
	n := 0
	for ; n < len(file.Stmts) && assigns(file.Stmts[n], values); n++ {
	}
	if n == 0 {
		return
	}
	rest := file.Stmts[n:]
	for _, s := range rest {
		syntax.Walk(s, func(node syntax.Node) bool {
			if a, again := node.(*syntax.Assign); again && a.Name != nil {
				delete(values, a.Name.Value)
			}
			return true
		})
	}
	left := false
	for _, s := range rest {
		syntax.Walk(s, func(node syntax.Node) bool {
			switch w := node.(type) {
			case *syntax.Word:
				replace(w.Parts, values)
			case *syntax.DblQuoted:
				replace(w.Parts, values)
			case *syntax.ParamExp:
				left = true
			}
			return true
		})
	}
	if !left {
		file.Stmts = rest
	}
}

// assigns reads a command that only sets variables to plain text.
func assigns(s *syntax.Stmt, values map[string]string) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) > 0 || len(c.Assigns) == 0 || s.Negated || s.Background || len(s.Redirs) > 0 {
		return false
	}
	for _, a := range c.Assigns {
		value, ok := literal(a.Value)
		if _, twice := values[a.Name.Value]; !ok || twice || a.Append || value == "" || strings.ContainsAny(value, " \t\n*?[]{}\\~'\"") {
			return false
		}
	}
	for _, a := range c.Assigns {
		value, _ := literal(a.Value)
		values[a.Name.Value] = value
	}
	return true
}

// replace puts values in the places of $NAME and ${NAME}.
func replace(parts []syntax.WordPart, values map[string]string) {
	for i, part := range parts {
		p, ok := part.(*syntax.ParamExp)
		if !ok || p.Length || p.Exp != nil { // a POSIX shell has no more
			continue
		}
		if value, ok := values[p.Param.Value]; ok {
			parts[i] = &syntax.Lit{Value: value}
		}
	}
}
