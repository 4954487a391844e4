# Everything starts here; each goal sets up what it needs first.
PYTHON ?= python3
PY = .venv/bin/python
# What is set up already is found out by the environment itself, which starts the quickest.
SETUP = $(if $(wildcard $(PY)),$(PY) -I -S,$(PYTHON)) bootstrap.py
PORT ?= 8000
DIR ?=
ONLY ?=
# Compiled modules are kept whatever the machine's habits are: a start needs them to be quick.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test check look bench kills conformance format setup setup-dev

run: setup
	@$(PY) -m jiedan.cli serve --demo --port $(PORT)

test: setup-dev
	@$(PY) -m pytest -q -n auto --dist worksteal tests

check: setup-dev
	@.venv/bin/ruff format -q --check .
	@.venv/bin/ruff check -q .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo >var/imports.log 2>&1 || (cat var/imports.log; false)
	@$(PY) -m jiedan.core.catalogues check
	@$(PY) -m jiedan.cli check

format: setup-dev
	@.venv/bin/ruff check -q --fix . ; .venv/bin/ruff format -q .

look: setup-dev
	@$(PY) -m tests.look

bench: setup-dev
	@$(PY) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(DIR),--dir $(DIR))

kills: setup-dev
	@$(PY) -m tests.robustness.kills

conformance: setup-dev
	@$(PY) -m jiedan.cli conformance $(DIR)

setup:
	@$(SETUP)

setup-dev:
	@mkdir -p var
	@$(SETUP) --dev
