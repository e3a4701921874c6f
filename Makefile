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
# Every component and every test is a process of its own: what is compiled once must be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup campaign test lint up down bench fuzz mutate clean

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
	@$(PYTHON) -m tests.parts

test-%: ## one part of the tests (tests/parts.py)
	@$(PYTHON) -m tests.parts $*

# Tests do not wait for a disk where the machine lends them memory: no test pulls the plug, and fsync is most of their waiting.
MEMORY := $(shell test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 6000000 2>/dev/null && echo /dev/shm)
test test-%: export TMPDIR := $(or $(MEMORY),$(TMPDIR),/tmp)

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

mutate: setup ## one small error at a time in verifier, erasure and vault: MUTANTS of each, MUTATION_SEED
	@$(PYTHON) -m mutation --sample "$(MUTANTS)" --seed "$(MUTATION_SEED)" --log "$(VAR)/mutation/log.jsonl"

bench: setup ## speed and memory, as ratios side by side in one run
	@$(PYTHON) -m benchmarks

clean: ## remove everything written at run time (not .venv)
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m kansho_airflow.replay.down --var "$(VAR)" || true; fi
	@rm -rf var
