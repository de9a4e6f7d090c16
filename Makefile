# Two commands need nothing installed by hand: `make synth` and `make test`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# uv from PATH, else a private copy in .tools: nothing outside the checkout changes.
UV := $(or $(shell command -v uv),.tools/bin/uv)
READY := .venv/.ready node_modules/.ready

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

synth: $(READY) ## Write cdktf.out/ for every environment and print what it holds
	@$(BIN)/python main.py && $(BIN)/python -m tools.synth_table

test: $(READY) ## Run every test
	@$(BIN)/pytest

check: $(READY) ## Lint, format, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

rehearse: $(READY) ## Deploy and destroy it all with the real Terraform, without Azure; FROM=<git ref>: a change
	@$(BIN)/python main.py && $(BIN)/python -m tools.rehearsal $(if $(FROM),--from $(FROM)) $(REHEARSE)

lock: .venv/.ready ## Resolve requirements.lock and package-lock.json anew
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	npm install --package-lock-only

.tools/bin/uv:
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements.lock | $(filter .tools/%,$(UV))
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@touch $@

node_modules/.ready: package-lock.json
	@npm ci --silent
	@touch $@

.PHONY: help synth test check rehearse lock
