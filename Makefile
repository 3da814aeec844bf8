# Every target is one line; how it is done stands in pyproject.toml, in .ci/ and in layers/build.py.
PYTHON ?= python3
ARCHITECTURE ?= arm64
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test unit laws lint format types arrows check layers sizes sam-build sam-deploy docs docs-check conformance conformance-check complaints complaints-check sso-conformance sso-conformance-check bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' Makefile

setup: ## make .venv (first time some 20 seconds, afterwards nothing)
	@$(PYTHON) .ci/setup.py

demo: setup ## three landings and two sign-ins in the embedded AWS; KEEP=1 leaves it running
	@$(BIN)/homeroom demo $(if $(KEEP),--keep)

test: setup ## all tests but benchmarks
	@.ci/tests $(ARGS)

unit: setup ## the unit tests alone
	@POLARS_MAX_THREADS=1 $(BIN)/pytest tests/unit -m "not slow" -n 2 --dist worksteal $(ARGS)

laws: setup ## laws and faults in full (some four minutes); `make test` takes a choice of them
	@HOMEROOM_LAWS=full POLARS_MAX_THREADS=1 $(BIN)/pytest tests/laws tests/faults tests/reading tests/equivalence -n 2 --dist worksteal $(ARGS)

lint: setup ## ruff: rules and format of imports
	@$(BIN)/ruff check .

format: setup ## mend what ruff can mend by itself
	@$(BIN)/ruff check --fix .

types: setup ## mypy, strict
	@$(BIN)/mypy

arrows: setup ## import-linter: who may import whom
	@$(BIN)/lint-imports

check: lint types arrows docs-check conformance-check complaints-check sso-conformance-check test ## all of these

layers: setup ## build the layers for this machine
	@$(BIN)/python layers/build.py local

sizes: setup ## build the layers for Lambda (ARCHITECTURE=arm64 or x86_64) and show what they weigh
	@$(BIN)/python layers/build.py deploy --architecture $(ARCHITECTURE)

sam-build: setup ## `sam build` for Lambda (ARCHITECTURE=arm64 or x86_64)
	@.ci/sam build --parameter-overrides Architecture=$(ARCHITECTURE)

sam-deploy: setup ## `sam build` and `sam deploy` to a fresh embedded AWS, outputs checked
	@$(BIN)/python .ci/sam_deploy.py

docs: setup ## write the generated pages anew
	@$(BIN)/homeroom docs

docs-check: setup ## fail if a generated page is out of date
	@$(BIN)/homeroom docs --check

conformance: setup ## run the conformance tests and write docs/conformance.md
	@$(BIN)/python -m tests.conformance.page

conformance-check: setup ## fail if docs/conformance.md and the conformance tests differ
	@$(BIN)/python -m tests.conformance.page --check

complaints: setup ## write docs/complaints.md: complaint by complaint, the tests that answer it
	@$(BIN)/python -m tests.complaints.page

complaints-check: setup ## fail if docs/complaints.md, the complaints and their tests differ
	@$(BIN)/python -m tests.complaints.page --check

sso-conformance: setup ## write docs/sso-conformance.md: row by row, the tests that prove sign-in
	@$(BIN)/python -m tests.sso.page

sso-conformance-check: setup ## fail if docs/sso-conformance.md and the tests of sign-in differ
	@$(BIN)/python -m tests.sso.page --check

bench: setup ## planning a million rows against reading them: prints the ratio
	@$(BIN)/pytest -m bench -s $(ARGS)

lock: setup ## compile the pinned, hashed requirements anew (UPGRADE=1: newest versions)
	@.ci/lock $(if $(UPGRADE),--upgrade)

clean: ## remove environments, builds, caches and the embedded AWS
	@if [ -e .homeroom/embedded.json ]; then $(BIN)/homeroom down; fi; rm -rf .venv .venv-sam .homeroom .aws-sam .hypothesis .*_cache
