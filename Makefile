# Two commands are enough on a fresh Debian or Ubuntu with a Swift toolchain: `make demo` and `make test`.
# `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
SWIFT ?= swift
FILTER ?=
STATIC := -c release --static-swift-stdlib -Xswiftc -static-executable

.PHONY: help demo build test release check-release lint format bench bench-metrics bench-sync bench-logs bench-gateway check-docs tools test-tools man clean

help: ## list what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: tools ## install what is missing, build, and run the main job on an example file
	$(SWIFT) build --product apus
	@echo
	@echo "  apus runs with examples/demo.yaml; the console is at http://127.0.0.1:9900/ (Ctrl-C ends it)"
	@echo
	.build/debug/apus run examples/demo.yaml

build: tools ## build a debug binary
	$(SWIFT) build --product apus

# By product: --build-tests would also build the tools of every plugin in reach, protobuf's C++ compiler among them.
test: tools test-tools ## run every test; FILTER=Disk runs some
	$(SWIFT) build --product apus
	$(SWIFT) build --product bench-metrics
	$(SWIFT) build --product apusPackageTests
	Tests/peers/sync/hosts.py build --kind debian || [ $$? = 77 ] # 77: not root, or no namespaces
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(if $(FILTER),$(SWIFT) test --skip-build --no-parallel --filter $(FILTER),scripts/test.sh)

release: tools ## build dist/apus, fully static, and print its size and SHA-256
	scripts/release.sh

check-release: ## prove what the README says of dist/apus: static, small, at home in an empty root
	scripts/check-release.sh dist/apus

lint: ## check the layout of the code
	$(SWIFT) format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests Benchmarks

check-docs: ## check that the documented keys, examples and alert rules are those of the program
	.build/debug/apus schema-of-config | python3 scripts/configuration-docs.py --check docs/configuration.md
	.build/debug/apus sync explain --all | diff - docs/sync-resources.md
	.build/debug/apus logs explain | diff - docs/logs-rules.md
	.build/debug/apus sync check examples/site.yaml
	for file in examples/*.yaml; do [ "$$file" = examples/site.yaml ] || .build/debug/apus check "$$file" || exit 1; done
	promtool check rules docs/alerts.yaml
	promtool test rules docs/alerts-test.yaml

format: ## lay the code out
	$(SWIFT) format --in-place --recursive --configuration .swift-format Package.swift Sources Tests Benchmarks

bench: bench-metrics bench-sync bench-logs bench-gateway ## run every benchmark

bench-metrics: tools test-tools ## the metrics registry beside its peers
	PATH="$(CURDIR)/.venv/bin:$$PATH" Benchmarks/metrics/run.sh

bench-sync: release test-tools ## apus sync beside Ansible, Mitogen and pyinfra on real hosts; BENCH='--only apus --hosts 1' runs some
	Benchmarks/sync/run.sh --apus dist/apus $(BENCH)

bench-logs: release test-tools ## apus logs beside logrotate, zstd, age and aws or rclone; BENCH='--levels 3 --repeat 3' runs some
	Benchmarks/logs/run.sh --apus dist/apus $(BENCH)

bench-gateway: release test-tools ## apus gateway beside nginx and HAProxy; BENCH='--parts cpu --repeat 1' runs some
	Benchmarks/gateway/run.sh --apus dist/apus $(BENCH)

man: build ## write the manual pages and completions to dist/
	scripts/man.sh

tools:
	@scripts/install-build-tools.sh

test-tools:
	@scripts/install-test-tools.sh

clean: ## remove what was built
	rm -rf .build dist
