package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestCountLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		wrote map[string]int
		want  tally
		right bool
	}{
		{
			name:  "every line once, in any order, in any file",
			files: map[string]string{"a": "m line 2 ok ms\nw line 1 ok ms\n", "a.1.zst": "m line 1 ok ms\n"},
			wrote: map[string]int{"m": 2, "w": 1},
			want:  tally{files: 2, written: 3, found: 3},
			right: true,
		},
		{
			name:  "a lost line",
			files: map[string]string{"a": "m line 2 ok ms\n"},
			wrote: map[string]int{"m": 2},
			want:  tally{files: 1, written: 2, found: 1},
		},
		{
			name:  "a doubled line hides no lost one",
			files: map[string]string{"a": "m line 2 ok ms\n", "b.zst": "m line 2 ok ms\n"},
			wrote: map[string]int{"m": 2},
			want:  tally{files: 2, written: 2, found: 1, doubled: 1},
		},
		{
			name:  "a torn line",
			files: map[string]string{"a": "m line 1 o", "b": "k ms\n"},
			wrote: map[string]int{"m": 1},
			want:  tally{files: 2, written: 1, strange: 2},
		},
		{
			name:  "lines of nobody",
			files: map[string]string{"a": "m line 1 ok ms\nm line 2 ok ms\nx line 1 ok ms\n\n"},
			wrote: map[string]int{"m": 1},
			want:  tally{files: 1, written: 1, found: 1, strange: 3},
		},
		{
			name: "nothing at all proves nothing",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range tt.files {
				data := []byte(text)
				if filepath.Ext(name) == ".zst" {
					data = compressed(t, data)
				}
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := countLines(dir, tt.wrote)
			if err != nil {
				t.Fatal(err)
			}
			if *got != tt.want || got.right() != tt.right {
				t.Errorf("got %+v, right %t; want %+v, %t", *got, got.right(), tt.want, tt.right)
			}
		})
	}
}

func TestCountLinesOfABrokenArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := compressed(t, []byte("m line 1 ok ms\n"))
	if err := os.WriteFile(filepath.Join(dir, "a.1.zst"), data[:len(data)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err := countLines(dir, map[string]int{"m": 1}); err == nil {
		t.Errorf("got %+v, want an error", c)
	}
}

func compressed(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}
