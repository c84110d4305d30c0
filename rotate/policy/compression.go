package policy

import "strings"

// The methods of a Compression.
const (
	gzip    = "gzip"
	zstd    = "zstd"
	program = "command"
)

// programs are compressors that are not built in, and what they add to a name.
var programs = map[string]string{
	"xz": ".xz", "bzip2": ".bz2", "lz4": ".lz4", "lzop": ".lzo", "brotli": ".br", "pigz": ".gz", "pzstd": ".zst",
}

// compression reads the key compress.
func compression(r *reader, v value) (Compression, bool) {
	switch c := v.any.(type) {
	case bool:
		if !c {
			return Compression{}, true
		}
		return Compression{Method: gzip, Ext: ".gz"}, true
	case string:
		return parsed(codec)(r, v)
	case map[string]any:
		return table(r, v)
	}
	r.failType(v, `"gzip", "zstd", true, false or a table`)
	return Compression{}, false
}

func codec(name string) (Compression, error) {
	switch name {
	case gzip:
		return Compression{Method: gzip, Ext: ".gz"}, nil
	case zstd:
		return Compression{Method: zstd, Ext: ".zst"}, nil
	}
	if ext, ok := programs[name]; ok {
		return Compression{}, fault(`to run a program write compress = { command = ["`+name+`"], ext = "`+ext+`" }`,
			"%s is not built in", name)
	}
	return Compression{}, fault(`"gzip", "zstd", or a program: { command = ["xz", "-9"], ext = ".xz" }`, "unknown compression %q", name)
}

// levels are the highest levels of the codecs, as their programs count.
var levels = map[string]int{gzip: 9, zstd: 19}

// table reads { method = …, level = … } or { command = …, ext = … }.
func table(r *reader, v value) (Compression, bool) {
	var c Compression
	set, ok := readTable(r, v, compressionSchema())
	set.apply(&c)
	own, other := []string{"method", "level"}, []string{"command", "uncompress"}
	if _, external := set["command"]; external {
		c.Method = program
		own, other = append(other, "ext"), own
	}
	for _, name := range other {
		if s, given := set[name]; given {
			r.failAt(s.pos, fault("remove one of the two", "%s is not for compress with a %s", name, own[0]))
			ok = false
		}
	}
	if !ok {
		return c, false
	}
	switch {
	case c.Method == "":
		r.fail(v.place.value, fault(v.hint(), "compress has neither a method nor a command"))
		return c, false
	case c.Method == program && c.Ext == "":
		r.fail(v.place.value, fault(`for example compress = { command = ["xz", "-9"], ext = ".xz" }`, "compress has no ext"))
		return c, false
	case c.Level > levels[c.Method] && c.Method != program:
		r.failAt(set["level"].pos, fault("", "level of %s must be from 1 to %d, not %d", c.Method, levels[c.Method], c.Level))
		return c, false
	}
	if c.Ext == "" {
		known, _ := codec(c.Method) // it is one of ours
		c.Ext = known.Ext
	}
	return c, true
}

func compressionSchema() schema[Compression] {
	return schema[Compression]{
		keys: []key[Compression]{
			{"method", `"zstd"`, field(parsed(codecName), func(c *Compression) *string { return &c.Method })},
			{"level", `9`, field(number(1), func(c *Compression) *int { return &c.Level })},
			{"command", `["xz", "-9"]`, field(command, func(c *Compression) *[]string { return &c.Command })},
			{"uncompress", `["xz", "-d"]`, field(command, func(c *Compression) *[]string { return &c.Uncompress })},
			{"ext", `".xz"`, field(parsed(checkExt), func(c *Compression) *string { return &c.Ext })},
		},
		hint: func(string) string { return "" },
	}
}

func codecName(name string) (string, error) {
	c, err := codec(name)
	return c.Method, err
}

// command reads a program and its arguments. No shell ever sees them.
func command(r *reader, v value) ([]string, bool) {
	var words []string
	var ok bool
	if s, isText := v.any.(string); isText {
		if ok = !strings.ContainsAny(s, "'\"\\$`|;&<>(){}*?[]~#\n\x00"); !ok {
			r.fail(v.place.value, fault("write an array, such as "+v.example, "no shell reads the command, and %q needs one", s))
			return nil, false
		}
		words = strings.Fields(s)
	} else if words, ok = texts(r, v); !ok {
		return nil, false
	}
	if len(words) == 0 || words[0] == "" {
		r.fail(v.place.value, fault(v.hint(), "%s is empty", v.name))
		return nil, false
	}
	if strings.Contains(words[0], "/") && words[0][0] != '/' {
		r.fail(v.place.value, fault("write the absolute path, or the name of a program in the PATH", "%q is a relative path", words[0]))
		return nil, false
	}
	return words, true
}
