# `make` alone lists the targets. Every target sets up the environment that it needs;
# a stamp file remembers that, until pyproject.toml changes.

VENV ?= .venv
DEMO_VENV ?= .venv-demo
# Which runner the demo uses: django_tasks, celery or dramatiq, and what that needs; see
# examples/README.rst.
DEMO_RUNNER ?= django_tasks
DEMO_NEEDS_django_tasks = --editable ".[tasks]"
DEMO_NEEDS_celery = --editable ".[celery]" "celery[redis]" "psycopg[binary]" gunicorn
DEMO_NEEDS_dramatiq = --editable ".[dramatiq]" "dramatiq[rabbitmq,redis]" "psycopg[binary]" gunicorn
DEMO_NEEDS = $(DEMO_NEEDS_$(DEMO_RUNNER))
BIN = $(VENV)/bin
EXTRAS = celery,dramatiq,graphviz,graphviz-pure,guardian,reversion,tasks
PIP = -m pip --disable-pip-version-check
RUN = -m pytest
export PYTHON
ARGS ?=
# Where the pictures of the documentation go.
PICTURES ?= docs/images/people
# How many requests each fuzz test sends.
EXAMPLES ?= 2000
FUZZ = tests/unit/bad_input/test_fuzz.py tests/unit/bad_input/test_accepted.py tests/acceptance/test_bad_input.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test venv services fuzz model mutants storm bench bench-scale bench-contention bench-memory bench-quick coverage lint format docs screenshots clean

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST)

# "exec", so that who ends make ends the demo, too.
demo: $(DEMO_VENV)/.stamp-$(DEMO_RUNNER) ## Run the demo project: web server and worker, on SQLite.
	@cd examples && exec $(abspath $(DEMO_VENV))/bin/python demo.py $(ARGS)

test: $(VENV)/.stamp-test ## Run the tests that need no service.
	$(BIN)/python $(RUN) tests/unit $(ARGS)

fuzz: $(VENV)/.stamp-dev ## Send thousands of other bad requests than the tests do; EXAMPLES=n for more.
	JOEFLOW_FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python $(RUN) $(FUZZ) $(ARGS)

venv: $(VENV)/.stamp-dev ## Set up everything that development needs.

model: $(VENV)/.stamp-test ## Try thousands of random workflows and mishaps; takes an hour or so.
	JOEFLOW_TEST_MODEL=long $(BIN)/python $(RUN) tests/unit/model --timeout 0 $(ARGS)

mutants: $(VENV)/.stamp-test ## Break joeflow in each of many places: the tests of the model must notice.
	$(BIN)/python -m tests.unit.model.mutants $(ARGS)

services: $(VENV)/.stamp-dev ## Run the tests that need databases, brokers or a browser.
	JOEFLOW_TEST_DATABASE=postgresql $(BIN)/python $(RUN) tests/unit tests/integration $(ARGS)
	JOEFLOW_TEST_DATABASE=mariadb $(BIN)/python $(RUN) tests/unit tests/integration $(ARGS)
	$(BIN)/python $(RUN) tests/acceptance $(ARGS)

storm: $(VENV)/.stamp-dev ## Kill workers, brokers and databases under workflows; ARGS=--help says more.
	$(BIN)/python -m tests.acceptance.storm $(ARGS)

bench: $(VENV)/.stamp-dev ## Measure joeflow beside others; takes a quarter of an hour.
	$(BIN)/python -m benchmarks $(ARGS)

bench-scale: $(VENV)/.stamp-dev ## Measure joeflow with ten million tasks; ARGS=--help says more.
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-contention: $(VENV)/.stamp-dev ## Measure many workers at one instance.
	$(BIN)/python -m benchmarks.contention $(ARGS)

bench-memory: $(VENV)/.stamp-dev ## Measure how the memory of a worker grows.
	$(BIN)/python -m benchmarks.memory $(ARGS)

bench-quick: $(VENV)/.stamp-dev ## Measure joeflow alone, and beside ARGS="--against COMMIT".
	$(BIN)/python -m benchmarks --quick $(ARGS)

lint: $(VENV)/.stamp-dev ## Check style, types, layers and migrations.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m django makemigrations joeflow --check --dry-run --settings tests.settings
	$(BIN)/python examples/manage.py makemigrations --check --dry-run

format: $(VENV)/.stamp-dev ## Let ruff format and repair what it can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.stamp-dev ## Build the documentation as HTML.
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

screenshots: $(VENV)/.stamp-dev ## Take the pictures of the documentation again; ARGS="--dark --phone" for others.
	$(BIN)/python -m tests.acceptance.screenshots $(PICTURES) $(ARGS)

clean: ## Remove environments, caches and everything that was built.
	rm -rf $(VENV) $(DEMO_VENV) .bench .tox .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf build dist htmlcov docs/_build .ci/logs .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A fresh Python 3.11 brings a pip that does not know dependency groups: it is upgraded first.
define environment
	python="$$(.ci/find-python)" && "$$python" -m venv $(1)
	$(1)/bin/python $(PIP) install -qq --upgrade "pip>=25.1"
endef

$(VENV)/.stamp-test: pyproject.toml
	$(call environment,$(VENV))
	$(BIN)/python $(PIP) install -qq --editable ".[$(EXTRAS)]" --group test
	touch $@

$(VENV)/.stamp-dev: pyproject.toml
	$(call environment,$(VENV))
	$(BIN)/python $(PIP) install -qq --editable ".[$(EXTRAS)]" --group dev
	touch $(VENV)/.stamp-test $@

$(DEMO_VENV)/.stamp-$(DEMO_RUNNER): pyproject.toml
	$(call environment,$(DEMO_VENV))
	$(DEMO_VENV)/bin/python $(PIP) install -qq --editable ".[graphviz-pure,reversion]" $(DEMO_NEEDS)
	touch $@
