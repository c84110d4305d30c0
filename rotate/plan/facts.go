package plan

import (
	"strings"
	"time"

	"rotate/rotate/policy"
)

// Facts is what was observed before a run, as values. Decide reads nothing else.
type Facts struct {
	Now      time.Time // its location decides where days begin
	Force    bool      // the administrator asked to turn every log
	Hold     bool      // what is turned could not be written down: turn nothing
	Policies []PolicyFacts
	Litter   []Place    // unpublished files, by their names, beside logs and archives
	Unserved []Unserved // files that are there still
}

// PolicyFacts is what was observed for one policy.
type PolicyFacts struct {
	Policy   *policy.Policy
	Problems []Problem      // patterns that led nowhere
	Logs     []LogFacts     // in the order of their paths
	Taken    map[Place]Kind // names of archives that something has which is no file
}

// Problem is a path that a policy asks for and that cannot be served.
type Problem struct {
	Path   string
	Pos    policy.Position // of the pattern that asks for it; zero: none does
	Reason Reason
	Detail string // what the system said, if it said anything
}

// LogFacts is one log, or a log that is gone and left archives.
type LogFacts struct {
	Place
	Kind     Kind
	Links    uint32    // names of the file; 0: no rule needs it
	Blank    uint32    // bytes of it that cutting left of lines that were copied: one line of spaces
	CutShort bool      // an earlier run began to turn it, and did not: archives may have moved up
	Stat     *Stat     // nil: no rule needs it
	Last     time.Time // last rotation on record; zero: never seen before
	Archive  *Dir      // where its archives go; nil: the folder is missing and nobody makes it
	Archives []Archive // in Archive and, where they differ, in Place.Dir too; in no order
	Past     *Past     // what earlier runs left; nil: nothing
}

// Past is what earlier runs left of a log.
type Past struct {
	Owed   []Owed // not proven released
	Copied Place  // the copy of a log that is yet to be emptied; no Dir: none
}

// Owed returns what earlier runs left unproven.
func (l *LogFacts) Owed() []Owed {
	if l.Past == nil {
		return nil
	}
	return l.Past.Owed
}

// Copied returns the copy that an earlier run made which ended before it emptied
// the log, if one did.
func (l *LogFacts) Copied() (copy Place, ok bool) {
	if l.Past == nil || l.Past.Copied.Dir == nil {
		return Place{}, false
	}
	return l.Past.Copied, true
}

// Owe adds to what earlier runs left unproven.
func (l *LogFacts) Owe(o Owed) {
	if l.Past == nil {
		l.Past = &Past{}
	}
	l.Past.Owed = append(l.Past.Owed, o)
}

// Place is a name in an observed folder, or, without a name, the folder itself.
type Place struct {
	Dir  *Dir
	Name string
}

// Path returns the path of p.
func (p Place) Path() string {
	switch {
	case p.Dir == nil || p.Dir.Path == "/":
		return "/" + p.Name
	case p.Name == "":
		return p.Dir.Path
	}
	return p.Dir.Path + "/" + p.Name
}

// Dir is an observed folder.
type Dir struct {
	Path  string
	ID    ID     // zero: the folder is missing, and a Turn may make it
	Mount uint64 // renames work between folders of one mount only; of a missing folder, its parent's
	Free  int64  // bytes free to anyone on its file system; -1: no rule needs it
}

// ID identifies a file for as long as it exists.
type ID struct{ Dev, Ino uint64 }

// Stat is what stat(2) says of a log.
type Stat struct {
	ID      ID
	Size    int64 // without the hole that it begins with, if it is one that is emptied by cutting
	ModTime int64 // nanoseconds since 1970
	Born    int64 // when it was made, likewise; 0: that is not known
}

// Kind is what a name stands for.
type Kind uint8

// The kinds. Only a Regular file is ever turned.
const (
	Regular Kind = iota
	Missing
	Directory
	Symlink
	Pipe
	Socket
	Device
)

func (k Kind) String() string {
	return [...]string{"regular file", "missing", "directory", "symbolic link", "FIFO", "socket", "device"}[k]
}

// Archive is a rotated file of a log.
type Archive struct {
	Place
	Generation Generation
	Ext        string    // what its compression added to the name; "": plain
	Ino        uint64    // from the directory entry: a hint, not an identity
	Size       int64     // -1: no rule needs it; with Twin, when it was compared
	ModTime    time.Time // zero: no rule needs it; with Twin, when it was compared
	Twin       Twin      // of a plain archive that has a packed one beside it
}

// Plain returns the name of a without what its compression added.
func (a *Archive) Plain() string { return strings.TrimSuffix(a.Name, a.Ext) }

// Twin is what the packed archive of a plain one's very name holds. A run that
// ended between the two leaves such a pair, and so do compressors.
type Twin uint8

const (
	// NoTwin is none, or one of which it cannot be told.
	NoTwin Twin = iota
	// Whole holds all that the plain one holds, and nothing else.
	Whole
	// Part is cut short or broken, and holds nothing that the plain one does not.
	Part
	// Other holds something else.
	Other
)

// Owed is a file that an earlier run turned and could not prove released, under
// the name that it has now.
type Owed struct {
	Archive Place
	ID      ID
	Since   time.Time // when it was turned
	Last    time.Time // when its log was turned before that; zero: that is not known
	Was     uint64    // the inode that had its name until then, packed or plain; 0: none
	Born    int64     // as of Stat
}

// Unserved is what is owed of a log that no policy has any more, or is in a folder
// that cannot be read, which has no ID.
type Unserved struct {
	Log  string
	Away bool // the log's folder is not the one that it was in, as when that is not mounted: nothing is known
	Owed
}
