# make demo: see a night on synthetic people.   make test: everything that must hold.   make install: only set up.
# Needs Debian or Ubuntu with Python 3.11, 3.12 or 3.13 (packages python3 and python3-venv); tests and Spark need Java 17 as well.

VENV := .venv
SPLINK := .venv-splink
STAMP := $(VENV)/.installed
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: install demo test test-spark lint bench bench-full bench-linkage bench-spark lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Missing: Python 3.11, 3.12 or 3.13; install it with: apt-get install python3 python3-venv" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Missing: the venv module of $(PYTHON); install it with: apt-get install python3-venv" >&2; exit 2; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (a few minutes the first time)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install
	@$(VENV)/bin/doudi demo

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: lint
	@command -v java >/dev/null 2>&1 || { echo "Missing: Java 17 for the Spark tests; install it with: apt-get install openjdk-17-jre-headless" >&2; exit 2; }
	$(VENV)/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-spark: install
	@command -v java >/dev/null 2>&1 || { echo "Missing: Java 17 for Spark; install it with: apt-get install openjdk-17-jre-headless" >&2; exit 2; }
	$(VENV)/bin/pytest -m cluster

bench: install
	$(VENV)/bin/python -m benchmarks.run

bench-full: install
	$(VENV)/bin/python -m benchmarks.run --full

$(SPLINK)/.installed:
	@$(PYTHON) -m venv $(SPLINK)
	@$(SPLINK)/bin/python -m pip install --quiet --disable-pip-version-check splink==5.0.0 duckdb==1.5.6 pyarrow
	@touch $@

bench-linkage: install $(SPLINK)/.installed
	$(VENV)/bin/python -m benchmarks.linkage febrl --splink $(SPLINK)/bin/python
	$(VENV)/bin/python -m benchmarks.linkage people --splink $(SPLINK)/bin/python
	$(VENV)/bin/python -m benchmarks.linkage_province

bench-spark: install
	@command -v java >/dev/null 2>&1 || { echo "Missing: Java 17 for Spark; install it with: apt-get install openjdk-17-jre-headless" >&2; exit 2; }
	$(VENV)/bin/python -m benchmarks.spark

lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf $(VENV) $(SPLINK) workspace
