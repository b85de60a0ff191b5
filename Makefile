# guichet: build, try, test and check. `make` alone lists the targets.

# The build tag of DuckDB's Arrow interface, in this one place: every go command
# below inherits it through GOFLAGS, and so do the programs that tests start.
TAGS := duckdb_arrow

GO_VERSION       := 1.26
GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION  := v0.12.0
VULN_VERSION     := v1.8.0
FUZZTIME         ?= 20s
# The real files that some tests and the generated facts are made from.
DATA             := $(or $(GUICHET_DATA),$(wildcard ../shared/data))
# Rooms whose every line must be run by their own tests.
RULES            := agreement disclosure harmonise mirror search
# In CI nothing is taken from the cache of test results.
TESTFLAGS        ?= $(if $(CI),-count=1)

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS     += --no-print-directory

TOOLS := $(CURDIR)/.tools/bin
export GOFLAGS      := $(strip $(filter-out -tags=%,$(shell go env GOFLAGS 2>/dev/null)) -tags=$(TAGS))
export GUICHET_DATA := $(if $(DATA),$(abspath $(DATA)))

##@ Use

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: compilers ## Build bin/guichet
	@[ -x bin/guichet ] || echo "building bin/guichet: the first time links DuckDB's libraries and takes about 2 minutes"
	@mkdir -p bin
	go build -o bin/guichet ./cmd/guichet

.PHONY: demo
demo: build ## Build, then six members in two circles, real processes: ask, refuse, prove, copy, lose and restore; then one address for a browser
	@bin/guichet demo

##@ Test

# Words and rooms run under the race detector. Those of the house and of the
# command start whole processes, hundreds of them, which are the released build,
# without it; those of the circle make and verify thousands of signatures one after
# the other, and those of ingest read the offices' real files, where it costs
# minutes: of them, those of what runs side by side run under it.
#
# Of the faults that befall a circle of five a fixed part runs here; all of them,
# which take minutes of waiting, in test-faults.
FAULTS_LATER := TestFaults/(a_member_stops|an_answer_breaks|the_circle_has_expired|an_agreement_was|killed_at_any_moment)
.PHONY: test
test: compilers data ## Run all tests, the rooms under the race detector; installs what they need
	@tools/netns.sh
	@command -v systemd-analyze >/dev/null || tools/apt.sh systemd || { echo "the unit for systemd is not verified" >&2; [ -z "$${CI:-}" ]; }
	@[ -n "$${GUICHET_KEYCLOAK:-}" ] || echo "signing in is not tried with a real provider: make test-signin does"
	@. tools/pyiceberg.sh; . tools/signatures.sh; . tools/protocol.sh; \
	echo "go test -race $(TESTFLAGS) (words and rooms)   (the first time builds all of it with the race detector: about 4 minutes)"; \
	go test -race -timeout 15m $(TESTFLAGS) $$(go list ./... | grep -v -e '^guichet/cmd/' -e '^guichet/internal/node$$' -e '^guichet/internal/circle$$' -e '^guichet/internal/ingest'); \
	go test -race -timeout 5m $(TESTFLAGS) -run 'TestManyAtOnce|TestDigest|TestPlainAnd|TestSeams|TestLongLines|TestLayoutOfPlainFile|TestFileThatChanges|TestCancelled|TestCompanionOfA' ./internal/circle ./internal/ingest; \
	echo "go test $(TESTFLAGS) ./internal/circle ./internal/ingest/... ./internal/node ./cmd/..."; \
	go test -timeout 15m $(TESTFLAGS) -skip '$(FAULTS_LATER)' ./internal/circle ./internal/ingest/... ./internal/node ./cmd/...
	@cd tools && go test $(TESTFLAGS) ./...

.PHONY: test-faults
test-faults: compilers ## All faults that a circle of five must survive, in network namespaces (root)
	@tools/netns.sh
	go test -count=1 -v -timeout 20m -run '^TestFault' ./cmd/guichet ./internal/node

# JOURNEYS="compares en,publicView" walks those alone whose names hold one of these;
# CI walks JOURNEYS_CI.
JOURNEYS_CI := askToReceipt en with script at 1280,sharesAndTakesAlong fr without script,byKeyboard fr,auditing fr without script at 768,publicView en with script at 320,operates fr with script at 768,signsIn en without script,compares fr with script at 320,codes en with script at 320,stewardTakesIn en with script at 768,recordExamined en with script at 320
.PHONY: test-journeys
test-journeys: compilers ## Walk through the pages in a real browser, in both languages, with and without script
	@. tools/journeys.sh; export GUICHET_JOURNEYS_ONLY='$(JOURNEYS)'; \
	go test -count=1 -v -timeout 40m -run '^Test(Steward|Record)?Journeys$$' ./internal/node

.PHONY: test-journeys-part
test-journeys-part: ## The part of them that CI walks
	@$(MAKE) test-journeys JOURNEYS="$(JOURNEYS_CI)"

