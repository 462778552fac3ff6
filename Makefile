# `make` lists the tasks. `make demo` and `make test` set up everything they need in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
DATA := ../shared/data
ALIASES := build/data/artist-aliases.csv
IMAGE ?=
# What the default model is made of; they answer together.
RECIPES := lite2-statistics lite0-later
NAME := default-3

.DEFAULT_GOAL := help
.PHONY: help demo test lint types docs check figures data default photographs ladder index explain similar combinations cleaning image load page bench clean

help: ## list the tasks
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "smn needs Python 3.11 or later; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What the demo needs: smn itself.
$(VENV)/.smn: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

# What the tests need: training, reports and documentation too.
$(VENV)/.dev: $(VENV)/.smn
	@echo "Installing what the tests need; torch alone takes a minute or two ..."
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(VENV)/.smn ## paint some pictures, tell their movements; IMAGE=photo.jpg adds one of yours
	@$(BIN)/smn examples demo
	@$(BIN)/smn predict demo $(if $(IMAGE),'$(IMAGE)')
	@echo "Your own:    make demo IMAGE=painting.jpg"
	@echo "From here:   source $(BIN)/activate, then: smn predict FOLDER --out answers.csv"
	@echo "Learn more:  smn movements show impressionism, smn --help, docs/index.md"

test: $(VENV)/.dev ## run every test, the end-to-end ones too
	$(BIN)/python -m pytest

lint: $(VENV)/.dev ## style and common mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## static types
	$(BIN)/mypy

docs: $(VENV)/.dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

check: lint types test docs ## everything that has to hold before a commit lands

data: $(VENV)/.dev $(foreach set,pool pool-2 famous large not-paintings,build/data/$(set)/manifest.parquet) ## import the real paintings from ../shared/data

build/data/pool/manifest.parquet:
	$(BIN)/smn dataset import $(DATA)/pool --out build/data/pool

build/data/pool-2/manifest.parquet:
	$(BIN)/smn dataset import $(DATA)/pool-2 --out build/data/pool-2

build/data/famous/manifest.parquet:
	$(BIN)/smn dataset import $(DATA)/famous --join $(DATA)/famous-accepted.csv --out build/data/famous

build/data/large/manifest.parquet:
	$(BIN)/smn dataset import $(DATA)/large --out build/data/large

# The spellings that are given, and those that were found besides.
$(ALIASES): tools/figures/artist-aliases.csv
	mkdir -p build/data
	{ cat $(DATA)/artist-aliases.csv; tail -n +2 tools/figures/artist-aliases.csv; } > $@

build/data/catalogue/manifest.parquet: $(ALIASES)
	$(BIN)/smn dataset import $(DATA)/catalogue --artist-aliases $(ALIASES) --out build/data/catalogue

# Nothing of these may be learned from.
build/data/held-out/manifest.parquet: $(ALIASES) build/data/famous/manifest.parquet build/data/large/manifest.parquet
	$(BIN)/smn dataset import build/data/famous build/data/large --artist-aliases $(ALIASES) --out build/data/held-out

# The kinds of thing, not the pictures, are split: what is refused in the test was never seen in training.
build/data/not-paintings/manifest.parquet:
	$(BIN)/smn dataset import $(DATA)/not-paintings --out build/data/not-paintings-all --not-paintings --column raw_label=what
	$(BIN)/smn dataset split build/data/not-paintings-all --by raw_label --ratios 40/20/40 --out build/data/not-paintings

# No copies within the training pictures, and none of a picture that is tested on.
build/data/pool-distinct/manifest.parquet: build/data/pool/manifest.parquet build/data/famous/manifest.parquet
	$(BIN)/smn clean check build/data/pool --against build/data/famous --checks exact_duplicate,near_duplicate,leak --out build/data/pool-copies
	$(BIN)/smn clean suggest build/data/pool-copies --out build/data/pool-copies/decisions.csv
	$(BIN)/smn clean apply build/data/pool --decisions build/data/pool-copies/decisions.csv --splits train --out build/data/pool-distinct

ladder: data build/data/pool-distinct/manifest.parquet ## climb the rungs that docs/results/ladder lacks (remove it to climb all, hours); VGG16=file.safetensors
	$(BIN)/python docs/figures.py restore --results build/ladder
	$(BIN)/smn ladder --manifest build/data/pool-distinct --negatives build/data/not-paintings --also famous=build/data/famous \
		--out build/ladder $(if $(VGG16),--weights vgg16-frozen=$(VGG16) --weights vgg16-unfrozen=$(VGG16))
	$(BIN)/python docs/figures.py ladder --results build/ladder

