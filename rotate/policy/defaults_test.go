package policy

import (
	"fmt"
	"testing"
)

// TestDefaults holds the keys of [defaults] against those of [log.NAME].
func TestDefaults(t *testing.T) {
	t.Parallel()
	when := func(p *Policy) string {
		return fmt.Sprintf("%v size=%d min=%d max=%d", p.Frequency, p.Size, p.MinSize, p.MaxSize)
	}
	how := func(p *Policy) string { return fmt.Sprintf("%v create=%v", p.Method, p.Create != nil) }
	names := func(p *Policy) string {
		return fmt.Sprintf("start=%d dateext=%v %s yesterday=%v hourago=%v ext=%s add=%s",
			p.Start, p.DateExt, p.DateFormat, p.DateYesterday, p.DateHourAgo, p.Extension, p.AddExtension)
	}
	keep := func(p *Policy) string {
		return fmt.Sprintf("%d %s %d %d", p.Rotate, FormatDuration(p.MaxAge), p.MaxTotal, p.KeepFree)
	}
	squeeze := func(p *Policy) string { return fmt.Sprintf("%s delay=%v", p.Compress.Method, p.DelayCompress) }
	tell := func(p *Policy) string {
		return fmt.Sprintf("%d targets, post=%q shared=%v", len(p.Notify), p.Scripts.Post, p.Scripts.Shared)
	}

	for _, c := range []struct {
		name, defaults, log string
		show                func(*Policy) string
		want                string
	}{
		{"a default counts", `frequency = "daily"`, ``, when, "daily size=0 min=0 max=0"},
		{"a table overrides a default", `frequency = "daily"`, `frequency = "weekly"`, when, "weekly size=0 min=0 max=0"},
		{"size beats a default frequency", `frequency = "daily"`, `size = 5`, when, "never size=5 min=0 max=0"},
		{"size beats default minsize and maxsize", "frequency = \"daily\"\nminsize = 1\nmaxsize = 9", `size = 5`, when, "never size=5 min=0 max=0"},
		{"frequency beats a default size", `size = 5`, `frequency = "daily"`, when, "daily size=0 min=0 max=0"},
		{"size beats a default minage", "frequency = \"daily\"\nminage = 2", `size = 5`, func(p *Policy) string { return FormatDuration(p.MinAge) }, "0s"},
		{"a default minage alone does nothing", "maxsize = 5\nminage = 2", ``, func(p *Policy) string { return FormatDuration(p.MinAge) }, "0s"},
		{"maxsize beats a default size", `size = 5`, `maxsize = 9`, when, "never size=0 min=0 max=9"},
		{"maxsize joins a default frequency", `frequency = "daily"`, `maxsize = 9`, when, "daily size=0 min=0 max=9"},
		{"minsize beats a smaller default maxsize", "frequency = \"daily\"\nmaxsize = 5", `minsize = 9`, when, "daily size=0 min=9 max=0"},
		{"maxsize beats a larger default minsize", "frequency = \"daily\"\nminsize = 9", `maxsize = 5`, when, "daily size=0 min=0 max=5"},
		{"minsize beneath a default maxsize", "frequency = \"daily\"\nmaxsize = 9", `minsize = 5`, when, "daily size=0 min=5 max=9"},
		{"zero switches a default rule off", "frequency = \"daily\"\nmaxsize = 9", `maxsize = 0`, when, "daily size=0 min=0 max=0"},

		{"copytruncate beats a default create", "size = 1\ncreate = true", `copytruncate = true`, how, "copytruncate create=false"},
		{"copy beats a default create", "size = 1\ncreate = true", `copy = true`, how, "copy create=false"},
		{"create beats a default copytruncate", "size = 1\ncopytruncate = true", `create = { mode = "0600" }`, how, "rename create=true"},
		{"copy beats a default copytruncate", "size = 1\ncopytruncate = true", `copy = true`, how, "copy create=false"},
		{"false switches a default method off", "size = 1\ncopytruncate = true", `copytruncate = false`, how, "rename create=false"},
		{"false leaves a default create", "size = 1\ncreate = true", `copytruncate = false`, how, "rename create=true"},

		{
			"dateext=false beats default dateformat", "size = 1\ndateext = true\ndateformat = \"-%s\"\ndateyesterday = true", `dateext = false`, names,
			"start=1 dateext=false -%Y%m%d yesterday=false hourago=false ext= add=",
		},
		{
			"dateext beats a default start", "size = 1\nstart = 0", `dateext = true`, names,
			"start=1 dateext=true -%Y%m%d yesterday=false hourago=false ext= add=",
		},
		{
			"start beats a default dateext", "size = 1\ndateext = true\ndateformat = \"-%s\"", `start = 0`, names,
			"start=0 dateext=false -%Y%m%d yesterday=false hourago=false ext= add=",
		},
		{
			"a default dateformat waits for dateext", "size = 1\ndateformat = \"-%s\"", `dateext = true`, names,
			"start=1 dateext=true -%s yesterday=false hourago=false ext= add=",
		},
		{
			"a default dateformat alone does nothing", "size = 1\ndateformat = \"-%s\"", ``, names,
			"start=1 dateext=false -%Y%m%d yesterday=false hourago=false ext= add=",
		},
		{
			"datehourago beats default dateyesterday", "size = 1\ndateext = true\ndateyesterday = true", `datehourago = true`, names,
			"start=1 dateext=true -%Y%m%d yesterday=false hourago=true ext= add=",
		},
		{
			"addextension beats a default extension", "size = 1\nextension = \".a\"", `addextension = ".b"`, names,
			"start=1 dateext=false -%Y%m%d yesterday=false hourago=false ext= add=.b",
		},
		{
			"hours in the names of hourly archives", "frequency = \"daily\"\ndateext = true", `frequency = "hourly"`, names,
			"start=1 dateext=true -%Y%m%d%H yesterday=false hourago=false ext= add=",
		},
		{
			"hours in the names of an interval's archives", `dateext = true`, `frequency = "every 6h"`, names,
			"start=1 dateext=true -%Y%m%d%H yesterday=false hourago=false ext= add=",
		},
		{
			"days in the names of a long interval's archives", `dateext = true`, `frequency = "every 1d"`, names,
			"start=1 dateext=true -%Y%m%d yesterday=false hourago=false ext= add=",
		},

		{"limits add up", "size = 1\nmaxage = 7", `maxtotal = 9`, keep, "1 7d 9 0"},
		{"zero switches a default limit off", "size = 1\nmaxage = 7", `maxage = 0`, keep, "1 0s 0 0"},
		{"rotate overrides", "size = 1\nrotate = 4", `rotate = -1`, keep, "-1 0s 0 0"},

		{"false beats default compression and its delay", "size = 1\ncompress = \"gzip\"\ndelaycompress = true", `compress = false`, squeeze, " delay=false"},
		{"delaycompress joins default compression", "size = 1\ncompress = \"gzip\"", `delaycompress = true`, squeeze, "gzip delay=true"},
		{"a default delay alone does nothing", "size = 1\ndelaycompress = true", ``, squeeze, " delay=false"},

		{"default targets", "size = 1\nnotify = [{ pidfile = \"/p\" }]", ``, tell, `1 targets, post="" shared=false`},
		{"a table's targets replace default ones", "size = 1\nnotify = [{ pidfile = \"/p\" }]", `notify = [{ pidfile = "/q" }, { command = ["r"] }]`, tell, `2 targets, post="" shared=false`},
		{"an empty list switches default targets off", "size = 1\nnotify = [{ pidfile = \"/p\" }]", `notify = []`, tell, `0 targets, post="" shared=false`},
		{"a default sharedscripts waits for a script", "size = 1\nsharedscripts = true", `postrotate = "p"`, tell, `0 targets, post="p" shared=true`},
		{"a default sharedscripts alone does nothing", "size = 1\nsharedscripts = true", ``, tell, `0 targets, post="" shared=false`},
		{"an empty script switches a default one off", "size = 1\npostrotate = \"p\"", `postrotate = ""`, tell, `0 targets, post="" shared=false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rotate := "rotate = 1\n"
			if c.name == "rotate overrides" {
				rotate = ""
			}
			text := "[defaults]\n" + rotate + c.defaults + "\n[log.a]\npaths = [\"/a\"]\n" + c.log + "\n"
			policies, err := Parse("f", []byte(text))
			if err != nil {
				t.Fatalf("%s\n%s", text, describe(err))
			}
			if got := c.show(policies[0]); got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", text, got, c.want)
			}
		})
	}
}
