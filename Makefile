# Two commands for a fresh machine: `make demo`, then `make test`. The others are for working on the code.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
SCHEMA := annual-disclosure-2020

# What the tests need of a Debian system: fonts that reportlab can embed, a Chinese one too, a PostgreSQL server, and a
# browser with a font for the Chinese it shows. An npm that is there already stays: Debian's would conflict with it.
SYSTEM := chromium fonts-dejavu-core fonts-droid-fallback fonts-noto-cjk postgresql

# What checks that pages can be used by everybody, and what formats the scripts, styles and words of the web app; both come
# from the npm registry, and npm fetches them.
AXE := tests/axe/node_modules/axe-core/axe.min.js
PRETTIER := npx --yes prettier@3.10.1
SCRIPTS := extractor/ui/static extractor/ui/words

.PHONY: demo test lint bench figures audit weights system clean

# torch is named alone and first: its newest wheel on Linux brings gigabytes of CUDA that a laptop has no use for.
$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

weights: $(INSTALLED)
	$(BIN)/extractor models pull

demo: weights
	$(BIN)/extractor extract examples/qingshan-2020.txt --schema $(SCHEMA) --format table

system:
	dpkg -s $(SYSTEM) >/dev/null 2>&1 || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq --no-install-recommends $(SYSTEM) >/dev/null)
	command -v npm >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends npm >/dev/null

$(AXE): tests/axe/package.json
	npm install --prefix tests/axe --no-audit --no-fund --silent
	touch $@

# Two processes share the tests, a file at a time, in the order of their names: in the order of --loadscope-reorder the files
# with few tests, which take long, would come last. In the browser much is waiting, of which the other process makes use.
# The model comes last, because it uses all cores and much memory.
test: system weights $(AXE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/test_default_model.py
	$(BIN)/python -m pytest tests/test_default_model.py

lint: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(PRETTIER) --write $(SCRIPTS)

bench: weights
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m eval.bench

figures: weights
	$(BIN)/python -m eval.figures

# What is installed: known vulnerabilities (asks PyPI), licences, and a bill of materials (CycloneDX) in build/sbom.json.
audit: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[audit]'
	mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-file build/sbom.json $(BIN)/python
	$(BIN)/pip-licenses --order license --format markdown
	$(BIN)/pip-audit --local --skip-editable --strict

clean:
	rm -rf .venv build dist