# Both pools, each with its own split: one name and one split an artist, known mistakes corrected outside test, no crops and copies, nothing that is held out.
build/data/pools/manifest.parquet: $(ALIASES) build/data/pool/manifest.parquet build/data/pool-2/manifest.parquet build/data/held-out/manifest.parquet
	$(BIN)/smn dataset import build/data/pool build/data/pool-2 --artist-aliases $(ALIASES) --out build/data/pools-joined
	$(BIN)/python tools/figures/corrections.py build/data/pools-joined --labels $(DATA)/pool-work-labels.csv --against build/data/held-out --out build/data/pools-joined/corrections.csv
	$(BIN)/smn clean apply build/data/pools-joined --decisions build/data/pools-joined/corrections.csv --out build/data/pools-corrected
	$(BIN)/smn clean check build/data/pools-corrected --against build/data/held-out --no-model --out build/data/pools-copies
	$(BIN)/smn clean suggest build/data/pools-copies --out build/data/pools-copies/decisions.csv
	$(BIN)/smn clean apply build/data/pools-corrected --decisions build/data/pools-copies/decisions.csv --out build/data/pools

# Everything that may be learned from: both pools and the catalogue.
build/data/everything/manifest.parquet: build/data/pools/manifest.parquet build/data/catalogue/manifest.parquet
	$(BIN)/smn dataset add build/data/pools build/data/catalogue --against build/data/held-out --out build/data/everything

RUNS := build/default/runs
BUNDLES := build/default/bundles

default: data build/data/everything/manifest.parquet ## train the default model twice, to be measured and to be shipped; then copy the second into src/smn/bundles/default
	for recipe in $(RECIPES); do \
		$(BIN)/smn train $$recipe --manifest build/data/pools --negatives build/data/not-paintings --out $(RUNS)/$$recipe-measured && \
		$(BIN)/smn train $$recipe --manifest build/data/everything --negatives build/data/not-paintings --everything --out $(RUNS)/$$recipe-shipped || exit 1; \
	done
	test -e $(BUNDLES)/measured || $(BIN)/smn export $(RECIPES:%=$(RUNS)/%-measured) --out $(BUNDLES)/measured --name $(NAME)-measured
	test -e $(BUNDLES)/shipped || $(BIN)/smn export $(RECIPES:%=$(RUNS)/%-shipped) --out $(BUNDLES)/shipped --name $(NAME) --calibrated-by $(BUNDLES)/measured

figures: data build/data/everything/manifest.parquet ## measure the default model again and write every figure in README and docs
	rm -rf build/results && mkdir -p build/results
	$(BIN)/python docs/figures.py measure --data build/data $(if $(wildcard $(BUNDLES)/measured),--measured $(BUNDLES)/measured) --out build/results
	$(BIN)/python docs/figures.py training --runs $(RUNS)
	$(BIN)/python docs/figures.py count --data build/data
	$(BIN)/python docs/figures.py well-known --data build/data
	$(BIN)/python docs/figures.py write --results build/results

photographs: data ## measure the default model on photographs of paintings, and draw some
	$(BIN)/python docs/photographs.py --data build/data
	$(BIN)/python docs/figures.py fill

index: data build/data/everything/manifest.parquet ## make the index of works in the package anew, after another default model
	rm -rf build/index
	$(BIN)/smn index build build/data/pool build/data/catalogue --known wikidata_id --out build/index
	rm -rf src/smn/similar/default && mv build/index src/smn/similar/default

explain: data ## measure whether evidence maps mean something, and draw one
	$(BIN)/python docs/explaining.py --data build/data
	$(BIN)/python docs/figures.py fill

similar: data ## measure what similar works are worth, and the search among a million
	$(BIN)/python docs/similarity.py --data build/data --measured $(BUNDLES)/measured
	$(BIN)/python docs/figures.py fill

combinations: data build/data/pool-distinct/manifest.parquet ## train and measure the networks that docs/results/training/combinations.json lacks, alone and together, on validation pictures
	$(BIN)/python docs/combinations.py --data build/data --runs $(RUNS)
	$(BIN)/python docs/figures.py fill

cleaning: data ## measure what cleaning finds and what it is worth; judged by eye in docs/results/cleaning/judgements.csv
	$(BIN)/python docs/cleaning.py

BUILDAH := buildah --storage-driver vfs
BASE ?= localhost/python-base:1

image: ## build the service's image with buildah on BASE, start it, ask it, report it; PICTURE=painting.jpg
	$(BUILDAH) bud --isolation chroot --network host --build-arg BASE=$(BASE) -t localhost/smn:1 .
	deploy/check-image.sh localhost/smn:1 $(PICTURE) > docs/results/bench/image.txt || { cat docs/results/bench/image.txt; exit 1; }
	cat docs/results/bench/image.txt

load: $(VENV)/.dev ## put the service under load for five minutes
	$(BIN)/python benchmarks/load.py --out docs/results/bench/load.json
	$(BIN)/python docs/figures.py fill

page: $(VENV)/.dev ## time the page in a browser, and take its picture for the README
	$(BIN)/python benchmarks/page.py --out docs/results/bench/page.json
	$(BIN)/python docs/page_pictures.py
	$(BIN)/python docs/figures.py fill

bench: $(VENV)/.smn ## time single pictures and a folder of 5,000
	$(BIN)/python benchmarks/single.py --out docs/results/bench/single.json
	$(BIN)/python benchmarks/folder.py

clean: ## remove what these tasks made, except trained runs
	rm -rf $(VENV) build/data build/results site demo .pytest_cache .mypy_cache .ruff_cache
