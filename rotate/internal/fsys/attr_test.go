package fsys

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// The tags of ACL entries: linux/posix_acl.h.
const (
	userObj  = 0x01
	user     = 0x02
	groupObj = 0x04
	group    = 0x08
	mask     = 0x10
	other    = 0x20
)

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

const noID = ^uint32(0)

func acl(entries ...aclEntry) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// aclWith is an ACL of a file with mode, that also lets a user read.
func aclWith(mode uint16) []byte {
	return acl(aclEntry{userObj, mode >> 6 & 7, noID}, aclEntry{user, 4, 1234}, aclEntry{groupObj, 4, noID},
		aclEntry{mask, mode >> 3 & 7, noID}, aclEntry{other, mode & 7, noID})
}

func attrOf(t *testing.T, path string) Attr {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	a, err := AttrOf(f)
	must(t, err)
	return a
}

func wantAttr(t *testing.T, got, want Attr) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

// publish makes a file that looks like a.
func publish(d *Dir, name, text string, a Attr) error {
	tmp, err := d.Temp(a)
	if err != nil {
		return err
	}
	defer tmp.Close()
	if _, err := tmp.File().WriteString(text); err != nil {
		return err
	}
	if err := tmp.Publish(name); err != nil {
		return err
	}
	return tmp.Close()
}

func TestAttrIsKept(t *testing.T) {
	host.NeedsRoot(t)
	at := time.Unix(1234567890, 123456789)
	many := []aclEntry{{userObj, 6, noID}}
	for id := range uint32(80) { // larger than the first guess
		many = append(many, aclEntry{user, 4, 1000 + id})
	}
	many = append(many, aclEntry{groupObj, 4, noID}, aclEntry{mask, 4, noID}, aclEntry{other, 0, noID})
	attrs := map[string]Attr{
		"plain":         {Mode: 0o640, UID: nobody, GID: 4, ModTime: at, AccessTime: at.Add(time.Second)},
		"unreadable":    {Mode: 0, UID: nobody, GID: 4, ModTime: at, AccessTime: at},
		"open":          {Mode: 0o777, UID: 0, GID: 0, ModTime: at, AccessTime: at},
		"before 1970":   {Mode: 0o600, UID: 0, GID: 0, ModTime: time.Unix(-2, 5), AccessTime: at},
		"ACL":           {Mode: 0o640, UID: nobody, GID: 4, ACL: aclWith(0o640), ModTime: at, AccessTime: at},
		"ACL and group": {Mode: 0o660, UID: 0, GID: 4, ACL: acl(aclEntry{userObj, 6, noID}, aclEntry{groupObj, 0, noID}, aclEntry{group, 6, 7}, aclEntry{mask, 6, noID}, aclEntry{other, 0, noID}), ModTime: at, AccessTime: at},
		"large ACL":     {Mode: 0o640, UID: 0, GID: 0, ACL: acl(many...), ModTime: at, AccessTime: at},
		"label":         {Mode: 0o640, UID: 0, GID: 0, Label: []byte("system_u:object_r:var_log_t:s0\x00"), ModTime: at, AccessTime: at},
	}
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		must(t, os.Mkdir(folder+"/default", 0o755))
		must(t, unix.Setxattr(folder+"/default", "system.posix_acl_default", aclWith(0o777), 0))
		for _, folder := range []string{folder, folder + "/default"} {
			d := openDir(t, &FS{Before: before}, folder)
			for name, want := range attrs {
				must(t, publish(d, name, "text", want))
				got := attrOf(t, folder+"/"+name)
				wantAttr(t, got, want)
				must(t, publish(d, name+" copy", "text", got))
				wantAttr(t, attrOf(t, folder+"/"+name+" copy"), want)
			}
		}
	})
}

func TestAttrLeavesWhatIsNotGiven(t *testing.T) {
	host.NeedsRoot(t)
	folder := tempDir(t)
	d := openDir(t, new(FS), folder)
	must(t, publish(d, "a", "", Attr{Mode: 0o600, UID: -1, GID: 4}))
	must(t, publish(d, "b", "", Attr{Mode: 0o600, UID: nobody, GID: -1, ModTime: time.Unix(5, 0)}))
	a, b := attrOf(t, folder+"/a"), attrOf(t, folder+"/b")
	if a.UID != 0 || a.GID != 4 || b.UID != nobody || b.GID != 0 {
		t.Errorf("owners %d:%d, %d:%d", a.UID, a.GID, b.UID, b.GID)
	}
	if !b.ModTime.Equal(time.Unix(5, 0)) || b.AccessTime.Before(time.Unix(1e9, 0)) {
		t.Errorf("times %v, %v", b.ModTime, b.AccessTime)
	}
}

