package signaler

import (
	"slices"
	"strings"
	"testing"
)

const stat = "4121 (%s) S 1 4121 4121 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 11 0 987654 1 2 3\n"

func TestStatOfHostileNames(t *testing.T) {
	t.Parallel()
	for comm, want := range map[string]string{
		"node":                    "node",
		"":                        "",
		") Z 2 (":                 ") Z 2 (",
		"a) R 1 1 (b":             "a) R 1 1 (b",
		"x\ny":                    "x?y",
		"\x1b[31m":                "?[31m",
		"(((":                     "(((",
		"tab\there":               "tab?here",
		string([]byte{0xff, 'a'}): "\ufffda",
	} {
		var f facts
		ok := f.parseStat([]byte(strings.Replace(stat, "%s", comm, 1)))
		if !ok || f.name != want || f.state != 'S' || f.ppid != 1 || f.start != 987654 || f.flags != 4194560 {
			t.Errorf("%q: got %v %+v", comm, ok, f)
		}
	}
}

func TestKernelThreadFlag(t *testing.T) {
	t.Parallel()
	var f facts
	if ok := f.parseStat([]byte("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0")); !ok || !f.kernel() {
		t.Errorf("got %v %+v", ok, f)
	}
}

func TestStatusMasks(t *testing.T) {
	t.Parallel()
	const status = "Name:\tx\nTgid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \nCapEff:\t000001ffffffffff\nSigBlk:\t0000000000000200\nSigIgn:\t8000000000000000\nSigCgt:\t0000000000000800\n"
	var f facts
	if !f.parseStatus([]byte(status)) || f.tgid != 7 || f.uids != [4]int{1, 2, 3, 4} {
		t.Fatalf("got %+v", f)
	}
	if f.gid != 8 || !slices.Equal(f.groups, []int{9, 10}) || f.effective != 0x1ffffffffff {
		t.Errorf("got %+v", f.access)
	}
	if !f.blocks(10) || f.blocks(12) || !f.handles(12) || !f.handles(64) || f.handles(10) {
		t.Errorf("got %+v", f.signals)
	}
	for line := range strings.Lines(status) {
		if strings.HasPrefix(line, "Name") {
			continue
		}
		if f.parseStatus([]byte(strings.Replace(status, line, "", 1))) {
			t.Errorf("accepted without %q", line)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(stat))
	f.Add([]byte("1 ()"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, data []byte) {
		var f facts
		f.parseStat(data)
		f.parseStatus(data)
		parseMapping(data)
		unit(cgroupOf(string(data)))
	})
}
