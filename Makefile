# What you can do here. The environment is made in .venv when it is first needed, and kept.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# Which tests: make test TESTS=tests/labctl
TESTS ?= tests
WHEEL_DIR := build/wheel-test

.PHONY: help run test gui lint wheel-test bench constraints clean

help:
	@echo "make run         the whole write-verify measurement, against the simulated board on a pseudo-terminal"
	@echo "make gui         the operator's window, on the simulated board"
	@echo "make test        all tests"
	@echo "make lint        formatting, lint, types, import contracts, spelling"
	@echo "make wheel-test  the tests again, against the built wheel instead of this folder"
	@echo "make bench       the benchmarks"
	@echo "make constraints pin anew: write constraints.txt from the newest versions that pyproject.toml allows"
	@echo "make clean       remove the environment and what was built; run files stay"

run: $(VENV)/.installed
	$(BIN)/labctl run write-verify --simulate --transport serial --seed 1 --figure

gui: $(VENV)/.installed
	@$(BIN)/python setup/qt_libraries.py --needed
	$(BIN)/labctl gui --station pe-board --simulate

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto $(TESTS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=benchmarks $(BIN)/mypy setup/qt_libraries.py setup/operator_pictures.py examples benchmarks
	$(BIN)/lint-imports
	$(BIN)/typos

# Tests, documents and examples are copied away from the four packages, so that only the wheel can provide these.
wheel-test: $(VENV)/.installed-dev
	rm -rf $(WHEEL_DIR)
	mkdir -p $(WHEEL_DIR)/elsewhere
	$(BIN)/python -m build --wheel --outdir $(WHEEL_DIR) .
	$(BIN)/python -m venv $(WHEEL_DIR)/venv
	wheel=$$(echo $(WHEEL_DIR)/labctl-*.whl) && \
	$(WHEEL_DIR)/venv/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt "$$wheel[test]"
	cp -r tests docs examples setup *.md pyproject.toml constraints.txt Makefile $(WHEEL_DIR)/elsewhere/
	cd $(WHEEL_DIR)/elsewhere && env -u PYTHONPATH PATH="$(abspath $(WHEEL_DIR))/venv/bin:$$PATH" ../venv/bin/pytest $(TESTS)

bench: $(VENV)/.installed-test
	for script in $(filter-out %_work.py %/timing.py %/gui_lateness.py,$(wildcard benchmarks/*.py)); do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

constraints:
	rm -rf build/pins
	sh setup/make_venv.sh $(PYTHON) build/pins
	build/pins/bin/python -m pip install -qq --disable-pip-version-check -e .[test,training,dev]
	( sed -n '/^#/p' constraints.txt; \
	  build/pins/bin/python -m pip list --format=freeze --exclude labctl --exclude pip --exclude setuptools ) > build/pins/new
	mv build/pins/new constraints.txt
	rm -rf build/pins

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	@sh setup/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing labctl and what it needs into $(VENV); this takes a minute or two."
	@$(PIP) -e .
	@$(BIN)/python setup/qt_libraries.py
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need."
	@$(PIP) -e .[test,training]
	@$(BIN)/python setup/qt_libraries.py --needed
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test
	@echo "Installing what development needs."
	@$(PIP) -e .[test,training,dev]
	@touch $@
