# What the targets do is in the Go tests and in the scripts below testdata/.

.PHONY: build install demo test check race differential test-differential disturb services e2e reliability soak fuzz vuln bench tools

beside = ./testdata/bench ./testdata/differential ./testdata/e2e ./testdata/host ./testdata/reliability ./testdata/services ./testdata/unpack # ./... leaves testdata out

build: ## one static binary in bin/
	CGO_ENABLED=0 go build -trimpath -o bin/rotate ./cmd/rotate

PREFIX = /usr/local

install: bin/rotate ## program, manual pages, service and timer; DESTDIR=, PREFIX=
	install -D -t $(DESTDIR)$(PREFIX)/sbin bin/rotate
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 docs/rotate.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 docs/rotate.toml.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system docs/systemd/rotate.service docs/systemd/rotate.timer
	sed -i 's|/usr/local|$(PREFIX)|' $(DESTDIR)$(PREFIX)/lib/systemd/system/rotate.service

bin/rotate:
	$(MAKE) build

demo: ## the whole job in a temporary folder
	go run ./cmd/rotate demo

test: tools check race differential disturb services ## everything that must pass

check: ## format, vet, staticcheck
	@test -z "$$(go tool gofumpt -l . | tee /dev/stderr)"
	go vet ./... $(beside)
	go tool staticcheck ./... $(beside)
	go mod tidy -diff

race: ## every test, under the race detector; services need not linger when they end
	GORACE=atexit_sleep_ms=0 go test -race ./... ./testdata/host ./testdata/unpack

differential: ## 2,000 random trials beside the real logrotate
	go test ./testdata/differential

test-differential: tools ## many more; ARGS="-seed N -trials N"
	go test -v -timeout 0 ./testdata/differential -trials 50000 $(ARGS)

disturb: ## a sample of what reliability does
	go test ./testdata/reliability

services: ## real daemons under load, with the table of docs/services.md
	go test -v ./testdata/services

e2e: tools services ## units and timers of a Debian that is booted; the first time makes it
	go test -v ./testdata/e2e

reliability: tools ## killed at each call, calls that fail, full disks, power cuts: docs/reliability.md
	go test -v -timeout 0 ./testdata/reliability -args -whole

soak: tools ## ten minutes of services, kills and full disks
	go test -v -timeout 0 -run Soak ./testdata/reliability -args -soak 10m

fuzz: ## each fuzz target for a minute
	testdata/fuzz.sh 60s

vuln: ## known vulnerabilities; asks the database of the Go project
	go tool govulncheck ./...

bench: build tools ## beside logrotate, gzip, pigz and zstd
	go run ./testdata/bench

tools: ## what the tests need beside Go
	testdata/tools.sh
