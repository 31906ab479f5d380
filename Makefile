# The commands of the project. `make run` and `make test` install what they need from Debian's packages by name.

SHELL := /bin/bash
# What building needs, and what the tests start.
BUILD_PACKAGES := libcurl4-openssl-dev libmimalloc-dev libsqlite3-dev libpq-dev libre2-dev pkg-config
TEST_PACKAGES := curl exim4-daemon-light openssl postgresql prometheus prometheus-alertmanager python3 python3-venv
# Swift's libraries become a part of the program: a call of the runtime, of which a request makes thousands, is direct then.
# That no two places change one value at once is checked while the program runs in debug builds, which the tests are.
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
TEST_GROUPS := HTTPTransport Storage Alerts Notifications
# Some at a time, in groups: all at once would starve each other's clocks on a small machine, and take as long.
RUN_TESTS := swift test --skip-build --parallel --experimental-maximum-parallelization-width 8
BENCH_PACKAGES := nginx wrk python3-venv
BENCH_ALERTS_PACKAGES := wrk postgresql prometheus-alertmanager python3

.PHONY: run build test bench bench-alerts soak format lint clean install-build install-test install-bench
.PHONY: install-bench-alerts

run: install-build ## Build in release mode and start the server; DEMO=1 loads sample alerts, PORT=… chooses the port.
	swift build $(RELEASE) --product opsgate
	exec .build/release/opsgate serve $(if $(PORT),--port $(PORT)) $(if $(filter 1 true yes,$(DEMO)),--demo)

build: install-build ## Build in release mode.
	swift build $(RELEASE) --product opsgate

test: install-build install-test ## Run the whole test suite.
	swift build --build-tests
	for group in $(TEST_GROUPS); do $(RUN_TESTS) --filter "^($$group)Tests\\." || exit 1; done
	$(RUN_TESTS) --skip '^($(subst $() ,|,$(TEST_GROUPS)))Tests\.' --skip '^EndToEnd\.'
	$(RUN_TESTS) --filter '^EndToEnd\.'

bench: install-build install-bench ## Compare with nginx and LiteLLM on this machine; takes about ten minutes.
	swift build $(RELEASE) --product opsgate
	swift build $(RELEASE) --product scripted-upstream
	python3 Tests/Load/bench.py

bench-alerts: install-build install-bench-alerts ## Compare alert ingest with Alertmanager; takes about ten minutes.
	swift build $(RELEASE) --product opsgate
	python3 Tests/Load/bench_alerts.py

soak: install-build install-test ## Mixed traffic with faults for SOAK_SECONDS (default 1200); then nothing may have leaked.
	swift build $(RELEASE) --product opsgate
	swift build $(RELEASE) --product scripted-upstream
	python3 Tests/Load/soak.py $(if $(SOAK_SECONDS),--seconds $(SOAK_SECONDS)) $(if $(POSTGRES),--postgres)

format: ## Format all Swift code.
	swift format --in-place --recursive --parallel Package.swift Sources Tests

lint: ## Fail where the formatter would change something.
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build

install-build:
	@Tests/install-packages $(BUILD_PACKAGES)

install-test:
	@Tests/install-packages $(TEST_PACKAGES)

install-bench:
	@Tests/install-packages $(BENCH_PACKAGES)

install-bench-alerts:
	@Tests/install-packages $(BENCH_ALERTS_PACKAGES)
