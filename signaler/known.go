package signaler

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall"
)

// Is reports whether s goes by a name: of a process, a program or a unit.
func (s *Service) Is(name string) bool {
	return s.process.MatchString(name) || s.unit != nil && s.unit.MatchString(name)
}

// PidfileOf is where the service that goes by a name has its pidfile, or "".
func (s *Service) PidfileOf(name string) string {
	if s.unit == nil || !s.unit.MatchString(name) {
		return s.Pidfile
	}
	return s.unit.ReplaceAllString(name, s.Pidfile)
}

// service is what is known of the program, or nil. A process may call itself
// what it likes; of an interpreter's, that alone says what it is.
func (p *Process) service() *Service {
	var found *Service
	all := services()
	for i := range all {
		s := &all[i]
		if s.process.MatchString(p.name) {
			return s
		}
		if found == nil && s.process.MatchString(path.Base(p.exe)) {
			found = s
		}
	}
	return found
}

// harm is what is known of the signal, or nothing.
func (p *Process) harm(sig syscall.Signal) (h harm) {
	s := p.service()
	if s == nil {
		return h
	}
	if i := slices.IndexFunc(s.harms, func(h harm) bool { return h.sig == sig }); i >= 0 {
		return s.harms[i]
	}
	return h
}

// Doubt says why sig may do something else than what a rotation wants of the
// process, with an [*Error], or nil. Where that is sure, Check refuses.
func (p *Process) Doubt(sig syscall.Signal) error {
	if p.ignored>>(sig-1)&1 == 1 {
		return p.fail(Harmful, nil, fmt.Sprintf("%s ignores %s, so it does not reopen its log on it", p.who(), signalName(sig)), p.better())
	}
	h := p.harm(sig)
	if h.does == "" {
		return nil
	}
	return p.fail(Harmful, nil, fmt.Sprintf("%s may take %s for something else: it %s", p.who(), signalName(sig), h.does), p.better())
}

// better names what would have the service reopen its logs.
func (p *Process) better() string {
	s := p.service()
	switch {
	case s == nil:
		return "name the signal on which the service reopens its logs, and the pidfile of its master"
	case s.Instead != "":
		return s.Name + ": " + s.Instead
	}
	var names []string
	for _, sig := range s.Reopen {
		names = append(names, signalName(sig))
	}
	if len(names) == 0 {
		return "see the manual of " + s.Name
	}
	text := s.Name + " reopens its logs on " + strings.Join(names, " or ") + ", sent to its master"
	if s.Given != "" {
		text += ", " + s.Given
	}
	return text
}
