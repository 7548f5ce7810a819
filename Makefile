# Two commands: make demo, make test. Needs python3 (3.11 or newer) with venv, and make; the rest is installed here.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY ?= python3
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
# Tests start hundreds of servers: each would compile every library anew.
unexport PYTHONDONTWRITEBYTECODE
UV := .tools/bin/uv
BIN := .venv/bin
DEV := .venv-dev/bin
LOCK := $(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --no-emit-find-links --no-emit-index-url

.PHONY: guard help setup setup-dev demo serve check fmt lint types floors collected unit test test-all bench bench-full bench-rivals pictures lock lock-check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

# ---- environments -------------------------------------------------------------------------------------------
.tools/.ok: requirements/tools.lock
	@$(PY) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PY) -c 'import venv, ensurepip' || { echo "python3 lacks venv. On Debian: sudo apt-get install -y python3-venv" >&2; exit 1; }
	@$(PY) -m venv .tools
	@if [ -z "$${NO_UV:-}" ]; then .tools/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/tools.lock || echo "uv could not be installed; going on with pip" >&2; fi
	@touch $@

# $(1) environment, $(2) lock file: exactly what the lock says, then this tree, editable
define sync
	@if [ -z "$${NO_UV:-}" ] && [ -x $(UV) ]; then \
	  $(UV) venv -q --allow-existing --python $(PY) $(1) && \
	  VIRTUAL_ENV=$(1) $(UV) pip sync -q --require-hashes $(2) && \
	  VIRTUAL_ENV=$(1) $(UV) pip install -q --no-deps --no-build-isolation -e . ; \
	else \
	  $(PY) -m venv $(1) && $(1)/bin/pip install -q --disable-pip-version-check --require-hashes -r $(2) && \
	  $(1)/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@
endef

.venv/.ok: requirements/core.lock pyproject.toml .tools/.ok
	$(call sync,.venv,requirements/core.lock)

.venv-dev/.ok: requirements/dev.lock pyproject.toml .tools/.ok
	$(call sync,.venv-dev,requirements/dev.lock)

setup: .venv/.ok ## the product as a user gets it, in .venv
setup-dev: .venv-dev/.ok ## what developers need, in .venv-dev

# ---- the product --------------------------------------------------------------------------------------------
demo: .venv/.ok ## a lesson made live from the bundled text, into demo-output/ (KEEP=1: the server stays)
	@$(BIN)/toolboxai demo $(if $(KEEP),--keep,)

serve: .venv/.ok ## the demo's server, which stays; its page is printed
	@$(BIN)/toolboxai demo --serve

# ---- proof --------------------------------------------------------------------------------------------------
fmt: .venv-dev/.ok ## format and mend what can be mended
	@$(DEV)/ruff format -q .
	@$(DEV)/ruff check -q --fix .

lint: .venv-dev/.ok
	@$(DEV)/ruff format --check -q . || { echo "run: make fmt" >&2; exit 1; }
	@$(DEV)/ruff check -q .
	@$(DEV)/deptry src
	@$(DEV)/codespell src docs README.md CONTRIBUTING.md CHANGELOG.md

types: .venv-dev/.ok
	@$(DEV)/mypy -n 2

floors: .venv-dev/.ok
	@$(DEV)/lint-imports --no-cache

# In a fresh clone each worker would compile every test for itself; what is wrong with one is said here.
collected: .venv-dev/.ok
	@found="$$($(DEV)/python -m pytest -q --collect-only 2>&1)" || { echo "$$found" | tail -40; exit 1; }

# No sockets, no servers, no database: the pure rooms, the settings and the logs.
UNIT := tests/apps tests/config tests/protocol tests/legacy tests/hub tests/broker tests/node tests/platform tests/test_config.py tests/test_logs.py tests/test_exports.py

unit: .venv-dev/.ok
	@$(DEV)/python -m pytest -q -n 2 $(UNIT)

check: lint types floors unit ## the fast part: format, lint, types, floors, unit tests

# Tests wait for browsers, servers and timers a third of their time: three of them keep two cores busy.
WORKERS := 3

test: .venv-dev/.ok .venv/.ok ## everything, long proofs in their short form
	@scripts/test-tools
	@$(MAKE) -s -j2 --output-sync lock-check lint types floors collected
	@$(MAKE) -s guard
	@$(DEV)/python -m pytest -n $(WORKERS) --dist loadgroup

test-all: .venv-dev/.ok .venv/.ok ## everything, long proofs in full
	@scripts/test-tools
	@$(MAKE) -s lock-check lint types floors
	@TOOLBOXAI_TEST_FULL=1 $(DEV)/python -m pytest -n $(WORKERS) --dist loadgroup

guard: .venv-dev/.ok ## the server is not slower than the committed ratios say; half a minute
	@$(DEV)/python -m bench.guard

bench: .venv-dev/.ok ## ratios against a bare C loop, the old way and other servers; under 4 minutes
	@bench/rivals/install
	@$(DEV)/python -m bench

bench-full: .venv-dev/.ok bench-rivals ## the same with more rounds, and every server in every phase
	@$(DEV)/python -m bench --full

bench-rivals: .venv-dev/.ok ## every server that bench-full measures beside ours (300 MB)
	@bench/rivals/install all

pictures: .venv-dev/.ok .venv/.ok ## the pictures in docs/images: of pages and of a world, anew from a real server
	@TOOLBOXAI_IMAGES=1 $(DEV)/python -m pytest -q tests/browser/test_pictures.py tests/docs/test_worlds.py

# ---- locks --------------------------------------------------------------------------------------------------
lock: .tools/.ok ## write the three lock files anew (UPGRADE=1: newest allowed, a week old at least)
	@$(LOCK) $(if $(UPGRADE),--upgrade --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%dT00:00:00Z)",) --group tools -o requirements/tools.lock
	@$(LOCK) $(if $(UPGRADE),--upgrade --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%dT00:00:00Z)",) pyproject.toml --all-extras --group dev --group docs --group build -o requirements/dev.lock
	@$(LOCK) $(if $(UPGRADE),--upgrade,) -c requirements/dev.lock pyproject.toml --extra export --extra sources --extra nlp --extra roblox --extra llm --extra encrypted --group build -o requirements/core.lock

lock-check: .venv-dev/.ok ## the lock files hold what pyproject.toml declares
	@$(DEV)/python scripts/lock_check.py

clean: ## everything that make made
	rm -rf .venv .venv-dev .tools node_modules bench/build bench/rivals/node_modules demo-output .pytest_cache .mypy_cache .ruff_cache
