package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// blocks reads a text in the language of logrotate.conf(5), as its version 3.22
// does: global directives, which hold from where they stand, and blocks of
// directives between braces, each after the paths of its logs. What logrotate
// would lose more for than it must, such as the block after one in error, is
// not lost.
type blocks struct {
	*source
	off     int
	word    int                                       // where the directive that is read begins
	inBlock bool                                      // it is in a block
	failed  bool                                      // anything is in error
	include func(path string, from Pattern, d *draft) // nil: nothing is included

	dir      string // see folder
	policies []*Policy
	errs     Errors
	warnings Errors // what logrotate says, and goes on
	advice   Errors // what logrotate does not say
}

// read reads the whole text. d has what was said before it, and gets what the
// text says globally. ok is false if anything is in error; after an error
// outside of blocks nothing more is read.
func (b *blocks) read(d *draft) (ok bool) {
	for b.next() {
		var err *Error
		switch c := b.text[b.off]; {
		case isLetter(c):
			err = b.directive(d)
		case startsName(c):
			err = b.block(d)
		case c == '}':
			b.word = b.off
			err = fault("", "unexpected }")
		default:
			b.word = b.off
			err = notAName()
		}
		if err != nil {
			b.fail(err)
			return false
		}
	}
	return !b.failed
}

// maxComplaints keeps a large file of nonsense from taking all memory.
const maxComplaints = 1000

func startsName(c byte) bool { return strings.IndexByte(`/"'~`, c) >= 0 }

func notAName() *Error {
	return fault("", "lines must begin with a keyword or a filename (possibly in double quotes)")
}

// fail keeps an error about what stands at b.word.
func (b *blocks) fail(err *Error) {
	b.failed = true
	if len(b.errs) < maxComplaints {
		b.errs = append(b.errs, b.placed(err))
	}
}

// warn keeps what logrotate says and goes on.
func (b *blocks) warn(err *Error) {
	if len(b.warnings) < maxComplaints {
		b.warnings = append(b.warnings, b.placed(err))
	}
}

// advise keeps what logrotate does not say.
func (b *blocks) advise(err *Error) {
	if len(b.advice) < maxComplaints {
		b.advice = append(b.advice, b.placed(err))
	}
}

func (b *blocks) placed(err *Error) *Error {
	if err.Pos.File == "" {
		err.Pos = b.at(b.word)
	}
	return err
}

// block reads the paths of a block, and the block. An error is of the paths;
// one in the block spoils only that.
func (b *blocks) block(global *draft) *Error {
	start := b.off
	b.word = start
	head, end := b.head()
	switch end {
	case '}':
		return fault("", "unexpected } (missing previous '{')")
	case 0:
		return fault("", "missing '{' after log files definition")
	}
	head = strings.Trim(head, space)
	words, ok := splitWords(head)
	if !ok || len(words) == 0 {
		return fault("", "error parsing filename")
	}
	d := *global
	d.policy.AddExtension = "" // logrotate hands down extension, but not this
	b.inBlock = true
	defer func() { b.inBlock = false }()
	if err := b.body(&d); err != nil {
		err = b.placed(err)
		err.said = append(err.Logrotate(), "error: found error in "+head+", skipping")
		if b.off == len(b.text) && strings.HasSuffix(err.Text, "without endscript") {
			err.said = err.said[:1]
		}
		b.fail(err)
		b.skipBody()
		return nil
	}
	if slices.ContainsFunc(words, func(word string) bool { return len(word) > unix.PathMax }) {
		b.word = start
		b.fail(fault("", "file name too long"))
		return nil
	}
	var paths []Pattern
	b.word = start
	for _, word := range words {
		if pattern, ok := logPattern(word, b.folder()); ok {
			paths = append(paths, Pattern{pattern, b.at(start)})
		} else {
			b.advise(fault(`add what the files are called, such as "/*.log"`, "%q names a folder", word))
		}
	}
	if len(paths) > 0 {
		d.policy.Head = head
		b.policies = append(b.policies, d.finish(b.at(start), paths))
	}
	return nil
}

// folder is what relative paths are relative to.
func (b *blocks) folder() string {
	if b.dir == "" {
		var err error
		if b.dir, err = os.Getwd(); err != nil {
			b.dir = "/" // as good as any
		}
	}
	return b.dir
}

// body reads the directives of a block, and the brace that ends it.
func (b *blocks) body(d *draft) *Error {
	for b.next() {
		switch c := b.text[b.off]; {
		case isLetter(c):
			if err := b.directive(d); err != nil {
				return err
			}
		case c == '}':
			b.closing()
			return nil
		case startsName(c):
			b.word = b.off
			return fault("", "unexpected log filename")
		default:
			b.word = b.off
			return notAName()
		}
	}
	return nil // logrotate does not miss the brace at the end of a file
}

// closing reads the brace that ends a block. What follows on its line is lost.
func (b *blocks) closing() {
	b.off++
	b.word = b.off
	if strings.Trim(b.line(), " \t") != "" {
		err := fault("", "unexpected text after }")
		pos := b.at(b.word)
		err.said = []string{fmt.Sprintf("error: %s:%d, %s", pos.File, pos.Line, err.Text)}
		b.warn(err)
	}
}

// skipBody reads the rest of a block that is in error.
func (b *blocks) skipBody() {
	for b.next() {
		switch c := b.text[b.off]; {
		case c == '}':
			b.off++
			return
		case isLetter(c):
			name := b.letters()
			if _, isScript := scripts[name]; isScript {
				b.script()
			} else if directives[name].set == nil {
				b.line()
			}
		default:
			b.line()
		}
	}
}
