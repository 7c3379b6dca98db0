PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(PATH):$(CURDIR)/$(BIN)

.PHONY: setup run test test-setup lint types bench views lock clean

setup: $(VENV)/.installed ## the product, the broker and the live map's libraries; quick when nothing changed
	@deploy/setup/system-libraries.sh $(VENV)
	@deploy/setup/broker.sh
	@deploy/setup/web-libraries.sh
	@$(BIN)/python -m cloudctl.prepare_demo

$(VENV)/.installed: requirements.lock pyproject.toml
	@deploy/setup/python-environment.sh $(PYTHON) $(VENV) requirements.lock
	@touch $@

run: setup ## the demo city; prints the address of the live map
	@$(BIN)/cloudctl demo

test-setup: setup $(VENV)/.test-installed ## what the tests need beyond the product
	@deploy/setup/web-libraries.sh --dev
	@deploy/setup/test-machine.sh

$(VENV)/.test-installed: requirements-test.lock $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

test: test-setup lint types ## everything that CI runs
	$(BIN)/python tests/run_all.py

lint: ## style, imports between floors, page types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: ## Python and page types
	$(BIN)/mypy
	$(BIN)/mypy tests
	cd cloudctl/web && node_modules/.bin/tsc -p .

bench: setup ## measured figures of this machine
	@$(BIN)/cloudctl bench --help

views: test-setup ## the pictures of docs/views.md, photographed anew in the demo city
	@$(BIN)/python tests/browser/renew_views.py

lock: ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra demo --universal --generate-hashes --quiet \
	  --custom-compile-command "make lock" -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra test --universal --generate-hashes --quiet \
	  --constraint requirements.lock --custom-compile-command "make lock" -o requirements-test.lock

clean: ## all that was made here, the demo's data too
	rm -rf $(VENV) var build cloudctl/web/vendor cloudctl/web/node_modules .*_cache
