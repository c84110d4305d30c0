package policy

import "path/filepath"

// knownPrograms are the compressors whose ending and counterpart logrotate
// knows, or should.
var knownPrograms = map[string]string{"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst", "compress": ".Z"}

// setCompressor takes what compresscmd says. A program that is not known leaves
// the ending as it is.
func (d *draft) setCompressor(program string) {
	d.compressor = program
	if ext, known := knownPrograms[filepath.Base(program)]; known {
		d.ext = ext
	}
}

// compression is how archives are compressed. What gzip does with nothing but a
// level is done here.
func (d *draft) compression() Compression {
	c := d.packing
	program := d.compressor
	if program == "" && d.options != nil && c.Method == gzip {
		program = "gzip" // compressoptions alone
	}
	if program != "" {
		c = Compression{Method: "command", Command: append([]string{program}, d.options...), Ext: ".gz"}
		if level, plain := gzipLevel(program, d.options); plain {
			c = Compression{Method: gzip, Level: level, Ext: ".gz"}
		}
	}
	if d.ext != "" {
		c.Ext = d.ext
	}
	if c.Method == "command" && program != "" {
		c.Uncompress = []string{"gunzip"}
		if _, known := knownPrograms[filepath.Base(program)]; known {
			c.Uncompress = []string{program, "-d"}
		}
	}
	if d.decompressor != "" && c.Method == "command" {
		c.Uncompress = []string{d.decompressor}
	}
	return c
}

// gzipLevel returns the level that a command line asks gzip for, 0 for its own,
// and whether it asks for nothing else.
func gzipLevel(program string, options []string) (level int, plain bool) {
	if filepath.Base(program) != "gzip" || len(options) > 1 {
		return 0, false
	}
	if len(options) == 0 {
		return 0, true
	}
	switch o := options[0]; {
	case o == "--fast":
		return 1, true
	case o == "--best":
		return 9, true
	case len(o) == 2 && o[0] == '-' && '1' <= o[1] && o[1] <= '9':
		return int(o[1] - '0'), true
	}
	return 0, false
}
