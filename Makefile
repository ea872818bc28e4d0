# Two commands: `make demo` (simulated movies to a map, then the page to look at) and `make test` (all tests).
# Each sets up .venv by itself; all it needs is Python 3.11 to 3.13. TORCH_INDEX chooses another package index for PyTorch.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
DEMO ?= vitreous-demo
WORKERS ?= 2
PYTEST_OPTIONS ?=

PAGES := src/vitreous/web/static/index.html
PAGES_FROM := $(shell find frontend/src src/vitreous/web -type f -not -path '*/static/*' -not -path '*/__pycache__/*' \
	-not -name schema.ts -not -name openapi.json) frontend/package.json frontend/package-lock.json frontend/index.html frontend/vite.config.ts \
	frontend/build.py

.PHONY: demo test check clean frontend

demo: $(VENV)/.installed $(PAGES)
	$(BIN)/vitreous demo --out $(DEMO)

# The window's pages. Node comes from PyPI where none is installed.
frontend: $(PAGES)

$(PAGES): $(PAGES_FROM) $(VENV)/.installed
	$(BIN)/python frontend/build.py

# The browser's tests run by themselves: drawing surfaces without a GPU takes all cores, and others watch processes by time.
test: $(VENV)/.installed-dev $(PAGES)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not browser" $(PYTEST_OPTIONS)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m browser $(PYTEST_OPTIONS)

check: $(VENV)/.installed-dev $(PAGES)
	$(BIN)/python frontend/node.py run --silent check
	$(BIN)/python frontend/node.py test --silent
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not relion and not data" $(PYTEST_OPTIONS)

# A PyTorch that is already in the environment, with CUDA or without, is used and never replaced.
$(VENV)/.torch:
	@test -n "$(PYTHON)" || { echo "vitreous needs Python 3.11 to 3.13; set PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import torch' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) frontend/node_modules src/vitreous/web/static build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
