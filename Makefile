# Every target sets up what it needs in .venv; python3 (3.11 or later) and make are all it asks for.
# Another Python: make PYTHON=python3.13 test

PYTHON = python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check

# Extra words for pytest and for the benchmarks: make test TEST="-k tanh", make bench BENCH="step"
TEST =
BENCH =

.PHONY: help demo test lint coverage docs bench wheel clean

help: ## print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready ## a tour in a minute: slopes, a drawing, a small network trained; pictures in demo/
	@mkdir -p demo
	$(BIN)/autograd-scalar doctor
	$(BIN)/autograd-scalar draw "tanh(w*x + b)" w=2 x=-3 b=6.88 -o demo/graph.svg
	$(BIN)/autograd-scalar train moons -o demo/moons --force
	@echo "look at demo/graph.svg and at the pictures in demo/moons"

test: .venv/ready-test ## run the tests
	$(BIN)/pytest -n 2 $(TEST)

lint: .venv/ready-test .venv/ready-lint ## check the style and the types
	$(BIN)/ruff check .
	$(BIN)/mypy

coverage: .venv/ready-test ## run the tests in plain Python and show the lines and branches they never reach
	AUTOGRAD_SCALAR_PURE=1 $(BIN)/pytest -n 2 --cov --cov-report=term --cov-report=html $(TEST)

docs: .venv/ready-docs ## build the documentation: build/docs/index.html; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	@echo "open build/docs/index.html"

bench: .venv/ready-bench ## measure against micrograd, here and now
	$(BIN)/python -m benchmarks $(BENCH)

wheel: .venv/ready-lint .venv/ready-package ## build the wheel and try it in an environment of its own
	.ci/wheel $(BIN)

clean: ## remove everything that these targets made
	rm -rf .venv demo build dist docs/notebooks htmlcov .coverage* *.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f autograd_scalar/native/core.pyx autograd_scalar/native/core.c autograd_scalar/native/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment -------------------------------------------------------------------

# Two pips at once in one environment trip over each other.
.NOTPARALLEL:

# What the compiled core is made from: it is rebuilt when one of these changes.
CORE = setup.py autograd_scalar/ops/table.py autograd_scalar/ops/op.py autograd_scalar/ops/codegen.py autograd_scalar/ops/grammar.py \
       autograd_scalar/native/generate.py autograd_scalar/native/core.pyx.in

# Debian's python3 comes without ensurepip, hence the way through virtualenv and the hint.
.venv/ready: pyproject.toml $(CORE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "need Python 3.11 or later, but '$(PYTHON) --version' says:" \
	         "$$($(PYTHON) --version 2>&1 | tail -1);" \
	         "name another: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then :; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv --clear .venv; \
	elif $(PYTHON) -m virtualenv --version >/dev/null 2>&1; then $(PYTHON) -m virtualenv -q .venv; \
	elif command -v virtualenv >/dev/null; then virtualenv -q -p $(PYTHON) .venv; \
	else echo "'$(PYTHON)' cannot make a virtual environment: install its venv module" \
	          "(Debian, Ubuntu: apt-get install python3-venv) or virtualenv" >&2; exit 1; fi
	@echo "installing autograd_scalar and what it needs in .venv, once"
	@$(PIP) --upgrade 'pip>=25.1'  # the first that reads [dependency-groups]
	@$(PIP) --editable '.[jit]'
	@touch $@

.venv/ready-%: pyproject.toml | .venv/ready
	@echo "installing what $* needs in .venv, once"
	@$(PIP) --group $*
	@touch $@
