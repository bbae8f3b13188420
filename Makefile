# The two commands are `make run` and `make test`; both work on a fresh Debian 12 without a question asked.
PORT ?= 8080
EXAMPLE := var/example
BUILD := build
JOBS ?= $(shell nproc)

.PHONY: run build test example check bench fuzz screens drills deb setup clean help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: build example ## build, make the example workspace, serve it at http://127.0.0.1:$(PORT)
	@$(BUILD)/understory serve -w $(EXAMPLE) --listen 127.0.0.1:$(PORT)

build: ## build/understory
	@scripts/setup.sh build run
	@cmake --preset release >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }; rm -f $(BUILD).log
	@ninja -C $(BUILD) -j $(JOBS) understory

example: build ## the seven communities as a workspace in var/example (made anew when its files or the program changed)
	@examples/seven-communities/make.sh $(BUILD)/understory $(EXAMPLE)

test: ## every test on both databases and in the browser
	@scripts/setup.sh build run test
	@scripts/test.sh $(BUILD) $(JOBS)

check: ## format, tidy, arrows
	@scripts/setup.sh build check
	@scripts/check.sh $(JOBS)

bench: build ## the figures of bench/RESULTS.md
	@bench/run.sh $(BUILD)

fuzz: ## every fuzz target for SECONDS each (default 60)
	@scripts/setup.sh build fuzz
	@scripts/fuzz.sh

deb: ## the Debian package, in build/package
	@scripts/setup.sh build run deb
	@cmake --preset release >/dev/null && ninja -C $(BUILD) -j $(JOBS) understory && cd $(BUILD) && cpack -G DEB

screens: build ## the pictures of docs/screens, taken anew: every page, in every language now and then
	@scripts/setup.sh build run test screens
	@scripts/screens.sh $(BUILD)

drills: ## the promises of docs/drills.md in full, or one: make drills DRILL=kill
	@scripts/setup.sh build run test
	@cmake --preset release >/dev/null
	@scripts/drills.sh $(BUILD) $(DRILL)

clean: ## forget what was built
	rm -rf build build-dev build-asan build-tsan build-check build-fuzz var
