# The ways in. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PEOPLE ?= 5000
SEED ?= 1
WARD_CONFIG ?= include/campaigns/shinjuku/2026.yaml
VAR ?= var
FUZZ_SECONDS ?= 60
MUTANTS ?= 200
MUTATION_SEED ?= 1

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Every component and every test is a process of its own: what is compiled once must be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup campaign test test-years test-rooms test-units test-spec test-services test-faults lint up down bench fuzz mutate clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@echo "  PEOPLE=5000|full  SEED=1  WARD_CONFIG=include/campaigns/<ward>/<year>.yaml  FUZZ_SECONDS=60"

setup: ## virtual environment, pinned packages, system libraries and fonts
	@bash scripts/setup.sh

campaign: setup ## a whole fiscal year, unattended, on the embedded default
	@$(PYTHON) -m kansho_airflow.replay --people "$(PEOPLE)" --seed "$(SEED)" --config "$(WARD_CONFIG)" --var "$(VAR)"

test: ## set-up and every test
	@bash scripts/setup.sh --tests
	@kept=$$(mktemp -d) && trap 'rm -rf "$$kept"' EXIT && KANSHO_TESTS_KEPT="$$kept" \
	  $(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target \
	  lint test-years test-rooms test-services test-units test-spec test-faults

# Tests do not wait for a disk where the machine lends them memory: no test pulls the plug, and fsync is most of their waiting.
MEMORY := $(shell test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 6000000 2>/dev/null && echo /dev/shm)
test-%: export TMPDIR := $(or $(MEMORY),$(TMPDIR),/tmp)

# Two at a time, one for each core (a third only takes their caches away): whole years with and without Airflow (one is
# played once for all who compare with it), beside them what needs no server; what starts an Airflow for a moment when the
# years are over; the short ones last.
test-years:
	@$(PYTEST) -p no:cacheprovider tests/e2e --ignore-glob='tests/e2e/test_[!y]*'

test-rooms:
	@$(PYTEST) -p no:cacheprovider tests/unit --ignore-glob='tests/unit/test_[!m-z]*'

test-units:
	@$(PYTEST) -p no:cacheprovider tests/unit --ignore-glob='tests/unit/test_[m-z]*'

test-spec:
	@$(PYTEST) -p no:cacheprovider tests/spec tests/dags

test-services:
	@$(PYTEST) -p no:cacheprovider tests/browser tests/e2e --ignore-glob='tests/e2e/test_y*'

test-faults:
	@$(PYTEST) -p no:cacheprovider tests/faults

lint: ## formatting, imports, types
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m mypy

up: setup ## Airflow with the sample campaign part-way, for a person
	@$(PYTHON) -m kansho_airflow.replay.up --people "$(PEOPLE)" --seed "$(SEED)" --config "$(WARD_CONFIG)" --var "$(VAR)"

down: ## stop what `make up` started
	@$(PYTHON) -m kansho_airflow.replay.down --var "$(VAR)"

fuzz: setup ## hostile bytes for everything that reads what others send, FUZZ_SECONDS long
	@$(PYTHON) -m fuzz --seconds "$(FUZZ_SECONDS)"

mutate: setup ## one small error at a time in the verifier and the erasure: MUTANTS of each, MUTATION_SEED
	@$(PYTHON) -m mutation --sample "$(MUTANTS)" --seed "$(MUTATION_SEED)" --log "$(VAR)/mutation/log.jsonl"

bench: setup ## speed and memory, as ratios side by side in one run
	@$(PYTHON) -m benchmarks

clean: ## remove everything written at run time (not .venv)
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m kansho_airflow.replay.down --var "$(VAR)" || true; fi
	@rm -rf var
