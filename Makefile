# Everything from a fresh clone, with nothing but python3 and make.
#
#   make golden-path   set up and watch the Golden Path pass
#   make check         the fast checks, before a commit (under a minute)
#   make kit           the Cucumber Compatibility Kit
#   make test          every check; what CI runs
#   make faults        every named fault, on stand-ins and on servers
#   make bench         this runner beside its peers: what a scenario costs

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE := tests/kit/node
NODE_READY := $(NODE)/node_modules/.ready

.DEFAULT_GOAL := help
.PHONY: help golden-path check kit node test faults bench lint types floors lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Golden Path needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + "; try: make PYTHON=python3.11 ...")'
	@echo 'Setting up $(VENV) with what requirements.lock names. This is done once and takes about a minute ...'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

golden-path: $(READY) ## Set up and run the Golden Path on stand-ins
	$(BIN)/pytest features/ --mode mock

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

floors: $(READY)
	$(BIN)/lint-imports

check: lint types floors ## The fast checks: format, lint, types, floors, unit tests
	$(BIN)/pytest tests/unit tests/architecture -q -n 2

$(NODE_READY): $(NODE)/package.json $(NODE)/package-lock.json
	npm --prefix $(NODE) ci --loglevel=error
	@touch $(NODE_READY)

node: ## Install what messages are checked with (a machine without npm goes without)
	@if command -v npm >/dev/null; then $(MAKE) -s $(NODE_READY); else echo 'There is no npm: no schema and no HTML report will be checked.'; fi

kit: $(READY) node ## The Cucumber Compatibility Kit: how many of its samples conform
	$(BIN)/pytest tests/kit -n 2

test: lint types floors node ## Every check
	$(BIN)/pytest features/ --mode mock
	$(BIN)/pytest tests -n 3 --dist worksteal --ignore tests/kit
	$(MAKE) kit

faults: $(READY) ## Every named fault, on stand-ins and on real servers (make test puts every fifth into servers)
	ALL_FAULTS=1 $(BIN)/pytest tests/acceptance/test_faults.py -n 2

bench: $(READY) ## Measure this runner beside its peers (sets their environments up first)
	$(BIN)/python benchmarks/run.py --scenarios 10 1000 --rounds 2

lock: $(READY) ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra local --group dev pyproject.toml -o requirements.lock

clean: ## Remove what the targets above made
	rm -rf $(VENV) $(NODE)/node_modules benchmarks/.environments benchmarks/.suites .goldenpath .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
