# Two commands are enough: `make run` and `make test`. Both install what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run demo chat test check install install-dev browser bench lock screenshots clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: install ## start the bot; without a Telegram token it opens a chat page to try it
	@$(BIN)/python main.py run

DEMO := ZHIYUAN_DATABASE__URL=sqlite:///data/demo.db
demo: install ## a month of invented cases in data/demo.db, a link into the desk, and the bot on it
	@test -e data/demo.db || $(DEMO) $(BIN)/python main.py demo
	@$(DEMO) $(BIN)/python main.py staff login-link
	@$(DEMO) $(BIN)/python main.py run

chat: install ## talk to the bot in this terminal
	@$(BIN)/python main.py chat

test: install-dev browser check ## run all checks and tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --reruns 2 --reruns-delay 1
	$(BIN)/python main.py faq eval tests/eval/*.jsonl

check: install-dev ## lint, types, and the knowledge in faq/
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python main.py faq check

install: $(VENV)/.installed ## set up .venv with what the bot needs

install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it like this: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the bot needs (about half a minute, once) …"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PIP) install -r requirements.txt -r requirements-dev.txt
	@touch $@

browser: ## Debian's chromium with a Chinese font, for the tests of pages
	@command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi cjk || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing chromium and a Chinese font for the page tests …"; \
	    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
	      chromium fonts-noto-cjk fonts-noto-color-emoji fontconfig >/dev/null; \
	  else echo "For the page tests: sudo apt-get install chromium fonts-noto-cjk fontconfig"; fi; }

bench: install-dev ## measure answering and matching beside the alternatives
	$(BIN)/python main.py bench match
	$(BIN)/python main.py bench answer

screenshots: install-dev browser ## make the pictures of the READMEs anew
	$(BIN)/python -m tests.screenshots

lock: ## pin the requirements anew (versions only)
	uv pip compile -q --no-emit-index-url --no-emit-find-links --no-header --no-annotate --python-version 3.11 requirements.in -o requirements.txt
	uv pip compile -q --no-emit-index-url --no-emit-find-links --no-header --no-annotate --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean: ## remove the virtual environment and caches (never data/)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
