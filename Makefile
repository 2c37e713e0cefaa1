# One command for every chore. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= python3

.PHONY: help
help: ## list the chores
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# -- set-up -------------------------------------------------------------------------------------------------------

.PHONY: packages
packages: ## install the programs that are missing: aria2, ffmpeg, chromium ...
	@scripts/packages.sh runtime

.PHONY: test-packages
test-packages:
	@scripts/packages.sh runtime tests

$(READY): requirements/dev.txt pyproject.toml
	@echo "Making $(VENV) with the pinned requirements ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: packages $(READY) ## make .venv with everything in it

# -- use ----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: packages $(READY) ## fetch sample media from a site on this machine; needs no account and no internet
	@$(BIN)/python -m scripts.demo

.PHONY: run
run: packages $(READY) ## run the bot and both runners (without a token: the runners alone)
	@$(BIN)/bossbotctl run

.PHONY: doctor
doctor: $(READY) ## check programs, settings, database and disk
	@$(BIN)/bossbotctl doctor

# -- prove --------------------------------------------------------------------------------------------------------

PYTEST := -m pytest --numprocesses 2 --dist worksteal

.PHONY: test
test: test-packages $(READY) lint ## all checks and all tests, on SQLite and PostgreSQL
	@$(BIN)/python -m tests.support.postgres -- $(BIN)/python $(PYTEST) $(ARGS)

# It doubles the processor time of each process: those that are killed or timed go without, and `test` does as a whole.
UNMEASURED := $(addprefix tests/,acceptance fuzz hostile nth_failure packaging support_tests torture)

.PHONY: coverage
coverage: test-packages $(READY) ## branch coverage of the tests; fails below 90 %
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m tests.support.postgres -- $(BIN)/python -m coverage run $(PYTEST) $(addprefix --ignore ,$(UNMEASURED)) $(ARGS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

.PHONY: quick
quick: $(READY) ## the tests that need no other process of ours, on SQLite alone
	@$(BIN)/python -m pytest -q --ignore tests/integration --ignore tests/acceptance --ignore tests/support_tests $(ARGS)

.PHONY: lint
lint: $(READY) ## formatting, lint, types, import rules
	@$(BIN)/ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(READY) ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix --exit-zero .
	@$(BIN)/ruff format --quiet .

.PHONY: torture
torture: test-packages $(READY) ## kill, stop and lie to the whole program, and judge it by the nine rules
	@$(BIN)/python -m tests.torture --rounds $(or $(ROUNDS),1000) $(if $(SEED),--seed $(SEED))

.PHONY: nth-failure
nth-failure: $(READY) ## fail each operation of a download once (hours; ARGS="--kind sql --shape direct")
	@$(BIN)/python -m tests.nth_failure $(ARGS)

.PHONY: fuzz
fuzz: $(READY) ## look for inputs that parsers of ours can't take
	@$(BIN)/python -m tests.fuzz --seconds $(or $(EACH),30)

.PHONY: bench
bench: $(READY) ## measure what benchmarks/README.md states
	@scripts/packages.sh runtime bench
	@$(BIN)/python -m benchmarks

# -- keep ---------------------------------------------------------------------------------------------------------

.PHONY: lock
lock: $(READY) ## pin the newest allowed requirements
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra postgresql --extra s3 -c requirements/dev.txt pyproject.toml -o packaging/requirements.txt

.PHONY: docs
docs: $(READY) ## write the pages that are made of the program: settings, commands, errors
	@$(BIN)/python -m scripts.pages

.PHONY: site
site: $(READY) ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: image-test
image-test: $(READY) ## carry out the Dockerfile in a Debian tree (root, mmdebstrap)
	@$(BIN)/python -m scripts.image

.PHONY: texts
texts: $(READY) ## find all sentences for members and update the catalogues of translations
	@$(BIN)/python -m scripts.texts

.PHONY: cards
cards: $(READY) ## draw docs/cards.png: a channel with cards of real downloads
	@scripts/packages.sh runtime cards
	@$(BIN)/python -m scripts.cards

.PHONY: web-pictures
web-pictures: $(READY) ## draw docs/web-*.png: the web page, with a history that is made up
	@$(BIN)/python -m scripts.screenshots

.PHONY: picture
picture: packages $(READY) ## record `make demo` as docs/demo.svg
	@$(BIN)/python -m scripts.demo --svg docs/demo.svg

.PHONY: clean
clean: ## remove what was built and measured; keeps .venv, data and downloads
	@rm -rf .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .cache dist
