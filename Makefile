# Everything that people and CI run. Each target makes its own virtual environment from what
# `python3` is; PYTHON=... chooses another.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo wheels test test-slow test-versions test-all matrix test-heavy screenshots lint format docs bench faults fuzz servers clean

help:  ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo:  ## Build a data wheel from real data, install it, and query it.
	@$(PYTHON) examples/demo.py

wheels:  ## Build this runtime and the example's data wheel into build/demo/wheels.
	@$(PYTHON) examples/demo.py wheels

test: $(READY)  ## Run the tests on one Python.
	$(PYTEST) -m "not slow and not heavy"

test-slow: $(READY)  ## Run the tests that build, install and type-check whole projects.
	$(PYTEST) -m "slow and not heavy"

test-versions: $(READY)  ## Run the first on every other Python from 3.11 on that is installed.
	$(BIN)/python tests/matrix.py -m "not slow and not heavy and not once"

test-all: $(READY)  ## Run both on every other Python from 3.11 on that is installed.
	$(BIN)/python tests/matrix.py

matrix: $(READY)  ## Run the core with the oldest and the newest dependencies on each Python.
	$(BIN)/python tests/matrix.py dependencies

test-heavy: $(READY)  ## Install a JVM, a browser and more if possible; run the tests that need them.
	$(BIN)/python tests/heavy.py --numprocesses auto --dist loadfile

screenshots: $(READY)  ## Take the screenshots of the documentation again.
	$(BIN)/python tests/heavy.py tests/docs/test_screenshots.py
	-$(BIN)/python -m pytest -q tests/docs/test_screenshots.py -m slow  # fails if it changed
	cp build/screenshots/docs/*.png build/screenshots/docs/*.svg docs/images/

lint: $(READY)  ## Check style, types, the Python of the pages, and the order of the packages.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tests.docs.snippets
	$(BIN)/lint-imports

format: $(READY)  ## Fix style where that needs no decision.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY)  ## Build the documentation; a warning, a dead link or an undocumented name is an error.
	$(BIN)/python -m pytest -q tests/docs/test_reference.py \
		tests/test_public_names.py::test_every_public_name_is_in_the_reference
	$(BIN)/python -m docs.prepare_try_it
	$(BIN)/python -m sphinx -E -W --keep-going -q -b html docs docs/_build/html

bench: $(READY)  ## Measure against the named rivals; writes benchmarks/results.
	$(BIN)/python -m benchmarks

faults: $(READY)  ## Provoke every fault that this machine can; tests run a short form.
	$(BIN)/python -m tests.faults

fuzz: $(READY)  ## Feed 10,000 damaged inputs of each kind; tests run a short form.
	$(BIN)/python -m tests.faults.fuzz

servers: $(READY)  ## Ask real web services for ten minutes each; test-heavy runs a short form.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group servers
	$(BIN)/python -m tests.servers --minutes 10

clean:  ## Remove what the other targets made.
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[build,new,migrate]" --group dev
	touch $@
