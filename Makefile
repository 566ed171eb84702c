# The two commands are `make demo` and `make test`; `make help` lists the rest.
# Another Python: make test PYTHON=python3.12 (3.11 or 3.12). Another database: KC_DATABASE=postgres or mariadb.
# More for pytest: make test ARGS="-k suspension -x".

VENV ?= .venv
PORT ?= 8000
ARGS ?=
export VENV PYTHON
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
DEMO := var/demo.sqlite3
MADE := var/demo.made

.PHONY: help demo demo-fresh demo-data test setup setup-demo lint unit browser bench messages block-css diagrams screenshots pins clean

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: setup-demo demo-data  ## Set up everything, make five demo schools, serve them on this machine
	@PORT=$(PORT) .ci/demo-server

demo-fresh:  ## Throw the demo's data away; the next `make demo` makes it anew
	@rm -rf $(MADE) $(DEMO) $(DEMO)-* var/mail var/log-heads var/demo-new.sqlite3* && echo "The demo's data is gone; make demo builds it anew."

setup-demo:
	@.ci/setup demo

# Built beside its place and moved there when whole, so that a half-built demo is never served.
demo-data:
	@mkdir -p var/mail
	@if [ -f $(DEMO) ] && [ -f $(MADE) ]; then \
	  KC_DATABASE=sqlite KC_DATABASE_NAME=$(DEMO) $(MANAGE) migrate --run-syncdb --verbosity 0; \
	else \
	  echo "Making the demo schools, people and cases"; \
	  rm -rf var/demo-new.sqlite3* $(DEMO)-* var/mail/* var/log-heads; \
	  KC_DATABASE=sqlite KC_DATABASE_NAME=var/demo-new.sqlite3 $(MANAGE) migrate --run-syncdb --verbosity 0 && \
	  KC_DATABASE=sqlite KC_DATABASE_NAME=var/demo-new.sqlite3 $(MANAGE) seed_demo && \
	  mv var/demo-new.sqlite3 $(DEMO) && touch $(MADE); \
	fi

test: setup lint  ## Set up and run everything: checks, unit, scenarios, integration, browser
	@$(BIN)/python -m pytest $(ARGS)

setup:  ## Make .venv with everything that the tests need
	@.ci/setup test

lint: setup  ## Style, types, layers
	@echo "ruff" && $(BIN)/ruff check .
	@echo "mypy" && $(BIN)/mypy
	@echo "import-linter" && $(BIN)/lint-imports --no-logo

unit: setup  ## The quick tests alone: no browser, no packaging
	@$(BIN)/python -m pytest -m "not browser and not packaging" $(ARGS)

browser: setup  ## The browser tests alone
	@$(BIN)/python -m pytest -m browser $(ARGS)

bench: setup  ## Measure the bars; writes docs/benchmarks.md
	@$(BIN)/python -m tests.bench $(ARGS)

# The other languages hold reading copies alone: of what parents are asked (context "answer") and of letters (context "reading").
# The Dutch of a letter is its template; the Dutch catalogue holds no string of it.
READING := tr ar pl uk
messages: setup  ## Bring locale/ up to date with the code (needs gettext)
	@$(MANAGE) makemessages --locale nl --no-obsolete --no-wrap --add-location file --ignore 'var/*' --ignore 'build/*' --ignore 'tests/*' --ignore '.venv*'
	@asked=$$(mktemp); msggrep --no-wrap --msgctxt -e '^answer$$' -e '^reading$$' locale/nl/LC_MESSAGES/django.po | msgattrib --no-wrap --clear-previous --set-fuzzy \
	  | msgattrib --no-wrap --clear-fuzzy --empty >$$asked && for language in $(READING); do \
	  msgmerge --quiet --no-fuzzy-matching --no-wrap --update --backup=none locale/$$language/LC_MESSAGES/django.po $$asked || exit 1; \
	  msgattrib --no-wrap --no-obsolete --output locale/$$language/LC_MESSAGES/django.po locale/$$language/LC_MESSAGES/django.po; done; rm -f $$asked
	@dutch=$$(mktemp) && awk 'BEGIN { RS = "" } !/(^|\n)msgctxt "reading"\n/ { printf "%s%s", n++ ? "\n\n" : "", $$0 } END { print "" }' \
	  locale/nl/LC_MESSAGES/django.po >$$dutch && cat $$dutch >locale/nl/LC_MESSAGES/django.po; rm -f $$dutch

block-css:  ## Make the style of the card in a lesson from the pages' style sheet
	@$(BIN)/python -m kc_xblock.stylesheet

diagrams: setup  ## Draw the state machines into docs/
	@$(MANAGE) draw_machines docs/machines.md

screenshots: setup  ## Take the README's pictures from a demo
	@$(BIN)/python -m tests.browser.screenshots

# Both interpreters must be here: PINS names them.
PINS ?= 3.11=python3.11 3.12=python3.12
pins:  ## Write requirements/constraints.txt anew from the ranges
	@folder=$$(mktemp -d); arguments=""; \
	for pair in $(PINS); do \
	  version=$${pair%%=*}; $${pair#*=} -m venv $$folder/$$version && cp requirements/*.txt $$folder/ && : >$$folder/constraints.txt && \
	  $$folder/$$version/bin/pip install -q --disable-pip-version-check -r $$folder/dev.txt && \
	  $$folder/$$version/bin/pip freeze --all | grep -v '^pip==' >$$folder/freeze-$$version.txt || exit 1; \
	  arguments="$$arguments $$version=$$folder/freeze-$$version.txt"; \
	done; \
	python3 requirements/pins.py $$arguments >$$folder/pins && mv $$folder/pins requirements/constraints.txt; rm -rf $$folder

clean:  ## Remove what was built; the environment and the demo's data stay
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache var/test-*
