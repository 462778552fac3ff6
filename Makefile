# `make` lists the tasks. `make demo` and `make test` set up everything they need in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
IMAGE ?=
# A process a core runs the tests, each file in one of them; PARALLEL= runs one after the other.
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types docs reference audit check clean

help: ## list the tasks
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12
	@echo "Data, models and published figures are made by other tasks; list them with: make help-figures"

include tools/figures/Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "smn needs Python 3.11 or later; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What the demo needs: smn itself.
$(VENV)/.smn: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

# What the tests need: training, reports and documentation too.
$(VENV)/.dev: $(VENV)/.smn
	@echo "Installing what the tests need; torch alone takes a minute or two ..."
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(VENV)/.smn ## paint some pictures, tell their movements; IMAGE=photo.jpg adds one of yours
	@$(BIN)/smn examples demo
	@$(BIN)/smn predict demo $(if $(IMAGE),'$(IMAGE)')
	@echo "Your own:    make demo IMAGE=painting.jpg"
	@echo "From here:   source $(BIN)/activate, then: smn predict FOLDER --out answers.csv"
	@echo "Learn more:  smn movements show impressionism, smn --help, docs/index.md"

test: $(VENV)/.dev ## run every test, the end-to-end ones too
	$(BIN)/python -m pytest $(PARALLEL)

quick: $(VENV)/.dev ## run the tests that need no training, browser, database or server
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

lint: $(VENV)/.dev ## style, common mistakes, and which folder may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev ## static types
	$(BIN)/mypy

docs: $(VENV)/.dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

reference: $(VENV)/.dev ## write the pages of the reference, after a module was added or moved
	$(BIN)/python tools/reference_pages.py

audit: $(VENV)/.dev ## ask pip-audit for known vulnerabilities of everything in .venv; needs a network that reaches its service
	$(BIN)/python tools/release_check.py --audit

check: lint types test docs ## everything that has to hold before a commit lands

clean: ## remove what these tasks made, except trained runs and the environment in .venv
	rm -rf build/data build/results site demo .pytest_cache .mypy_cache .ruff_cache
