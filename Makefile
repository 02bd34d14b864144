# `make demo` shows the package at work, `make test` is the gate. Each target builds its virtual environment first.
# Another index for packages comes from the environment, as pip reads it: PIP_EXTRA_INDEX_URL=... make test
PYTHON ?= python3
VENV ?= .venv
LOWEST ?= .venv-lowest
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check --constraint
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal
FAST := "not slow and not hypothesis"

.PHONY: demo test lint types unit unit-fast properties mutants lowest docs benchmarks dist clean

demo: $(VENV)/demo
	$(BIN)/python docs/examples/plot_kpi.py

test: lint types unit

lint: $(VENV)/dev
	$(BIN)/ruff check sktsad tests docs benchmarks
	$(BIN)/ruff format --check sktsad tests docs benchmarks
	$(BIN)/codespell

types: $(VENV)/dev
	$(BIN)/mypy

# All tests with coverage; or those of TESTS, such as TESTS=tests/detectors/test_z_score.py or TESTS="tests -k gap".
unit: $(VENV)/dev
ifdef TESTS
	$(PYTEST) $(TESTS)
else
	$(PYTEST) $(PARALLEL) --cov --cov-report=term
endif

# Under a minute: without property tests, and what is marked slow in tests/conftest.py or beside a test.
unit-fast: $(VENV)/dev
	$(PYTEST) $(PARALLEL) -m $(FAST) tests

# Property tests with ten times the examples of the gate, and other ones in each run: before a release, and each Monday.
properties: $(VENV)/dev
	$(PYTEST) $(PARALLEL) -m hypothesis --hypothesis-profile thorough tests

# Small faults in the code that all else stands on, one at a time: which does no test notice? Goes on where it stopped.
mutants: $(VENV)/dev
	OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py --again

# The oldest versions that pyproject.toml admits, in an environment of their own. TESTS as for unit.
lowest: TESTS ?= -m $(FAST) tests
lowest: $(LOWEST)/test
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest $(PARALLEL) $(TESTS)

docs: $(VENV)/docs
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -j 2 -W --keep-going -b html docs docs/_build/html

# What each script shows: benchmarks/README.md.
benchmarks: $(VENV)/dev
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/panel.py
	$(BIN)/python benchmarks/confidence.py
	$(BIN)/python benchmarks/processminer.py
	$(BIN)/python benchmarks/nab.py --series
	$(BIN)/python benchmarks/imbalance.py
	$(BIN)/python benchmarks/imbalanced_mnist.py
	$(BIN)/python benchmarks/pretraining.py
	$(BIN)/python benchmarks/kpi.py

# Wheel and sdist in dist/; the sdist, unpacked, runs some of its own tests.
dist: $(VENV)/dev
	rm -rf dist build
	$(BIN)/python -m build
	mkdir -p build/sdist
	tar -xzf dist/*.tar.gz -C build/sdist --strip-components=1
	cd build/sdist && PYTHONPATH=. OMP_NUM_THREADS=1 $(abspath $(BIN))/python -m pytest -q \
		tests/test_packaging.py tests/thresholds tests/_core/test_series.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python $(PIP) constraints.txt --editable ".[plot]"
	touch $@

$(VENV)/dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python $(PIP) constraints.txt --editable ".[dev]"
	touch $@ $(VENV)/demo

$(VENV)/docs: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python $(PIP) constraints.txt --editable ".[docs]"
	touch $@ $(VENV)/demo

$(LOWEST)/test: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python $(PIP) constraints-lowest.txt --editable ".[test]"
	touch $@

clean:
	rm -rf $(VENV) $(LOWEST) .mypy_cache .pytest_cache .ruff_cache .coverage build dist *.egg-info \
		docs/_build docs/gallery docs/generated docs/sg_execution_times.rst