// A mode that grants less than the ACL wins, as chmod would have it.
func TestModeLimitsACL(t *testing.T) {
	host.NeedsRoot(t)
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		var worst uint32
		s := &FS{Before: both(before, func(op Op) error {
			if op.Call == "chmod" { // the ACL is there, the mode is not
				names := list(t, folder)
				for _, name := range names {
					info, err := os.Lstat(folder + "/" + name)
					must(t, err)
					worst |= uint32(info.Mode())
				}
			}
			return nil
		})}
		must(t, publish(openDir(t, s, folder), "a", "secret", Attr{Mode: 0o600, UID: nobody, GID: 4, ACL: aclWith(0o664)}))
		got := attrOf(t, folder+"/a")
		if got.Mode != 0o600 || !bytes.Equal(got.ACL, aclWith(0o600)) {
			t.Errorf("mode %04o, ACL %x", got.Mode, got.ACL)
		}
		if worst&^0o600 != 0 {
			t.Errorf("was %04o for a moment", worst)
		}
	})
}

func TestLimitACL(t *testing.T) {
	for name, c := range map[string]struct{ acl, want []byte }{
		"with a mask":    {aclWith(0o777), aclWith(0o640)},
		"without a mask": {acl(aclEntry{userObj, 7, noID}, aclEntry{groupObj, 7, noID}, aclEntry{other, 7, noID}), acl(aclEntry{userObj, 6, noID}, aclEntry{groupObj, 4, noID}, aclEntry{other, 0, noID})},
		"empty":          {[]byte{}, []byte{}},
		"short":          {[]byte{2, 0}, []byte{2, 0}},
		"cut":            {aclWith(0o640)[:15], aclWith(0o640)[:15]},
	} {
		before := bytes.Clone(c.acl)
		if got := limitACL(c.acl, 0o640); !bytes.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", name, got, c.want)
		}
		if !bytes.Equal(before, c.acl) {
			t.Errorf("%s: argument changed", name)
		}
	}
}

func TestGroupless(t *testing.T) {
	for mode, want := range map[uint32]uint32{
		0o640: 0o600, 0o644: 0o604, 0o664: 0o604, 0o604: 0o600, 0o666: 0o606, 0o600: 0o600, 0o750: 0o700, 0o2755: 0o2705,
	} {
		if got := groupless(mode); got != want {
			t.Errorf("%04o: %04o, want %04o", mode, got, want)
		}
	}
}

// Where a file system keeps no ACLs, the bits of the mask are not the group's.
func TestNoACLs(t *testing.T) {
	folder := tempDir(t)
	d := openDir(t, &FS{Before: refuse("setxattr", unix.EOPNOTSUPP)}, folder)
	must(t, publish(d, "a", "", Attr{Mode: 0o640, UID: -1, GID: -1, ACL: aclWith(0o640), Label: []byte("label")}))
	if got := attrOf(t, folder+"/a"); got.Mode != 0o600 {
		t.Errorf("mode %04o", got.Mode)
	}
}

func TestACLIsRefused(t *testing.T) {
	folder := tempDir(t)
	err := publish(openDir(t, new(FS), folder), "a", "", Attr{Mode: 0o640, UID: -1, GID: -1, ACL: []byte{1}})
	wantErr(t, err, unix.EINVAL)
	wantNames(t, folder)
}

// publishAsUser copies the file src in a folder, twice: with its looks, and for
// root.
func publishAsUser(args []string) error {
	fmt.Println("ready")
	d, err := new(FS).OpenDir(args[0])
	if err != nil {
		return err
	}
	src, _, err := d.Open("src")
	if err != nil {
		return err
	}
	a, err := AttrOf(src)
	if err != nil {
		return err
	}
	if err := publish(d, "copy", "text", a); err != nil {
		return err
	}
	a.UID = 0
	fmt.Println(publish(d, "root's", "text", a))
	return nil
}

func TestWhoIsNotRootCopiesHisOwnFile(t *testing.T) {
	host.NeedsRoot(t)
	for name, c := range map[string]struct {
		mode, want uint32
		gid        int
	}{
		"his own group":  {0o644, 0o644, nobody},
		"another group":  {0o664, 0o604, 4},
		"a group denied": {0o604, 0o600, 4},
	} {
		t.Run(name, func(t *testing.T) {
			eachFS(t, func(t *testing.T, folder string) {
				must(t, os.Chown(folder, nobody, nobody))
				write(t, folder+"/src", "text")
				must(t, os.Chown(folder+"/src", nobody, c.gid))
				must(t, unix.Chmod(folder+"/src", c.mode))
				said := child(t, "publish", folder)()
				if !strings.Contains(said, ErrOwner.Error()) {
					t.Errorf("a file for root: %s", said)
				}
				got := attrOf(t, folder+"/copy")
				if got.UID != nobody || got.GID != nobody || got.Mode != c.want {
					t.Errorf("copy is %d:%d %04o", got.UID, got.GID, got.Mode)
				}
				wantNames(t, folder, "copy", "src")
			})
		})
	}
}
