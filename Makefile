# Every target sets up what it needs in .venv; it asks for make and python3 (3.11 or later) alone.
# Another Python, beside the first: make PYTHON=python3.13 VENV=.venv-3.13 test

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check
PYTEST = $(BIN)/pytest -n 2 --dist worksteal

# Extra words for pytest and for the benchmarks: make test TEST="-k tanh", make bench BENCH="step"
TEST =
BENCH =
# The number of random programs, and further words for `python -m random_programs`.
N = 2000
FUZZ =
# The stage whose fast tests `make check` runs; all of them by default. tests/stages.py lists the stages.
STAGE =

# The tests start hundreds of Python processes: let them keep their bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo check test fuzz golden lint coverage docs bench wheel clean

help: ## print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/ready ## a tour in a minute: gradients, a drawing, a small network trained; pictures in demo/
	@mkdir -p demo
	$(BIN)/autograd-scalar doctor
	$(BIN)/autograd-scalar draw "tanh(w*x + b)" w=2 x=-3 b=6.88 -o demo/graph.svg
	$(BIN)/autograd-scalar train moons -o demo/moons --force
	@echo "look at demo/graph.svg and at the pictures in demo/moons"

check: lint ## check style, types and the fast tests, in half a minute; of one stage: make check STAGE=show
	$(PYTEST) -q -m "not slow$(if $(STAGE), and ($(STAGE)))" $(TEST)

test: $(VENV)/ready-test ## run all tests, in random order
	$(PYTEST) $(TEST)

fuzz: $(VENV)/ready-test ## compare N random programs, compiled and eager: make fuzz N=50000 FUZZ="--seed 1"
	PYTHONPATH=tests $(BIN)/python -m random_programs $(N) $(FUZZ)

golden: $(VENV)/ready-test ## record the texts in tests/compiler/golden anew, where the compiler's output is to change
	AUTOGRAD_SCALAR_GOLDEN=renew $(BIN)/pytest -q tests/compiler/test_golden.py

lint: $(VENV)/ready-test $(VENV)/ready-lint ## check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

coverage: $(VENV)/ready-test ## run all tests on the plain engine and show the lines and branches that they miss
	AUTOGRAD_SCALAR_PURE=1 $(PYTEST) --cov --cov-report=term --cov-report=html $(TEST)

docs: $(VENV)/ready-docs ## build the documentation: build/docs/index.html; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	@echo "open build/docs/index.html"

bench: $(VENV)/ready-bench ## measure against micrograd, here and now
	$(BIN)/python -m benchmarks $(BENCH)

wheel: $(VENV)/ready-lint $(VENV)/ready-package ## build the wheel and try it in a fresh environment
	.ci/wheel $(BIN)

clean: ## remove everything that these targets made
	rm -rf .venv .venv-* demo build dist docs/notebooks htmlcov .coverage* *.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f autograd_scalar/native/core.pyx autograd_scalar/native/core.c autograd_scalar/native/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment -------------------------------------------------------------------

# Two pips at once in one environment trip over each other.
.NOTPARALLEL:

# The sources of the native engine: it is rebuilt when one of them changes.
CORE = setup.py autograd_scalar/ops/table.py autograd_scalar/ops/op.py autograd_scalar/ops/codegen.py autograd_scalar/ops/grammar.py \
       autograd_scalar/native/generate.py autograd_scalar/native/core.pyx.in \
       autograd_scalar/native/watch.pxi

# Debian's python3 comes without ensurepip: then virtualenv makes the environment, or a hint is printed.
$(VENV)/ready: pyproject.toml $(CORE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "need Python 3.11 or later, but '$(PYTHON) --version' says:" \
	         "$$($(PYTHON) --version 2>&1 | tail -1);" \
	         "name another: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then :; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m virtualenv --version >/dev/null 2>&1; then $(PYTHON) -m virtualenv -q $(VENV); \
	elif command -v virtualenv >/dev/null; then virtualenv -q -p $(PYTHON) $(VENV); \
	else echo "'$(PYTHON)' cannot make a virtual environment: install its venv module" \
	          "(Debian, Ubuntu: apt-get install python3-venv) or virtualenv" >&2; exit 1; fi
	@echo "installing autograd_scalar and what it needs in $(VENV), once"
	@$(PIP) --upgrade 'pip>=25.1'  # the first that reads [dependency-groups]
	@$(PIP) --editable '.[jit]'
	@touch $@

$(VENV)/ready-%: pyproject.toml | $(VENV)/ready
	@echo "installing what $* needs in $(VENV), once"
	@$(PIP) --group $*
	@touch $@
