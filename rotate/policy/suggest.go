package policy

import (
	"slices"
	"strings"
)

// policyHint says how TOML spells a directive of logrotate, and where keys
// belong that are not a policy's.
func policyHint(name string) string {
	switch name {
	case "hourly", "daily", "weekly", "monthly", "yearly":
		return `write frequency = "` + name + `"`
	case "minutes":
		return `write frequency = "every 15m"`
	case "notifempty":
		return "write ifempty = false"
	case "noolddir":
		return `write olddir = ""`
	case "compresscmd", "compressext", "compressoptions":
		return `write compress = { command = ["xz", "-9"], ext = ".xz" }`
	case "uncompresscmd":
		return `write compress = { command = ["xz"], uncompress = ["xz", "-d"], ext = ".xz" }`
	case "maillast":
		return "write mailfirst = false"
	case "nomail":
		return `write mail = ""`
	case "shredcycles":
		return "write shred = 5"
	case "renamecopy", "norenamecopy":
		return "remove it: a log is renamed first, and moved to another file system when its writers let go"
	case "tabooext", "taboopat":
		return "remove it: a folder that is included is read without the files that logrotate leaves out"
	case "ignoreduplicates":
		return "remove it: a log belongs to the first policy that has it"
	case "endscript":
		return "write a script of several lines between ''' and '''"
	case "include":
		return "include belongs at the top of the file, above the first [table]"
	case "mode", "owner", "group":
		return `write create = { mode = "0640", owner = "www-data", group = "adm" }`
	case "pidfile", "signal", "command", "wait", "unit":
		return "write it beneath [[log.NAME.notify]]"
	}
	if rest, ok := strings.CutPrefix(name, "no"); ok && slices.Contains(policyKeyNames(), rest) {
		return "write " + rest + " = false"
	}
	return ""
}

// fileHint is for keys above the first table, where few belong.
func fileHint(name string) string {
	if slices.Contains(policyKeyNames(), name) {
		return "write it beneath [defaults] or [log.NAME]"
	}
	return policyHint(name)
}

// nearest returns the name that a typing slip may have made into s, or "".
func nearest(s string, names []string) string {
	best, least := "", 3
	if len(s) < 5 {
		least = 2
	}
	for _, name := range names {
		if d := distance(strings.ToLower(s), name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to add, drop, replace or swap with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b string) int {
	if len(a) > 2*len(b)+2 {
		return len(a) // the table below would be as long as a hostile key
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := 1
			if a[i-1] == b[j-1] {
				replace = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
