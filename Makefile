# What `make check` does is what CI does. Every target starts from a fresh clone: nothing needs to be installed before
# but make and Python 3.11 or later.

UV_VERSION := 0.13.9
BIN := .venv/bin
SOURCES := src tests scripts

.PHONY: help setup system demo test lint types arch check bench shape local-model reference format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.stamp ## Make .venv with the locked dependencies

.venv/.stamp: uv.lock pyproject.toml | system
	@python=$$(scripts/find-python) && \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		$$python -m venv --clear .venv; \
	fi
	@$(BIN)/uv --version 2>/dev/null | grep -qF ' $(UV_VERSION) ' || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --quiet --locked --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@touch $@

# The vendors behind pydantic-ai: 31 MB to download, which the demo and most work do without.
.venv/.any: .venv/.stamp
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --quiet --locked --compile-bytecode --extra any
	@touch $@

system:
	@scripts/system-packages

demo: setup ## See the whole job on a small example, without a key
	@$(BIN)/ostinato demo

test: .venv/.any ## Run the tests, those of the extra `any` too
	$(BIN)/pytest

lint: setup ## Check style and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .venv/.any ## Check types
	$(BIN)/mypy

arch: setup ## Check that imports go downwards only
	$(BIN)/lint-imports

check: lint types arch test ## All of the above: what CI runs

bench: setup ## Measure the start, an iteration, large repositories and graphs, other trackers
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python tests/bench/bench_start.py
	@$(BIN)/python tests/bench/bench_iteration.py
	@$(BIN)/python tests/bench/bench_talk.py
	@$(BIN)/python tests/bench/bench_large.py
	@$(BIN)/python tests/bench/bench_looking.py
	@$(BIN)/python tests/bench/bench_gates.py
	@$(BIN)/python tests/bench/bench_graph.py
	@$(BIN)/python tests/bench/bench_claims.py
	@$(BIN)/python tests/bench/bench_peers.py

shape: setup ## Print the measures of the house beside their limits
	@$(BIN)/python scripts/shape.py

local-model: setup ## A small real model in ~/.cache, for tests/real_model; `scripts/local_model.py --serve` serves it
	@$(BIN)/python scripts/local_model.py
	@echo 'test with it: OSTINATO_REAL_MODEL=1 $(BIN)/pytest -n 0 -s tests/real_model'

reference: setup ## Write the pages on the commands anew: docs/reference and docs/man
	@$(BIN)/python scripts/reference.py

format: setup ## Bring the code into the house's format
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

clean: ## Remove what the targets made, .venv included
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .bench
