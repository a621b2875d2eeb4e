# Everything goes through one environment, .venv/, made from the pinned and hashed requirements.lock.
.DEFAULT_GOAL := help
PYTHON ?= python3
JOBS ?= auto
BIN := .venv/bin
SOURCES := $(shell find runbook widgets tui -name '*.py' -o -name '*.yaml')
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help env demo test check clients corpus bench bench-logs bench-signals screenshots format lock clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: .venv/.ready ## make or refresh .venv/, with the warroom program in it

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "warroom needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "making .venv (once; about a minute)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Bytecode beside the sources, so that a start compiles nothing even where writing it is switched off.
.venv/.ready: .venv/.installed $(SOURCES)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q runbook widgets tui
	@touch $@

demo: env ## open the drill: a practice production with a bad deploy
	@$(BIN)/warroom drill

test: env ## run every test that this machine can run; says what it skipped
	@$(BIN)/python -m pytest -rs -n $(JOBS) --dist loadfile || { test $$? -eq 1 && \
	  echo "Once more, alone: a test that passes now waits for the wrong thing when the machine is busy. Mend it." && \
	  $(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none --maxfail 3; }

check: env ## format, lint, types, imports, stale pictures
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache 2>&1 | tail -n 4
	@$(BIN)/lint-imports --no-cache >/dev/null
	@$(BIN)/python -m tests.scenes --check

clients: ## get the real clients (vercel, helm, aws …) that tests/clients runs against stand-ins
	@tests/clients/install.sh

corpus: env ## measure the Markdown reader on the runbooks of other teams, if they are here
	@$(BIN)/python -m tests.corpus

bench: env ## measure start-up, idle, key latency, side by side
	@$(BIN)/python -m tests.bench

bench-logs: env ## measure the log pane beside lnav, toolong, less (half an hour; BENCH="--soak 60 --sizes 1" is quicker)
	@$(BIN)/python -m tests.bench.logs $(BENCH)

bench-signals: env ## measure what twenty signals at one a second cost over ten minutes, and the redraw of a chart
	@$(BIN)/python -m tests.bench.signals

screenshots: env ## make screenshots/ again, from the scenes of the tests
	@$(BIN)/python -m tests.scenes

format: env ## format the sources
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## pin and hash the dependencies again (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-header --upgrade --extra dev --extra postgres \
		--python-version 3.11 pyproject.toml -o requirements.lock

clean: ## remove what was made
	@rm -rf .venv .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
