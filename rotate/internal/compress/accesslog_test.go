package compress

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// accessLog returns about size bytes of an access log, the same each time.
func accessLog(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of []string) string { return of[min(random.IntN(len(of)), random.IntN(len(of)))] }
	paths := []string{"/", "/index.html", "/api/v1/orders", "/api/v1/users", "/static/app.js", "/static/app.css", "/login", "/api/v2/search", "/healthz", "/favicon.ico"}
	agents := []string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
		"curl/8.10.1", "kube-probe/1.31", "Go-http-client/2.0",
	}
	hosts := make([]string, 2000)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("%d.%d.%d.%d", 1+random.IntN(222), random.IntN(256), random.IntN(256), random.IntN(256))
	}
	at := time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	b.Grow(size + 1024)
	for b.Len() < size {
		at = at.Add(time.Duration(random.IntN(40)) * time.Millisecond)
		path := pick(paths)
		if random.IntN(2) == 0 {
			path = fmt.Sprintf("%s/%d?page=%d", path, random.IntN(100000), random.IntN(20))
		}
		fmt.Fprintf(&b, "%s - - [%s] \"%s %s HTTP/1.1\" %s %d \"https://www.example.com%s\" \"%s\" %.3f\n",
			pick(hosts), at.Format("02/Jan/2006:15:04:05 -0700"), pick([]string{"GET", "GET", "POST", "PUT"}), path,
			pick([]string{"200", "200", "304", "404", "500"}), random.IntN(50000), pick(paths), pick(agents), random.ExpFloat64()/10)
	}
	return b.Bytes()
}

// largeLog returns an access log that is worth more than one processor. It
// repeats itself: making one takes longer than packing it.
func largeLog() []byte { return bytes.Repeat(accessLog(1<<20), large>>20) }

// file makes a file that holds data, and opens it.
func file(t testing.TB, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.log.1")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) // a test's file
	return f
}
