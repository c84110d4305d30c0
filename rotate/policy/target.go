package policy

import (
	"slices"
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
	switch {
	case !pidfile && !command:
		r.fail(v.place.value, fault(`add pidfile = "/run/app.pid", or command = ["systemctl", "reload", "app"]`,
			"notify has neither a pidfile nor a command"))
		return t, false
	case pidfile && command:
		r.failAt(set["command"].pos, fault("write two [[log.NAME.notify]] tables to have both",
			"command contradicts pidfile"))
		return t, false
	}
	for _, name := range []string{"signal", "exe", "user"} {
		if s, given := set[name]; given && command {
			r.failAt(s.pos, fault("remove "+name+", or write a pidfile instead of the command",
				"%s is for the process that a pidfile names, and there is none", name))
			ok = false
		}
	}
	if pidfile && t.Signal == 0 {
		t.Signal = defaultSignal
	}
	return t, ok
}

func targetSchema() schema[Target] {
	return schema[Target]{
		keys: []key[Target]{
			{"pidfile", `"/run/app.pid"`, field(parsed(cleanPattern), func(t *Target) *string { return &t.Pidfile })},
			{"signal", `"SIGUSR1"`, field(parsedFrom(word, ParseSignal), func(t *Target) *syscall.Signal { return &t.Signal })},
			{"command", `["systemctl", "reload", "app"]`, field(commandList, func(t *Target) *[]string { return &t.Command })},
			{"wait", `"10s"`, field(parsed(ParseDuration), func(t *Target) *time.Duration { return &t.Wait })},
			{"exe", `"/usr/bin/node"`, field(parsed(cleanPath), func(t *Target) *string { return &t.Match.Exe })},
			{"user", `"www-data"`, field(parsedFrom(word, knownUser), func(t *Target) *string { return &t.Match.User })},
		},
		hint: targetHint,
	}
}

// targetHint knows keys that slid into the table above them.
func targetHint(name string) string {
	if name == "unit" {
		return `rotate does not know systemd units yet: write pidfile, or command = ["systemctl", "kill", "-s", "USR1", "NAME"]`
	}
	if slices.Contains(policyKeyNames(), name) {
		return "keys beneath [[log.NAME.notify]] belong to it: move " + name + " up, beneath [log.NAME]"
	}
	return ""
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
