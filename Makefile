# Every target sets up what it needs. `make demo` and `make test` are the two to know.
.PHONY: help setup demo test coverage lint format cluster bench lock docs-images clean
.DEFAULT_GOAL := help

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: ## A virtual environment with the locked packages
	@scripts/setup

demo: setup ## Rollouts become living messages, in your browser
	@.venv/bin/shipbell demo

test: setup ## All tests, on a real control plane
	@scripts/build-control-plane
	@scripts/system-packages
	@scripts/postgresql
	.venv/bin/python -m pytest $(PYTEST)

coverage: setup ## Which branches the tests of this process reach; whole processes are not followed
	@scripts/postgresql
	.venv/bin/coverage run -m pytest -q --ignore=tests/live --ignore=tests/cluster --ignore=tests/demo $(PYTEST)
	.venv/bin/coverage report --skip-covered --skip-empty

lint: setup ## Style, types and layers
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

format: setup ## Puts the code in shape
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

cluster: setup ## A real control plane to try things on; Ctrl-C stops it
	@scripts/build-control-plane
	@.venv/bin/python -m tests.cluster

bench: setup ## Prints how fast and how small Shipbell is
	@scripts/build-control-plane
	@.venv/bin/python -m tests.bench

lock: setup ## Takes newer versions of the packages into requirements.lock
	.venv/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --group dev \
		--python-version 3.11 --upgrade pyproject.toml -o requirements.lock

docs-images: setup ## The pictures in the documents, by a real browser
	@scripts/system-packages
	@.venv/bin/python -m tests.pictures

clean: ## Removes what the targets made in the checkout
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
