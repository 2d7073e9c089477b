# MemberPass: every command a newcomer needs. `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

SERVICES := shared services/codes-api services/billing-api services/bot-gateway services/jobs
PACKAGES := $(SERVICES) deploy/local
SOURCES  := shared/shared services/codes-api/codes_api services/billing-api/billing_api \
            services/bot-gateway/bot_gateway services/jobs/jobs deploy/local/memberpass_local tests
INSTALL  := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK     := uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
            --no-annotate --no-header --no-emit-package memberpass-shared --all-extras

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check bench migrate clean lock format

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with everything in it (the other commands do this by themselves)

$(READY): requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MemberPass needs Python 3.11 or newer.")'
	@echo "Setting up $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation $(addprefix -e ./,$(PACKAGES))
	@touch $@

run: $(READY) ## bring everything up on this machine and keep it running
	@$(BIN)/python -m memberpass_local run

demo: $(READY) ## play the whole story against a stack of its own
	@$(BIN)/python -m memberpass_local.demo

test: $(READY) ## the test suite, on a real PostgreSQL and Redis that it starts itself
	@$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

check: $(READY) ## ruff, mypy --strict, import-linter, alembic check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m memberpass_local.check_migrations

bench: $(READY) ## speed, each figure beside a floor measured in the same run (SIZE=small|full)
	@$(BIN)/python -m memberpass_local.bench

migrate: $(READY) ## bring CODES_DATABASE_URL and BILLING_DATABASE_URL to the newest schema
	$(BIN)/python -m alembic -c services/codes-api/alembic.ini upgrade head
	$(BIN)/python -m alembic -c services/billing-api/alembic.ini upgrade head

clean: ## stop what a broken run left behind; delete the virtual environment, the local data and the caches
	@test ! -x $(BIN)/python || $(BIN)/python -m memberpass_local clean
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

format: $(READY) ## let ruff put the code in form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: ## write both requirements.lock anew from the pyproject files (needs uv)
	$(LOCK) --upgrade \
	  requirements-dev.in $(addsuffix /pyproject.toml,$(PACKAGES)) -o requirements.lock
	$(LOCK) --constraints requirements.lock \
	  $(addsuffix /pyproject.toml,$(SERVICES)) -o deploy/compose/requirements.lock
