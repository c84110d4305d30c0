package convert

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// literal returns a word that the shell takes as it is.
func literal(w *syntax.Word) (string, bool) {
	s, globs, ok := unquote(w)
	return s, ok && !globs
}

func literals(words []*syntax.Word) (out []string, ok bool) {
	for _, w := range words {
		s, ok := literal(w)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, len(out) > 0
}

// unquote returns the text of a word without variables and substitutions, and
// whether the shell would look for files that match it.
func unquote(w *syntax.Word) (s string, globs, ok bool) {
	if w == nil {
		return "", false, false
	}
	var b strings.Builder
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			text, plain := unescape(p.Value)
			if !plain {
				return "", false, false
			}
			globs = globs || strings.ContainsAny(p.Value, "*?") || p.Value != "[" && strings.Contains(p.Value, "[")
			b.WriteString(text)
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false, false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				l, isLit := inner.(*syntax.Lit)
				if !isLit || strings.Contains(l.Value, `\`) {
					return "", false, false
				}
				b.WriteString(l.Value)
			}
		default:
			return "", false, false
		}
	}
	return b.String(), globs, true
}

// unescape takes the backslashes from unquoted text. It reads no tilde and
// nothing that is escaped and special to a pattern.
func unescape(s string) (string, bool) {
	if strings.HasPrefix(s, "~") {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i == len(s) || strings.IndexByte(`*?[]{}\`, s[i]) >= 0:
			return "", false
		case s[i] != '\n':
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// base is what a program is called, whatever its folder.
func base(program string) string { return path.Base(program) }

// pidfile returns a word that names a file with a pid, or a pattern of such
// files, as a target has it.
func pidfile(w *syntax.Word) (string, bool) {
	s, globs, ok := unquote(w)
	if !ok || !isPidfile(s) || strings.ContainsAny(s, "*?") && !globs {
		return "", false
	}
	return s, true
}

func isPidfile(s string) bool {
	return strings.HasPrefix(s, "/") && path.Clean(s) == s && !strings.ContainsAny(s, "[]{}\\\n")
}

// pidOf returns the pidfiles whose contents a word of a kill command is:
// $(cat FILE), `cat FILE 2>/dev/null`, $(<FILE).
func pidOf(w *syntax.Word) (files []string, ok bool) {
	parts := w.Parts
	if len(parts) == 1 {
		if q, quoted := parts[0].(*syntax.DblQuoted); quoted && !q.Dollar {
			parts = q.Parts
		}
	}
	if len(parts) != 1 {
		return nil, false
	}
	sub, isSub := parts[0].(*syntax.CmdSubst)
	if !isSub || len(sub.Stmts) != 1 {
		return nil, false
	}
	return catOf(sub.Stmts[0])
}

// catOf returns the files whose contents a command prints.
func catOf(s *syntax.Stmt) (files []string, ok bool) {
	if s.Negated || s.Background {
		return nil, false
	}
	for _, r := range s.Redirs {
		if to, ok := literal(r.Word); !ok || to != "/dev/null" || r.Op != syntax.RdrOut || r.N == nil || r.N.Value != "2" {
			return nil, false
		}
	}
	switch c := s.Cmd.(type) {
	case *syntax.BinaryCmd: // cat FILE || true
		if c.Op == syntax.OrStmt && isNothing(c.Y) {
			return catOf(c.X)
		}
	case *syntax.CallExpr:
		if len(c.Assigns) > 0 || len(c.Args) < 2 {
			return nil, false
		}
		if program, ok := literal(c.Args[0]); !ok || base(program) != "cat" {
			return nil, false
		}
		for _, w := range c.Args[1:] {
			file, ok := pidfile(w)
			if !ok {
				return nil, false
			}
			files = append(files, file)
		}
		return files, true
	}
	return nil, false
}
