# Every command that a person or a machine needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run setup build check test bench clean

DATA ?= ./data
ARGS ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: build ## build, then serve the library in DATA (default ./data); ARGS="--listen 127.0.0.1:9000" adds flags
	@scripts/setup.sh run
	exec target/release/entrepot serve --data "$(DATA)" $(ARGS)

setup: ## install what building, testing and measuring need
	@scripts/setup.sh test
	@scripts/setup.sh bench

build: ## make the release executable, target/release/entrepot
	@scripts/setup.sh build
	cargo build --release --locked -p entrepot

check: ## formatting, lints, licences and sources of dependencies
	@scripts/setup.sh check
	@scripts/check.sh

test: ## everything: checks, then every test on SQLite and on PostgreSQL
	@scripts/setup.sh test
	@scripts/test.sh

bench: ## measure, and write docs/BENCHMARKS.md; ARGS="--only list" measures one part
	@scripts/setup.sh bench
	cargo build --release --locked -p entrepot -p entrepot-bench
	scripts/with-postgres.sh target/release/entrepot-bench $(ARGS)

clean: ## remove what was built (never a library's data)
	rm -rf target .venv
