package convert

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"rotate/rotate/policy"
)

// TOML returns policies as one TOML document, which means what they mean. texts
// are the files that they came from, in logrotate's syntax, by name: their
// comments are kept. What most policies have in common becomes [defaults].
//
// Policies that TOML cannot say are left out; the error, a [policy.Errors],
// says why, and what is returned holds for the others. odd is what means
// something else than it did, or is easily overlooked. The document is read
// back before it is returned.
func TOML(policies []*policy.Policy, texts map[string]string) (text string, odd policy.Errors, err error) {
	c := converter{sources: map[string]*source{}, paths: map[string]string{}, names: map[string]bool{}}
	for name, text := range texts {
		c.sources[name] = scan(text)
	}
	for _, p := range policies {
		c.take(p)
	}
	if text, err = c.document(); err != nil {
		return "", c.odd, err
	}
	if len(c.errs) > 0 {
		err = c.errs
	}
	return text, c.odd, err
}

type converter struct {
	sources map[string]*source
	items   []*item
	paths   map[string]string // the policy that has a path
	names   map[string]bool
	odd     policy.Errors
	errs    policy.Errors
}

// item is a policy on its way.
type item struct {
	name   string
	pos    policy.Position
	want   policy.Policy // plain
	block  *block        // where it came from; nil: unknown
	told   []string      // comments of the scripts that became targets
	became []string      // the scripts that became targets
}

func (c *converter) warn(it *item, hint, format string, args ...any) {
	text := "log." + it.name + ": " + fmt.Sprintf(format, args...)
	c.odd = append(c.odd, &policy.Error{Pos: it.pos, Text: text, Hint: hint})
}

// take adds a policy, if TOML can say it.
func (c *converter) take(p *policy.Policy) {
	it := &item{pos: p.Pos, want: plain(p), block: c.sources[p.Pos.File].find(p.Pos)}
	it.name = c.name(p, it.block)
	it.want.Paths = c.first(it)
	if len(it.want.Paths) == 0 {
		return
	}
	c.tell(it, "postrotate", &it.want.Scripts.Post)
	if it.want.Scripts.Post == "" { // it would run after the targets are told
		c.tell(it, "lastaction", &it.want.Scripts.Last)
	}
	it.want = plain(&it.want)
	if err := c.check(it); err != nil {
		c.errs = append(c.errs, err)
		for _, path := range it.want.Paths {
			delete(c.paths, path.Text)
		}
		return
	}
	c.items = append(c.items, it)
	c.remark(it)
	c.quotes(it, p)
	if p.Size < 0 && p.IfEmpty {
		c.warn(it, "", "an empty log is no longer turned: size = 1")
	}
}

// first returns the paths of a policy that none before it has: the first
// policy has the log.
func (c *converter) first(it *item) (paths []policy.Pattern) {
	for _, p := range it.want.Paths {
		if owner, taken := c.paths[p.Text]; taken {
			c.warn(it, "", "%s is left out, because log.%s has it", p.Text, owner)
			continue
		}
		c.paths[p.Text] = it.name
		paths = append(paths, p)
	}
	return paths
}

// tell makes targets of a script, if all it does is to tell services.
func (c *converter) tell(it *item, directive string, script *string) {
	if *script == "" {
		return
	}
	t, ok := Script(*script)
	if !ok {
		return
	}
	*script = ""
	for _, target := range t.Targets {
		if !slices.ContainsFunc(it.want.Notify, func(o policy.Target) bool { return reflect.DeepEqual(o, target) }) {
			it.want.Notify = append(it.want.Notify, target)
		}
	}
	it.told = append(it.told, t.Comments...)
	it.became = append(it.became, directive)
	for _, odd := range t.Odd {
		c.warn(it, "", "%s", odd)
	}
}

