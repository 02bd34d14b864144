# Two commands matter: `make demo` and `make test`. Each builds its own virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types unit docs benchmarks clean

demo: $(VENV)/demo
	$(BIN)/python docs/examples/plot_kpi.py

test: lint types unit

lint: $(VENV)/dev
	$(BIN)/ruff check sktsad tests docs benchmarks
	$(BIN)/ruff format --check sktsad tests docs benchmarks

types: $(VENV)/dev
	$(BIN)/mypy

unit: $(VENV)/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

docs: $(VENV)/docs
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

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

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable ".[plot]"
	touch $@

$(VENV)/dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable ".[dev]"
	touch $@ $(VENV)/demo

$(VENV)/docs: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable ".[docs]"
	touch $@ $(VENV)/demo

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage build *.egg-info \
		docs/_build docs/gallery docs/generated docs/sg_execution_times.rst
