package policy

import (
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// defaultWait is how long a target has until every writer let go.
const defaultWait = 10 * time.Second

// targets reads [[log.NAME.notify]], or an array of inline tables.
func targets(r *reader, v value) ([]Target, bool) {
	if _, isTable := v.any.(map[string]any); isTable {
		r.fail(v.place.value, fault("write [[log.NAME.notify]], with two brackets", "notify must be an array of tables, not a table"))
		return nil, false
	}
	return list(r, v, readTarget)
}

func readTarget(r *reader, v value) (Target, bool) {
	t := Target{Pos: r.at(v.place.value), Wait: defaultWait}
	set, ok := readTable(r, v, targetSchema())
	if set == nil {
		return t, false
	}
	set.apply(&t)
	_, pidfile := set["pidfile"]
	_, command := set["command"]
	_, unit := set["unit"]
	_, userUnit := set["userunit"]
	switch {
	case !pidfile && !unit && !userUnit && !command:
		r.fail(v.place.value, fault(`add pidfile = "/run/app.pid", unit = "app.service", or command = ["systemctl", "reload", "app"]`,
			"notify has neither a pidfile, a unit nor a command"))
		return t, false
	case command && (pidfile || unit || userUnit):
		r.failAt(set["command"].pos, fault("write two [[log.NAME.notify]] tables to have both",
			"command contradicts pidfile and unit"))
		return t, false
	case userUnit && (pidfile || unit):
		r.failAt(set["userunit"].pos, fault("write two [[log.NAME.notify]] tables to have both",
			"userunit contradicts pidfile and unit"))
		return t, false
	case userUnit && t.Match.User == "":
		r.failAt(set["userunit"].pos, fault(`add user = "NAME"`, "userunit does not say whose it is"))
		return t, false
	}
	for _, name := range []string{"signal", "exe", "user", "cgroup"} {
		if s, given := set[name]; given && command {
			r.failAt(s.pos, fault("remove "+name+", or write a pidfile or a unit instead of the command",
				"%s is for the process that a pidfile or a unit names, and there is none", name))
			ok = false
		}
	}
	if pidfile {
		t.Match.Unit, t.Unit = t.Unit, "" // what the process must belong to, not who it is
	}
	if !command && t.Signal == 0 {
		t.Signal = defaultSignal
	}
	return t, ok
}

func targetSchema() schema[Target] {
	return schema[Target]{
		keys: []key[Target]{
			{"pidfile", `"/run/app.pid"`, field(parsed(cleanPattern), func(t *Target) *string { return &t.Pidfile })},
			{"unit", `"app.service"`, field(parsed(serviceUnit), func(t *Target) *string { return &t.Unit })},
			{"userunit", `"app.service"`, userUnit},
			{"signal", `"SIGUSR1"`, field(parsedFrom(word, ParseSignal), func(t *Target) *syscall.Signal { return &t.Signal })},
			{"command", `["systemctl", "reload", "app"]`, field(commandList, func(t *Target) *[]string { return &t.Command })},
			{"wait", `"10s"`, field(parsed(ParseDuration), func(t *Target) *time.Duration { return &t.Wait })},
			{"exe", `"/usr/bin/node"`, field(parsed(cleanPath), func(t *Target) *string { return &t.Match.Exe })},
			{"user", `"www-data"`, field(parsedFrom(word, knownUser), func(t *Target) *string { return &t.Match.User })},
			{"cgroup", `"/system.slice/app.service"`, field(parsed(cleanPath), func(t *Target) *string { return &t.Match.Cgroup })},
		},
		hint: targetHint,
	}
}

// targetHint knows keys that slid into the table above them.
func targetHint(name string) string {
	if slices.Contains(policyKeyNames(), name) {
		return "keys beneath [[log.NAME.notify]] belong to it: move " + name + " up, beneath [log.NAME]"
	}
	return ""
}

// userUnit reads a unit of a user's service manager.
func userUnit(r *reader, v value) setting[Target] {
	s := field(parsed(serviceUnit), func(t *Target) *string { return &t.Unit })(r, v)
	unit := s.set
	s.set = func(t *Target) { unit(t); t.UserUnit = true }
	return s
}

// serviceUnit returns the whole name of a service of systemd: systemctl, too,
// takes one without ending for a service.
func serviceUnit(s string) (string, error) {
	if strings.ContainsAny(s, "/ \t\n*?[") || s == "" {
		return "", fault(`write its name, such as "app.service"`, "%q is not the name of a unit", s)
	}
	ending := path.Ext(s)
	switch {
	case ending == ".service":
	case slices.Contains([]string{".socket", ".target", ".timer", ".slice", ".scope", ".path", ".mount", ".device", ".swap", ".automount"}, ending):
		return "", fault("name the service that writes the log", "%q is not a service: it has no main process", s)
	default:
		s += ".service"
	}
	return s, nil
}

// commandList reads a program and its arguments from an array alone: what one
// would write as a string is often meant for a shell.
func commandList(r *reader, v value) ([]string, bool) {
	if _, ok := v.any.(string); ok {
		r.failType(v, "an array")
		return nil, false
	}
	return command(r, v)
}

// knownUser returns a user as it is, who must exist.
func knownUser(s string) (string, error) {
	_, err := findUser(s)
	return s, err
}
