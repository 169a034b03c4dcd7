# make demo            grade the sample submissions
# make test            the tests that need nothing but Python
# make test-platforms  the tests that need an LMS's own software or system packages
# make lint            style, types, imports, freshness of generated files
#
# Everything goes into .venv and .venv-platforms; another Python: make demo PYTHON=python3.12

.PHONY: demo test test-platforms lint fresh clean help
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PLATFORMS := .venv-platforms
INSTALL := -m pip install -qq --disable-pip-version-check --root-user-action=ignore
STEP := @printf '\n== %s\n'

help:
	@sed -n '1,6s/^# \{0,1\}//p' Makefile

# ------------------------------------------------------------------------------------ environments

define make-venv
@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found. Install one, or: make PYTHON=/path/to/python3.11"; exit 1; }
@test -x $(1)/bin/pip || $(PYTHON) -m venv --clear $(1) || \
  { echo "error: $(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
endef

$(VENV)/.base: pyproject.toml
	$(STEP) "Installing into $(VENV) (once, about half a minute)"
	$(call make-venv,$(VENV))
	@$(VENV)/bin/python $(INSTALL) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml
	$(STEP) "Installing into $(VENV), with what tests and checks need (once, about a minute)"
	$(call make-venv,$(VENV))
	@$(VENV)/bin/python $(INSTALL) -e '.[dev]'
	@touch $(VENV)/.base $@

# INGInious pins versions that the others cannot use: its container's part alone is unpacked beside them.
$(PLATFORMS)/.all: pyproject.toml
	$(STEP) "Installing the platforms' own software into $(PLATFORMS) (once, a few minutes)"
	$(call make-venv,$(PLATFORMS))
	@$(PLATFORMS)/bin/python $(INSTALL) -e '.[dev,platforms]'
	@$(PLATFORMS)/bin/python -m pip download -qq --disable-pip-version-check --no-deps --no-binary :all: \
	  --dest $(PLATFORMS) inginious==0.9.2 && tar -xzf $(PLATFORMS)/inginious-0.9.2.tar.gz -C $(PLATFORMS) || \
	  echo "INGInious could not be fetched: the test with its own software is skipped"
	@touch $@

# --------------------------------------------------------------------------------------------- use

# --unsafe: these notebooks are ours. It changes nothing where isolation works.
demo: $(VENV)/.base
	@set -e; for folder in sample_submissions/*/; do \
	  name=$$(basename $$folder); \
	  printf '\n== Grading %s\n' "$$folder"; \
	  $(VENV)/bin/grader grade $$folder --rubric $$name --out demo-reports/$$name --html --unsafe; \
	  $(VENV)/bin/grader report demo-reports/$$name >/dev/null; \
	done
	$(STEP) "Reports"
	@for folder in demo-reports/*/; do \
	  echo "$${folder}class.html                 the class on one page"; \
	  echo "$${folder}grades.csv                 one row for each submission"; \
	  echo "$${folder}<submission>/feedback.md   what a student reads (feedback.html, report.json beside it)"; \
	done

test: $(VENV)/.dev
	$(STEP) "Tests"
	@$(VENV)/bin/python -m pytest -m "not platform" --hypothesis-profile=ci $(ARGS)

test-platforms: $(PLATFORMS)/.all
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromedriver >/dev/null; then \
	  printf '\n== Installing chromium, for the tests in a browser\n'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver; } >/dev/null 2>&1 \
	    || { echo "error: chromium could not be installed, and without it the tests in a browser would be skipped"; exit 1; }; \
	fi
	$(STEP) "Tests with the platforms' own software"
	@INGINIOUS_API=$$(echo $(abspath $(PLATFORMS))/[Ii][Nn][Gg][Ii]nious-*/base-containers/base) \
	  $(PLATFORMS)/bin/python -m pytest -p no:cg_pytest_reporter -m platform --hypothesis-profile=ci $(ARGS)

lint: $(VENV)/.dev
	$(STEP) "ruff"
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check . || { echo "run: $(VENV)/bin/ruff format ."; exit 1; }
	$(STEP) "mypy"
	@$(VENV)/bin/mypy
	$(STEP) "imports"
	@$(VENV)/bin/lint-imports --no-logo 2>/dev/null || $(VENV)/bin/lint-imports
	@$(MAKE) --no-print-directory fresh

# Generated files (sample submissions, pages of misconceptions, certificates) are as their sources say.
fresh: $(VENV)/.dev
	$(STEP) "generated files"
	@$(VENV)/bin/python -m tools.generate --check
	@$(VENV)/bin/python -m tools.readme --check

clean:
	rm -rf $(VENV) $(PLATFORMS) demo-reports .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
