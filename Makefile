# make demo    the built-in study, from nothing to a report
# make test    the suite
# make package  the package, built and tried in an empty environment
# make test-kernels  its numeric part under the processor's other kernels of OpenBLAS
# make lint    format, lint, types, import layers, workflow
# make docs    the documentation in docs/_build, no warning allowed
# make docs-test  every command and code block of the documentation, executed
# make bench   how fast each stage is beside its peers, and whether its statistics hold
# make report  the full reproduction in config/config.yaml; of what there is, if a dataset fails
# make clean   away with the environment and what the tools leave; data/ and results/ stay
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SPECS := pyproject.toml constraints.txt

.PHONY: demo test test-kernels package lint docs docs-test bench report clean

demo: .venv/installed
	@$(BIN)/isomorph demo --cores $(CORES)

report: .venv/installed
	@failed=0; \
	$(BIN)/snakemake --cores $(CORES) --config study=config/config.yaml || failed=$$?; \
	[ $$failed -ne 0 ] || exit 0; \
	$(BIN)/isomorph report --study config/config.yaml || exit $$failed; \
	echo; $(BIN)/isomorph headline --study config/config.yaml || exit 1; \
	exit $$failed

test: .venv/installed-dev
	$(BIN)/python -m pytest

package: .venv/installed-dev
	$(BIN)/python tests/packaged.py

test-kernels: .venv/installed-dev
	$(BIN)/python tests/kernels.py

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python workflow/lint.py --config study=config/demo.yaml
	$(BIN)/sphinx-build -qW --keep-going docs docs/_build

docs: .venv/installed-dev
	$(BIN)/sphinx-build -W --keep-going docs docs/_build

docs-test: .venv/installed-dev
	$(BIN)/python docs/run_pages.py

bench: .venv/installed-dev
	@failed=; \
	for bench in benchmarks/[a-z]*.py; do \
		echo "$$bench"; $(BIN)/python "$$bench" --quick || failed="$$failed $$bench"; \
	done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

clean:
	rm -rf .venv docs/_build docs/generated .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "isomorph needs Python 3.11 or newer, and there is no $(PYTHON) here" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "isomorph needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
		"name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python $(SPECS)
	@echo "installing isomorph and what it needs into .venv, a few minutes the first time"
	$(PIP) -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) -c constraints.txt -e .[dev]
	@touch $@
