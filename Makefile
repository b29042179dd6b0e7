.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

TARGET ?= local
PIPELINE ?= all
RECORDS ?= 10000
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DEPLOYMENT = $(PY) -m deployment

export PYTHONDONTWRITEBYTECODE ?= 1

##@ Run the pipelines
demo: $(VENV)/.runtime ## Deploy, feed and prove both pipelines: deploy, produce and verify in a row
	@$(DEPLOYMENT) demo --target $(TARGET) --pipeline $(PIPELINE) --records $(RECORDS)
deploy: $(VENV)/.runtime ## Apply the Terraform stacks to TARGET; starts the local cloud when it is needed
	@$(DEPLOYMENT) deploy --target $(TARGET) --pipeline $(PIPELINE)
produce: $(VENV)/.runtime ## Send RECORDS store events and a sample Apache log, a few bad records among them
	@$(DEPLOYMENT) produce --target $(TARGET) --pipeline $(PIPELINE) --records $(RECORDS)
verify: $(VENV)/.runtime ## Compare what was delivered with what was sent; exits 1 on any finding
	@$(DEPLOYMENT) verify --target $(TARGET) --pipeline $(PIPELINE)
verify-selftest: $(VENV)/.runtime ## Break copies of what was delivered in every known way: the right check must name each
	@$(DEPLOYMENT) verify-selftest --target $(TARGET) --pipeline $(PIPELINE)
query: $(VENV)/.runtime ## SQL over the delivered objects: make query SQL="select …"; without SQL, low stock by store
	@$(DEPLOYMENT) query --target $(TARGET) --sql "$${SQL-}"

##@ Look and steer
plan: $(VENV)/.runtime ## Show what deploy would change; changes nothing
	@$(DEPLOYMENT) plan --target $(TARGET) --pipeline $(PIPELINE)
status: $(VENV)/.runtime ## What runs, what is deployed, and what each stream has buffered and delivered
	@$(DEPLOYMENT) status --target $(TARGET)
flush: $(VENV)/.runtime ## Deliver everything that is buffered now (local targets)
	@$(DEPLOYMENT) flush --target $(TARGET)
env: $(VENV)/.runtime ## Print export lines for the AWS CLI and SDKs: eval "$$(make -s env)"
	@$(DEPLOYMENT) env --target $(TARGET)

##@ Take down
destroy: $(VENV)/.runtime ## Delete everything the stacks created on TARGET
	@$(DEPLOYMENT) destroy --target $(TARGET) --pipeline $(PIPELINE)
down: $(VENV)/.runtime ## Stop the local cloud
	@$(DEPLOYMENT) down --target $(TARGET)

##@ Clouds of your own
localstack: $(VENV)/.runtime ## Start a LocalStack on port 4566 without Docker, in an environment of its own
	@$(PY) -m deployment.localstack_server start
bootstrap: $(VENV)/.runtime ## Make the S3 bucket for Terraform's state (TARGET=aws)
	@$(DEPLOYMENT) bootstrap --target $(TARGET)

##@ Develop
test: $(VENV)/.dev ## All tests: unit, integration and end to end
	@$(PY) -m pytest -q tests/unit tests/integration
	@$(PY) -m pytest -q -n 2 --dist loadscope tests/end_to_end
lint: $(VENV)/.dev ## ruff, mypy, terraform fmt
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@terraform fmt -check -recursive terraform
format: $(VENV)/.dev ## Rewrite Python and Terraform files in the house format
	@$(VENV)/bin/ruff check --fix --quiet . || true
	@$(VENV)/bin/ruff format .
	@terraform fmt -recursive terraform
bench: $(VENV)/.dev ## Run every benchmark: ratios against a reference in the same run
	@$(PY) -m benchmarks
lock: ## Write requirements.lock and requirements-dev.lock from pyproject.toml (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.lock
clean: ## Remove .venv and caches; what is deployed stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {gsub(/\$$\$$/, "$$"); printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nVariables\n  TARGET     local (default), localstack, aws\n  PIPELINE   store-inventory, apache-logs, all (default)\n  RECORDS    store events and log lines that produce sends (default 10000)\n'

# The virtual environment is made from the lock files with hashes checked; a stamp is written only when that has worked.
$(VENV)/.runtime: requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(None if ok else f"Python {sys.version.split()[0]} found; 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 …")'
	@echo "making $(VENV) from requirements.lock …" >&2
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: bootstrap localstack demo deploy produce verify verify-selftest query plan status flush env destroy down test lint format bench lock clean help
.NOTPARALLEL:
