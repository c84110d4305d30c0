package fsys

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEntries(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		want := map[string]uint8{"folder": unix.DT_DIR, "link": unix.DT_LNK, "fifo": unix.DT_FIFO}
		must(t, os.Mkdir(folder+"/folder", 0o755))
		must(t, os.Symlink("x", folder+"/link"))
		must(t, unix.Mkfifo(folder+"/fifo", 0o666))
		for _, name := range hardNames {
			write(t, folder+"/"+name, "")
			want[name] = unix.DT_REG
		}
		for i := range 3000 { // more than one chunk
			name := fmt.Sprintf("app-%04d.log", i)
			must(t, os.Link(folder+"/a b", folder+"/"+name))
			want[name] = unix.DT_REG
		}
		d := openDir(t, new(FS), folder)
		for range 2 { // the second time too
			entries, err := d.Entries()
			must(t, err)
			for _, e := range entries {
				if kind, ok := want[e.Name]; !ok || kind != e.Type {
					t.Errorf("%q: type %d, want %d", e.Name, e.Type, kind)
				}
				if id := idOf(t, folder+"/"+e.Name); id.Ino != e.Ino {
					t.Errorf("%q: inode %d, want %d", e.Name, e.Ino, id.Ino)
				}
			}
			if len(entries) != len(want) {
				t.Errorf("%d entries, want %d", len(entries), len(want))
			}
			if !slices.IsSortedFunc(entries, func(a, b Entry) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) }) {
				t.Error("not sorted")
			}
		}
	})
}

func TestEntriesOfAnEmptyFolder(t *testing.T) {
	entries, err := openDir(t, new(FS), tempDir(t)).Entries()
	if err != nil || len(entries) != 0 {
		t.Fatalf("%v, %v", entries, err)
	}
}

func TestEntriesOfARemovedFolder(t *testing.T) {
	folder := tempDir(t)
	must(t, os.Mkdir(folder+"/gone", 0o755))
	d := openDir(t, new(FS), folder+"/gone")
	must(t, os.Remove(folder+"/gone"))
	_, err := d.Entries()
	wantErr(t, err, unix.ENOENT)
}

func BenchmarkEntries(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			folder, err := os.MkdirTemp("/dev/shm", "fsys")
			must(b, err)
			defer os.RemoveAll(folder)
			for i := range n {
				write(b, fmt.Sprintf("%s/application-%06d.log.%d.gz", folder, i/10, i%10), "")
			}
			d := openDir(b, new(FS), folder)
			b.ReportAllocs()
			for b.Loop() {
				entries, err := d.Entries()
				if err != nil || len(entries) != n {
					b.Fatal(len(entries), err)
				}
			}
		})
	}
}
