# Every target makes what it needs; `make test` and `make demo` work on a fresh clone.
SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: install demo test test-long rehearsal cover mutation bench lint lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock \
	  | awk '/^Collecting/ {printf "\r  %d packages found", ++n; fflush()} /^Installing/ {printf "\r  installing %d packages ...", n; fflush()} END {print "\r  installed.                    "}'
	@touch $(STAMP)

# Drives the demo cases over real HTTP, prints the table, then serves the pages until Ctrl-C.
# ONCE=1 stops after the table; DEMO_SEED=n draws other subjects, names and records.
demo: $(STAMP)
	@$(BIN)/python manage.py demo $(if $(ONCE),--once) $(if $(DEMO_SEED),--seed $(DEMO_SEED))

# One worker a processor; tests of one file stay together, because some share a server.
test: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# In full what the test suite runs in a reduced size: workers killed at random points, a back-test over 100,000 decisions,
# the analysis of rule sets against brute force, a sweep of 100,000 running cases, edges and boundary events added to
# every pattern flow, 2,000 drawn registers and faults for every adapter, every sabotage, all turns on PostgreSQL.
test-long: $(STAMP)
	@LONG=1 $(BIN)/python -m pytest tests/acceptance/test_kill.py tests/integration/test_replaying.py \
	  tests/integration/test_sweeping.py tests/integration/patterns/test_sabotage.py tests/unit/policy/test_analysis.py \
	  tests/contract/test_never_clean.py tests/sabotage tests/integration/postgres/test_suite_on_postgres.py

# One hour of outage with the clock compressed: 180,000 single queries within the limits, 2,000 whole cases through the
# gate, then everything owed is paid and both sides are counted. QUERIES=1000 CASES=40 takes a minute or two.
rehearsal: $(STAMP)
	@$(BIN)/python -m tests.rehearsal $(if $(QUERIES),--queries $(QUERIES)) $(if $(CASES),--cases $(CASES))

# Branch coverage of the decision core by its own unit tests; anything below 100 % fails and is listed.
cover: $(STAMP)
	@$(BIN)/python -m coverage run --branch --source approval_hook/policy -m pytest tests/unit/policy -q -p no:cacheprovider
	@$(BIN)/python -m coverage report --show-missing --skip-covered --fail-under=100

# Small changes to the decision core, each of which a test must catch; ONLY=bars,periods takes some of its modules.
mutation: $(STAMP)
	@$(BIN)/python -m tests.mutation $(if $(ONLY),--only $(ONLY))

# ONLY=flow runs one area; LONG=1 runs longer.
bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(LONG),--long)

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django makemigrations --check --dry-run

lock:
	@$(BIN)/pip-compile --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --allow-unsafe --strip-extras --quiet --output-file requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist mutants
