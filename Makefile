# The commands of the project. Each sets up what it needs by itself, in .venv/.

PYTHON ?= python3
ENV := $(PYTHON) tools/environment.py
DEMO := build/demo
PROMPT ?= CBABBC
STILLS ?= model,embedding,attention,output

LOOKS ?=

.PHONY: help demo sheets test lint bench extension test-blender setup clean
.DEFAULT_GOAL := help

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup:  ## Set up the development environment only
	$(ENV) setup

demo:  ## Build nano-gpt and render its stills into build/demo/
	@mkdir -p $(DEMO)
	$(ENV) newest -m llmviz_addon demo --model nano-gpt --prompt $(PROMPT) --out $(DEMO) --size 1280x720 --stills $(STILLS) --overwrite

sheets:  ## Render contact sheets of films and stills into build/sheets/, with figures: make sheets LOOKS=dark
	$(ENV) newest tools/sheets.py --looks "$(LOOKS)"

test:  ## Run all tests, on each Blender version that there is a Python for
	$(PYTHON) tools/run_tests.py wheels

lint:  ## Check style, the arrows between the rooms, and types
	$(ENV) newest tools/lint.py

bench:  ## Measure what frames, builds, prompts and files cost, of small models and large
	$(ENV) each tools/bench.py
	$(ENV) newest tools/bench_large.py
	$(ENV) newest tools/bench_explain.py

extension:  ## Build and validate the zip to install, in dist/
	$(ENV) newest tools/extension.py build

test-blender:  ## Run the tests inside a full Blender and in its window: make test-blender BLENDER=/path/to/blender
	@test -n "$(BLENDER)" || { echo "Say which Blender: make test-blender BLENDER=/path/to/blender"; exit 2; }
	$(PYTHON) tools/run_tests.py blender "$(BLENDER)"

clean:  ## Remove what was built; the environment in .venv/ stays
	rm -rf build dist
	find . -name __pycache__ -not -path "./.venv/*" -prune -exec rm -rf {} +
