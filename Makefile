# Everything a newcomer needs: `make demo` and `make test` make their own environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test notebook lint types imports format wheel-check docs clean browser

help:
	@echo "make demo    read the example pictures with the shipped model"
	@echo "make test    run all tests (with real data if INKDIGITS_DATA is set)"
	@echo "make notebook    run the tour and render it: out/tour.html"
	@echo "make lint | types | imports | format | wheel-check | clean"
	@echo "make browser build and test the app that reads in a browser, without a server (Node 20)"
	@echo "make docs    build the documentation to build/site, warnings are errors"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Core dependencies only: what a user who reads pictures installs.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core
	$(BIN)/python examples/demo.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest

# The tour is kept as text; here it is executed, in the folder in which it lies, and rendered.
notebook: $(VENV)/.dev
	$(BIN)/python notebooks/render.py out/tour.html

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

# The wheel, alone in a clean environment with core dependencies only, reads a picture.
wheel-check: $(VENV)/.dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt build/wheel/*.whl
	cp -r examples build/wheel/examples
	cd build/wheel && venv/bin/python examples/demo.py --installed

$(VENV)/.docs: pyproject.toml constraints.txt $(VENV)/.dev | $(BIN)/python
	$(PIP) install --constraint constraints.txt --editable '.[dev,docs]'
	@touch $@

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict

# The one thing that needs Node (20 or newer) and npm; the last step needs a Chromium.
browser: $(VENV)/.dev
	$(BIN)/python apps/browser/make_models.py
	cd apps/browser && npm install && npm run build && npm test
	$(BIN)/python apps/browser/check.py

clean:
	rm -rf $(VENV) build out .mypy_cache .pytest_cache .ruff_cache
