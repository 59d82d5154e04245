# make book | pdf | links | test | lab | serve | exercises: each sets up .venv by itself, once.
PYTHON ?= python3
BIN := .venv/bin

# One thread per process: kernels and test workers already use every core.
export OMP_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE =

.PHONY: help book pdf links test lab serve exercises bank grade bench lock clean
.DELETE_ON_ERROR:

help:
	@echo "make book       build the site into _build/html (executes every chapter)"
	@echo "make pdf        print the same to _build/book.pdf (needs Chromium)"
	@echo "make links      list the links to other hosts (none is asked)"
	@echo "make serve      serve the built site on 127.0.0.1:8000"
	@echo "make lab        open the exercises in JupyterLab (your copies live in work/)"
	@echo "make test       run every check: lint, import contracts, exercises, book, tests"
	@echo "make bench      measure speed and memory against torch.nn"
	@echo "make exercises  derive exercises/ from solutions/"
	@echo "make bank       grade the banks of all units: right and wrong solutions"
	@echo "make grade UNIT=lstm-gates   collect, grade, write feedback/ and grades.csv"

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: .venv/made requirements.txt constraints.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@# Kernels talk over the loopback; their notice about it would look like a warning.
	@mkdir -p .venv/etc/ipython
	@echo 'c.IPKernelApp.log_level = "ERROR"' > .venv/etc/ipython/ipython_kernel_config.py
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The executed cells are cached by their own text; what else they read must run them again.
_build/.jupyter_cache/fresh: $(wildcard rnnlib/*.py rnnlib/*/*.py rnnlib/datasets/files/*) benchmarks/results/applications.md requirements.txt constraints.txt
	@rm -rf $(@D) && mkdir -p $(@D) && touch $@

book: .venv/ready _build/.jupyter_cache/fresh
	$(BIN)/python book/_ext/fetch_pyodide.py
	$(BIN)/python book/_ext/run_chapters.py
	$(BIN)/jupyter-book build . -W -n --keep-going

pdf: book .venv/ready-dev
	$(BIN)/jupyter-book build . -W -n --keep-going --builder singlehtml
	$(BIN)/python book/_ext/print_book.py _build/singlehtml _build/book.pdf

# The addresses of other hosts, which the build never asks.
links: book
	@grep -rohE --include='*.html' 'href="https?://[^"]+"' _build/html/book | cut -d'"' -f2 | sort -u

serve:
	@test -f _build/html/index.html || { echo "Nothing built yet: run make book first."; exit 1; }
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html 8000

lab: .venv/ready
	@mkdir -p work
	@for unit in exercises/*/; do \
	  [ -e work/$$(basename $$unit) ] || cp -R $$unit work/; \
	done
	$(BIN)/jupyter lab work

exercises: .venv/ready
	$(BIN)/rnngrade release

bank: .venv/ready
	$(BIN)/rnngrade test

# Again and again, as submissions come in: what has a grade is not graded anew.
grade: .venv/ready
	@test -n "$(UNIT)" || { echo "Which unit? For example: make grade UNIT=lstm-gates"; exit 1; }
	$(BIN)/rnngrade release $(UNIT)
	$(BIN)/nbgrader generate_assignment $(UNIT)
	$(BIN)/nbgrader zip_collect $(UNIT) --force
	$(BIN)/rnngrade grade $(UNIT); graded=$$?; \
	$(BIN)/nbgrader generate_feedback $(UNIT) --force && \
	$(BIN)/rnngrade export --csv && exit $$graded

test: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rnngrade release --check
	$(MAKE) book
	$(BIN)/pytest -n auto --dist loadscope

# Two threads, as the figures say; a quiet machine gives quieter figures.
bench: .venv/ready
	OMP_NUM_THREADS=2 $(BIN)/python -m benchmarks

lock: .venv/ready-dev
	$(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(torch|nvidia|triton|cuda)' > constraints.txt

clean:
	rm -rf _build
