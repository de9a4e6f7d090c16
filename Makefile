# Two commands need nothing installed by hand: `make synth` and `make test`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# uv from PATH, else a private copy in .tools: nothing outside the checkout changes.
UV := $(or $(shell command -v uv),.tools/bin/uv)
READY := .venv/.ready node_modules/.ready
# Containers often forbid byte code; without it every run compiles 14 MB of provider sources anew.
unexport PYTHONDONTWRITEBYTECODE
# Two: a worker starts whole servers of its own.
WORKERS ?= 2
DIR ?= dags
FORMAT ?= text
ENVIRONMENT ?= dev

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Install what the project runs on, into the checkout

synth: $(READY) ## Write cdktf.out/ for every environment and print what it holds
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.synth_table

test: $(READY) ## Run every test
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: $(READY) ## Lint, format, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	airflow=$$($(BIN)/python -m tools.airflow_venv) && $(BIN)/mypy \
		--config-file images/airflow/mypy.ini --python-executable $$airflow/python images/airflow
	$(BIN)/lint-imports

rehearse: $(READY) ## Deploy and destroy it all with the real Terraform, without Azure; FROM=<git ref>: a change
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.rehearsal $(if $(FROM),--from $(FROM)) \
		$(if $(PROVIDERS),--providers $(PROVIDERS)) $(REHEARSE)

plan: $(READY) ## Show what a deployment would do to Azure: ENVIRONMENT=dev [PLAN="--no-refresh"]
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.plan --environment $(ENVIRONMENT) $(PLAN)

policy: $(READY) ## Hold cdktf.out against checkov's rules and our own
	@$(BIN)/python -m tools.policy

docs: $(READY) ## Build the documentation into site/; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --clean

reference: $(READY) ## Write the reference and the JSON schema of the environment file anew
	@$(BIN)/python -m tools.environment_reference

bench: $(READY) ## Measure a synth against cdktf as shipped and against empty stacks
	@$(BIN)/python -m tools.bench

charts: $(READY) ## Download the charts that tests render, once
	@$(BIN)/python -m tools.charts

lock: .venv/.ready ## Resolve requirements.lock and package-lock.json anew
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	cd tools/policy && $(abspath $(UV)) pip compile requirements.in --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	npm install --package-lock-only

migrate-dags: $(READY) ## Move Airflow 2 DAGs: SOURCE=folder TARGET=folder [OPTIONS=...]
	@$(BIN)/python -m dag_migration $(OPTIONS) "$(SOURCE)" "$(TARGET)"

migrate-corpus: $(READY) ## Migrate released Airflow 2 examples and write the counts into the docs
	@$(BIN)/python -m packages.dag_migration.tests.corpus.measure

check-dags: $(READY) ## Check the DAGs of DIR as their authors do
	@airflow=$$($(BIN)/python -m tools.airflow_venv) \
		&& dbt=$$($(BIN)/python -m tools.airflow_venv images/airflow/dbt-requirements.lock) \
		&& PATH="$$PATH:$$dbt" PYTHONPATH=images/airflow $$airflow/python -m check_dags --format $(FORMAT) $(DIR)

image-lock: .venv/.ready ## Resolve the image's three locks anew; UPGRADE=package: take its newest release
	@for name in requirements dbt-requirements uv-requirements; do \
		(cd images/airflow && $(UV) pip compile $$name.in --python-version 3.12 --python-platform linux \
			$(addprefix --upgrade-package=,$(UPGRADE)) --generate-hashes --quiet -o $$name.lock) || exit 1; done

image-lint: .venv/.ready ## Lint the Dockerfile
	@$(BIN)/hadolint images/airflow/Dockerfile

image-pin image-pinned image-tag: image-%: .venv/.ready ## Pin the base to a digest; refuse one without; print the tag
	@$(BIN)/python -m tools.image $*

sbom: sbom/airflow.cdx.json sbom/dbt.cdx.json ## Write what the image holds (CycloneDX)

sbom/airflow.cdx.json: images/airflow/requirements.lock
sbom/dbt.cdx.json: images/airflow/dbt-requirements.lock
sbom/%.cdx.json: | .venv/.ready
	@mkdir -p $(@D)
	@$(BIN)/cyclonedx-py environment --output-reproducible -o $@ "$$($(BIN)/python -m tools.airflow_venv $<)/python"
	@echo $@

audit: .venv/.ready ## Report known vulnerabilities of the image's packages; ADVISORIES=folder: without PyPI
	@$(BIN)/python -m tools.audit $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

# Said before anything is made: Ubuntu 22.04's own Python is 3.10.
define CHECK_PYTHON
@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is Python " \
	+ sys.version.split()[0] + "; needed: 3.11 or newer; fix: make PYTHON=python3.12 ...")'
endef

.tools/bin/uv:
	$(CHECK_PYTHON)
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements.lock $(wildcard packages/*/pyproject.toml) | $(filter .tools/%,$(UV))
	$(CHECK_PYTHON)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python $(addprefix --editable=,$(dir $(wildcard packages/*/pyproject.toml)))
	@touch $@

node_modules/.ready: package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { \
		echo "node: $$(node --version 2>/dev/null || echo not found); needed: Node 20 or newer, with npm" >&2; exit 1; }
	@npm ci --silent
	@touch $@

.PHONY: audit bench charts check check-dags docs help image-lint image-lock image-pin image-pinned image-tag lock migrate-corpus migrate-dags plan policy reference rehearse sbom setup synth test
