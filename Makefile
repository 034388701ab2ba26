# One entry for every chore. Needs Python 3.11 or later, make and a package index; everything
# else goes into .venv, once.

PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
ARGS ?=

# The virtual environment's own Python, never one that uv downloads.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(VENV)

# Modules are compiled once, not by each of the hundred processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install test crash faults check demo bench sandbox cassettes docs clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo 'ARGS="…" goes to the command, as in: make demo ARGS=--once'

install: $(VENV)/.synced ## make .venv with everything in uv.lock

# Three, because a third of the time tests wait: for processes, browsers, replies that never come.
test: $(VENV)/.synced ## all tests, on three processes
	@$(BIN)/pytest -n 3 $(ARGS)

crash: $(VENV)/.synced ## the whole crash matrix: killed at every write and request
	@$(BIN)/python -m tests.proof.crash $(ARGS)

faults: $(VENV)/.synced ## the whole fault matrix: each fault at each mutation
	@$(BIN)/python -m tests.proof.faults $(ARGS)

check: $(VENV)/.synced ## ruff and mypy
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

demo: $(VENV)/.synced ## a day of RetailOps against the embedded store
	@$(BIN)/retailops-bridge demo $(ARGS)

bench: $(VENV)/.synced ## the figures: points, requests, milliseconds
	@$(BIN)/python -m bench $(ARGS)

sandbox: $(VENV)/.synced ## the bridge and the embedded store, until interrupted
	@$(BIN)/retailops-bridge sandbox $(ARGS)

cassettes: $(VENV)/.synced ## record the shipped recordings anew (needs openssl)
	@$(BIN)/python -m tests.recording.make_cassettes $(ARGS)

docs: $(VENV)/.synced ## write the pages that are made from the code
	@$(BIN)/python -m bridge.config.reference
	@$(BIN)/python -m bridge.retailops.reference
	@$(BIN)/python -m bridge.actions.reference
	@$(BIN)/python -m bridge.cli.reference
	@$(BIN)/python -m bridge.cli.explain
	@$(BIN)/python -m bridge.cli.mapping_schema

clean: ## remove .venv, caches and what was built
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.synced: $(VENV)/.uv pyproject.toml uv.lock
	$(BIN)/uv sync --frozen --quiet --python $(BIN)/python
	@touch $@

$(VENV)/.uv:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON). Install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed, and this is `$(PYTHON) --version`. Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv and ensurepip. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@
