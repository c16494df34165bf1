# One virtual environment, made from the hashed lock file; made anew only when that changes.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PEERS  := .venv-peers
STAMP  := $(VENV)/.installed

.PHONY: help setup demo test explore slow check bench lock
help:            ## show the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## make the virtual environment
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("samskap needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ". Say: make setup PYTHON=python3.12") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; takes a minute or two) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup      ## run the main job in a fresh workspace, on real figures
	@$(BIN)/samskap demo

test: setup      ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow"

explore: setup   ## try the tests' properties on examples that nobody has seen yet
	@$(BIN)/python -m pytest -n 2 --dist loadscope -m hypothesis --hypothesis-profile=others

slow: setup      ## run the slow tests: servers, kill loops, the wheel
	@$(BIN)/python -m pytest -m slow --timeout 900 || test $$? -eq 5

check: setup     ## lint, types and the contracts between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup $(PEERS)/.installed ## measure: tables with ratios
	@$(BIN)/python -m benchmarks

# The peers that need other versions than we do have an environment of their own, beside ours.
$(PEERS)/.installed: benchmarks/peers.lock
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement benchmarks/peers.lock
	@touch $@

lock: setup      ## renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras --group dev --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file benchmarks/peers.lock benchmarks/peers.in
