# Every target sets up what it needs; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help repro test lint bench sweep docs lock clean
SHELL := /bin/sh
PYTHON ?= python3
STAMP := .venv/.installed
PYTEST := .venv/bin/python -m pytest -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

repro: $(STAMP) ## run the pipeline on the chosen data set (the demo at first) and show what came out
	.venv/bin/dvc repro
	.venv/bin/duchenne status

test: $(STAMP) ## run the whole test suite, files side by side, the longest first
	$(PYTEST) --durations 10

check: lint ## between two edits: lint, and the tests that are quick
	$(PYTEST) -m "not slow"

lint: $(STAMP) ## check format, style and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

bench: $(STAMP) ## measure speed and memory (figures go to docs/benchmarks.md)
	@for name in decode landmarks ordinary crops memory many_clips kill cluster dmarkers smiles networks models; do echo "== $$name"; .venv/bin/python -m bench.$$name || exit 1; done

sweep: $(STAMP) ## run an experiment for each line of the file SWEEP, and compare them
	.venv/bin/python -m tools.sweep $(SWEEP)

docs: $(STAMP) ## write the pages of docs/ that are made from the code
	.venv/bin/python -m duchenne.cli.docs data > docs/data.md
	.venv/bin/python -m duchenne.cli.docs models > docs/models.md

lock: ## write requirements.lock for what pyproject.toml names; versions that fit stay
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m tools.lock

clean: ## remove the environment and all caches of tools; results and the DVC cache stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build src/*.egg-info

# The stamp makes the second call quick: the environment is made anew only when a pin changes.
$(STAMP): pyproject.toml requirements.lock tools/install.py
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v in ((3, 11), (3, 12)) or sys.exit("duchenne needs Python 3.11 or 3.12, and $(PYTHON) is %d.%d; install one of them and run: make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m tools.install dev
	@touch $@