.PHONY: pictures
pictures: ## Make the pictures of the README anew, of the pages as they are now
	@GUICHET_PICTURES=$(CURDIR)/docs/pictures $(MAKE) test-journeys JOURNEYS="askToReceipt en with script at 1280,compares fr with script at 1280,operates en with script at 1280,publicView en with script at 1280,stewardTakesIn en with script at 1280"

.PHONY: test-engines
test-engines: compilers ## Open our tables with pyiceberg and with Spark: the same answers to ten questions
	@. tools/pyiceberg.sh; . tools/spark.sh; \
	go test -count=1 -v -run TestOtherEnginesGiveTheSameAnswers ./internal/store

.PHONY: test-signin
test-signin: compilers ## Sign in, out and out everywhere with a real provider: Keycloak, on the loopback
	@. tools/keycloak.sh; \
	go test -count=1 -v -timeout 8m -p 1 -run TestKeycloak ./internal/portal/signin ./internal/node

.PHONY: fuzz
fuzz: compilers ## Run each fuzz test in turn for FUZZTIME (20s)
	@tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build ## Measure speed and size; one line per figure
	@tools/bench.sh

.PHONY: bench-large
bench-large: compilers ## Measure growth to 100 million rows (SCALE="1 10 100"); half an hour, 25 GB
	@tools/bench-large.sh

.PHONY: fresh
fresh: ## Run `make demo` and `make test` in a fresh clone of what is committed
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	git clone -q . "$$dir/guichet"; cd "$$dir/guichet"; make demo </dev/null; make test </dev/null

##@ Check

.PHONY: check
check: hygiene format-check vet lint facts-check assets-check licences cover-rules build ## All checks that are no tests: lint, licences, generated facts and style, coverage of the rules

.PHONY: hygiene
hygiene: ## Refuse registry hosts, paths of this machine and TODOs without an issue
	@tools/hygiene.sh

.PHONY: format-check
format-check: ## Is all of it formatted by gofumpt?
	@if tools/install.sh gofumpt mvdan.cc/gofumpt $(GOFUMPT_VERSION); then \
		files=$$($(TOOLS)/gofumpt -l .); \
		if [ -n "$$files" ]; then echo "not formatted; run 'make format':" >&2; echo "$$files" >&2; exit 1; fi; \
	elif [ -n "$${CI:-}" ]; then exit 1; else echo "check: formatting not checked" >&2; fi

.PHONY: format
format: ## Format all of it
	@tools/install.sh gofumpt mvdan.cc/gofumpt $(GOFUMPT_VERSION) && $(TOOLS)/gofumpt -w .

.PHONY: vet
vet: compilers ## go vet, in both modules
	go vet ./...
	@cd tools && go vet ./...

.PHONY: lint
lint: compilers ## golangci-lint, in both modules
	@if tools/install.sh golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI_VERSION); then \
		echo "golangci-lint run ./...   (and in tools)"; \
		$(TOOLS)/golangci-lint run --build-tags $(TAGS) ./...; \
		cd tools && $(TOOLS)/golangci-lint run --config ../.golangci.yml ./...; \
	elif [ -n "$${CI:-}" ]; then exit 1; else echo "check: not linted" >&2; fi

.PHONY: licences
licences: compilers ## Refuse a dependency without a licence, or with one that binds ours
	@tools/licences.sh ./cmd/guichet

.PHONY: cover-rules
cover-rules: ## Is every statement of the rules run by their own tests?
	@tools/cover-rules.sh $(RULES)

.PHONY: facts-check
facts-check: data ## Are the generated facts what the data folder gives?
	@if [ -n "$(DATA)" ]; then tools/facts.sh check; else echo "check: generated facts not compared: no data folder" >&2; fi

.PHONY: facts
facts: ## Make the generated facts again from the data folder
	@tools/facts.sh write

.PHONY: assets-check
assets-check: ## Is the style of the pages what its sources give?
	@tools/assets.sh check

.PHONY: assets
assets: ## Make the style of the pages again from govuk-frontend and tools/pages
	@tools/assets.sh write

.PHONY: vuln
vuln: compilers ## Known vulnerabilities (needs the vulnerability database, from the network)
	@tools/install.sh govulncheck golang.org/x/vuln/cmd/govulncheck $(VULN_VERSION)
	$(TOOLS)/govulncheck ./...

##@ Tools

.PHONY: tools
tools: ## Install golangci-lint and gofumpt into .tools
	@tools/install.sh gofumpt mvdan.cc/gofumpt $(GOFUMPT_VERSION)
	@tools/install.sh golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI_VERSION)

.PHONY: clean
clean: ## Remove what was built; not the homes
	rm -rf bin .cover .venv .tools

.PHONY: compilers
compilers:
	@tools/compilers.sh $(GO_VERSION)

# A developer may do without the data folder, and is told what that leaves out; CI may not.
.PHONY: data
data:
	@if [ -z "$(DATA)" ]; then \
		echo "no data folder: neither ../shared/data nor GUICHET_DATA names one; what needs the real files is left out" >&2; \
		[ -z "$${CI:-}" ]; \
	elif [ ! -d "$(DATA)" ]; then echo "the data folder $(DATA) does not exist" >&2; exit 1; fi
