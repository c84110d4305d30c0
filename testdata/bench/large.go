package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// oneLargeLog compresses a synthetic access log, rotation and all, beside the
// bare compressors.
func oneLargeLog(rotate string, runs int, size int64) error {
	dir, err := os.MkdirTemp("", "rotate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log := filepath.Join(dir, "access.log")
	if err := accessLog(log, size); err != nil {
		return err
	}
	state := filepath.Join(dir, "state")
	policy := func(codec string) string {
		path := filepath.Join(dir, codec+".toml")
		text := fmt.Sprintf("[log.bench]\npaths = [%q]\nsize = 1\nrotate = 1\ncompress = %q\n", log, codec)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			panic(err) // the folder was made a moment ago
		}
		return path
	}
	fmt.Printf("One log of %d MiB: wall time and peak memory, medians.\n\n| | | CPU | ratio |\n| --- | --- | ---: | ---: |\n", size>>20)
	for _, c := range []struct {
		name, out string
		argv      []string
	}{
		{"rotate, gzip", log + ".1.gz", []string{rotate, "-f", "-s", state, policy("gzip")}},
		{"gzip", log + ".gz", []string{"gzip", "-k", log}},
		{"pigz", log + ".gz", []string{"pigz", "-k", log}},
		{"rotate, zstd", log + ".1.zst", []string{rotate, "-f", "-s", state, policy("zstd")}},
		{"zstd", log + ".zst", []string{"zstd", "-q", "-k", log}},
		{"zstd -T0", log + ".zst", []string{"zstd", "-q", "-k", "-T0", log}},
	} {
		var all []usage
		var ratio float64
		for range runs {
			u, err := measure(dir, c.argv...)
			if err != nil {
				return err
			}
			all = append(all, u)
			info, err := os.Stat(c.out)
			if err != nil {
				return err
			}
			ratio = float64(size) / float64(info.Size())
			if err := os.Remove(c.out); err != nil {
				return err
			}
			if _, err := os.Stat(log); err == nil {
				continue
			}
			if err := accessLog(log, size); err != nil {
				return err
			}
		}
		u := median(all)
		fmt.Printf("| %s | %s | %s | %.2f |\n", c.name, u, seconds(u.cpu), ratio)
	}
	return nil
}

// accessLog writes a log of about size bytes, the same each time.
func accessLog(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close() // checked by the flush below and by what reads it
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	agents := []string{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/7.88.1", "kube-probe/1.30"}
	for n, second := int64(0), 0; n < size; second++ {
		written, err := fmt.Fprintf(w, "10.%d.%d.%d - - [23/Nov/2026:%02d:%02d:%02d +0000] \"GET /api/v1/items/%d?page=%d HTTP/1.1\" %d %d \"-\" %q\n",
			r.IntN(4), r.IntN(256), r.IntN(256), second/3600%24, second/60%60, second%60,
			r.IntN(100_000), r.IntN(20), []int{200, 200, 200, 304, 404, 500}[r.IntN(6)], r.IntN(50_000), agents[r.IntN(len(agents))])
		if err != nil {
			return err
		}
		n += int64(written)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}
