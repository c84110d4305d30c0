# The targets are the documentation; what they do is in scripts that run on their own.

.PHONY: build demo test check race e2e fuzz bench tools

build: ## one static binary in bin/
	CGO_ENABLED=0 go build -trimpath -o bin/rotate ./cmd/rotate

demo: ## the whole job in a temporary folder
	go run ./cmd/rotate demo

test: tools check race e2e ## everything that must pass

check: ## format, vet, staticcheck
	@test -z "$$(go tool gofumpt -l . | tee /dev/stderr)"
	go vet ./...
	go tool staticcheck ./...

race: ## unit tests and testscripts under the race detector
	go test -race ./...

e2e: build ## the real binary with real services
	go test -count=1 -tags e2e ./testdata/...

fuzz: ## each fuzz target for a minute
	testdata/fuzz.sh 60s

bench: build tools ## beside logrotate, gzip, pigz and zstd
	testdata/bench.sh

tools: ## what the tests need beside Go
	testdata/tools.sh