// remark says what is easily overlooked: what a block leaves to logrotate's
// defaults deletes logs.
func (c *converter) remark(it *item) {
	said := func(keys ...string) bool {
		return it.block == nil || slices.ContainsFunc(keys, func(key string) bool {
			if sets(it.block.directives, key) {
				return true
			}
			for _, s := range c.sources {
				if sets(s.globals, key) {
					return true
				}
			}
			return false
		})
	}
	const hint = "if /etc/logrotate.conf includes the file, convert that one: its settings hold for what it includes"
	if it.want.Rotate == 0 && !said("rotate") {
		c.warn(it, hint, "nothing says how many archives are kept, and logrotate keeps none: rotate = 0")
	}
	if it.want.Size > 0 && !said("size", "frequency") {
		c.warn(it, hint, "nothing says when, and logrotate goes by size: %s", policy.FormatSize(it.want.Size))
	}
}

// quotes says where a script looks at the paths of its policy, and they were
// written otherwise than it gets them now.
func (c *converter) quotes(it *item, was *policy.Policy) {
	s := it.want.Scripts
	once := s.First + s.Last
	if s.Shared {
		once += s.Pre + s.Post
	}
	if now := it.want.Whole(); looks.MatchString(once) && !slices.Equal(strings.Fields(was.Whole()), strings.Fields(now)) {
		c.warn(it, "", "$1 of its scripts was %q, and is %q", was.Whole(), now)
	}
}

// looks matches a script that looks at its first argument.
var looks = regexp.MustCompile(`\$\{?[1@*]`)

// check reads the policy back by itself.
func (c *converter) check(it *item) *policy.Error {
	got, err := policy.Parse(it.pos.File, []byte(document(nil, []*table{it.table(nil)})))
	if e, ok := errors.AsType[*policy.Error](err); ok {
		return &policy.Error{Pos: it.pos, Text: fmt.Sprintf("log.%s cannot be said in TOML: %s", it.name, e.Text), Hint: e.Hint}
	}
	if len(got) != 1 || !it.is(got[0]) {
		return &policy.Error{Pos: it.pos, Text: fmt.Sprintf("log.%s cannot be said in TOML", it.name)}
	}
	return nil
}

// is reports whether a policy that was read back is what was meant.
func (it *item) is(got *policy.Policy) bool {
	p := plain(got)
	for i := range p.Notify {
		if i < len(it.want.Notify) {
			p.Notify[i].Wait = it.want.Notify[i].Wait // no script says how long to wait
		}
	}
	return reflect.DeepEqual(p, it.want)
}

// name returns what to call a policy: after its file, or after its one log
// where the file has several blocks.
func (c *converter) name(p *policy.Policy, b *block) string {
	base := path.Base(p.Pos.File)
	file := strings.TrimSuffix(base, ".conf")
	name := file + strings.TrimPrefix(p.Name, base)
	if p.Pos.File == "" {
		name = p.Name
	}
	if s := c.sources[p.Pos.File]; b != nil && (len(s.blocks) > 1 || isMain(file)) && len(p.Paths) == 1 {
		log := stem(p.Paths[0].Text)
		switch {
		case log == "":
		case isMain(file) || strings.HasPrefix(file, log) || strings.HasPrefix(log, file):
			name = log
		default:
			name = file + "-" + log
		}
	}
	name = strings.Trim(strange.ReplaceAllString(name, "-"), "-")
	if name == "" {
		name = "log"
	}
	unique := name
	for i := 2; c.names[unique]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	c.names[unique] = true
	return unique
}

// strange is what needs quotes in the name of a table.
var strange = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// isMain reports whether the name of a file says nothing of its logs.
func isMain(file string) bool {
	return strings.HasPrefix(file, "logrotate") || file == "standard input"
}

// stem returns what a log is called without its endings.
func stem(p string) string {
	s := strings.TrimPrefix(strings.TrimSuffix(path.Base(p), ".log"), "log.")
	if strings.ContainsAny(s, `*?[{\`) || !bareKey.MatchString(s) {
		return ""
	}
	return s
}
