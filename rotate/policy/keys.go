package policy

import "time"

// policySchema is every key of a [log.NAME] table.
func policySchema() schema[Policy] {
	return schema[Policy]{keys: policyKeys(), hint: policyHint}
}

func policyKeys() []key[Policy] {
	return []key[Policy]{
		{"paths", `["/var/log/app/*.log"]`, field(patterns(cleanPattern), func(p *Policy) *[]Pattern { return &p.Paths })},
		{"exclude", `["/var/log/app/debug.log"]`, field(patterns(cleanPattern), func(p *Policy) *[]Pattern { return &p.Exclude })},
		{"missingok", `true`, field(boolean, func(p *Policy) *bool { return &p.MissingOK })},

		{"frequency", `"daily"`, field(parsed(parseFrequency), func(p *Policy) *Frequency { return &p.Frequency })},
		{"size", `"100M"`, field(sizeRule, func(p *Policy) *int64 { return &p.Size })},
		{"minsize", `"1M"`, field(size, func(p *Policy) *int64 { return &p.MinSize })},
		{"maxsize", `"200M"`, field(size, func(p *Policy) *int64 { return &p.MaxSize })},
		{"minage", `"1d"`, field(age, func(p *Policy) *time.Duration { return &p.MinAge })},
		{"ifempty", `false`, field(boolean, func(p *Policy) *bool { return &p.IfEmpty })},

		{"copy", `true`, method(Copy)},
		{"copytruncate", `true`, method(CopyTruncate)},
		{"create", `{ mode = "0640", owner = "www-data", group = "adm" }`, field(create(0o777), func(p *Policy) **Create { return &p.Create })},
		{"olddir", `"archive"`, field(parsed(cleanFolder), func(p *Policy) *string { return &p.OldDir })},
		{"createolddir", `{ mode = "0750" }`, field(create(0o7777), func(p *Policy) **Create { return &p.MakeDir })},

		{"start", `0`, given(field(number(0), func(p *Policy) *int { return &p.Start }))},
		{"dateext", `true`, field(boolean, func(p *Policy) *bool { return &p.DateExt })},
		{"dateformat", `"-%Y%m%d"`, field(parsed(checkDateFormat), func(p *Policy) *string { return &p.DateFormat })},
		{"dateyesterday", `true`, field(boolean, func(p *Policy) *bool { return &p.DateYesterday })},
		{"datehourago", `true`, field(boolean, func(p *Policy) *bool { return &p.DateHourAgo })},
		{"extension", `".log"`, field(parsed(checkEnding), func(p *Policy) *string { return &p.Extension })},
		{"addextension", `".log"`, field(parsed(checkEnding), func(p *Policy) *string { return &p.AddExtension })},

		{"rotate", `14`, given(field(number(-1), func(p *Policy) *int { return &p.Rotate }))},
		{"maxage", `"90d"`, field(age, func(p *Policy) *time.Duration { return &p.MaxAge })},
		{"maxtotal", `"20G"`, field(size, func(p *Policy) *int64 { return &p.MaxTotal })},
		{"keepfree", `"5G"`, field(size, func(p *Policy) *int64 { return &p.KeepFree })},

		{"mail", `"root@example.com"`, field(parsed(checkAddress), func(p *Policy) *string { return &p.Mail })},
		{"mailfirst", `true`, field(boolean, func(p *Policy) *bool { return &p.MailFirst })},
		{"shred", `true`, field(shred, func(p *Policy) *int { return &p.Shred })},

		{"compress", `"zstd"`, field(compression, func(p *Policy) *Compression { return &p.Compress })},
		{"delaycompress", `true`, field(boolean, func(p *Policy) *bool { return &p.DelayCompress })},

		{"notify", `[{ pidfile = "/run/app.pid", signal = "SIGUSR1" }]`, field(targets, func(p *Policy) *[]Target { return &p.Notify })},
		{"sharedscripts", `true`, field(boolean, func(p *Policy) *bool { return &p.Scripts.Shared })},
		{"firstaction", `"logger rotation begins"`, field(script, func(p *Policy) *string { return &p.Scripts.First })},
		{"prerotate", `"app-ctl flush"`, field(script, func(p *Policy) *string { return &p.Scripts.Pre })},
		{"postrotate", `"app-ctl reopen"`, field(script, func(p *Policy) *string { return &p.Scripts.Post })},
		{"lastaction", `"logger rotation is done"`, field(script, func(p *Policy) *string { return &p.Scripts.Last })},
		{"preremove", `"upload-archive"`, field(script, func(p *Policy) *string { return &p.Scripts.PreRemove })},

		{"su", `{ user = "www-data", group = "adm" }`, field(su, func(p *Policy) **User { return &p.Su })},
		{"timeout", `"1h"`, field(parsed(ParseDuration), func(p *Policy) *time.Duration { return &p.Timeout })},

		{"allowhardlink", `true`, field(boolean, func(p *Policy) *bool { return &p.AllowHardLink })},
	}
}

// method reads a switch that turns m on.
func method(m Method) func(*reader, value) setting[Policy] {
	return func(r *reader, v value) setting[Policy] {
		on, ok := boolean(r, v)
		return setting[Policy]{active: on, bad: !ok, set: func(p *Policy) {
			if on {
				p.Method = m
			}
		}}
	}
}

// defaultsSchema is every key of [defaults]: what may be the same for several
// policies.
func defaultsSchema() schema[Policy] {
	s := policySchema()
	for i, k := range s.keys {
		if k.name == "paths" || k.name == "exclude" {
			s.keys[i].read = notDefault
		}
	}
	return s
}

func notDefault(r *reader, v value) setting[Policy] {
	r.fail(v.place.key, fault("write it in each [log.NAME] table", "%s cannot be a default", v.name))
	return setting[Policy]{bad: true}
}

func policyKeyNames() []string { return policySchema().names() }
