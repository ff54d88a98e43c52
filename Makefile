# Needs python3 >= 3.11, make and PyPI. Everything lives in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/.stamp

# Tests that load the machine and watch the clock: one after another, the others on all cores.
ALONE := tests/bench/test_gateway.py tests/bench/test_load.py tests/integration/test_processes.py \
  tests/integration/test_floods.py tests/integration/test_aborts.py tests/integration/test_several_machines.py \
  tests/integration/test_inference_process.py tests/integration/test_detections_process.py \
  tests/integration/test_sinks_process.py tests/keeper/test_inference_server.py tests/keeper/test_server.py tests/supplychain/test_scan_command.py \
  tests/range/test_model.py tests/range/test_range_processes.py
TRAIN := .venv-train
ADAPTERS := .venv-adapters
TORCH := .venv-torch
MODEL := src/bartizan/inspection/classifier/weights
QUICK = $(if $(SHARE),--share $(SHARE)) $(if $(MINUTES),--minutes $(MINUTES))
.PHONY: demo up test test-adapters test-torch bench-robustness setup setup-dev docs train lint types check-imports unit coverage lock clean

demo: setup ## Set up and run the main job: attack, guard, prove
	$(BIN)/bartizan demo

up: setup ## Set up and start the gateway on a workspace in ./workspace
	@test -f workspace/bartizan.yaml || $(BIN)/bartizan init workspace
	$(BIN)/bartizan up --workspace workspace

setup: $(STAMP)-run

setup-dev: $(STAMP)-dev

test: setup-dev lint types check-imports unit ## Set up and run all checks

docs: $(STAMP)-docs ## Build the documentation strictly
	$(BIN)/mkdocs build --strict

$(UV): requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bartizan needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(UV)

$(STAMP)-run: $(UV) requirements/run.txt pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/run.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(STAMP)-dev: $(STAMP)-run requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

$(STAMP)-docs: $(STAMP)-dev requirements/docs.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/docs.txt
	@touch $@

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# On a busy machine the processes of mypy may miss the time they have to start in; errors in types it then says twice.
types: setup-dev
	$(BIN)/mypy --num-workers 2 || $(BIN)/mypy

check-imports: setup-dev
	$(BIN)/lint-imports

unit: setup-dev
	$(BIN)/python -m pytest -n auto --dist loadfile $(ALONE:%=--ignore=%)
	$(BIN)/python -m pytest $(ALONE)

coverage: setup-dev ## Run the tests and report which branches they take, which costs half as much time again
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n auto --dist loadfile $(ALONE:%=--ignore=%) --cov --cov-report=
	$(BIN)/python -m pytest $(ALONE) --cov --cov-append --cov-report=term:skip-covered

test-adapters: $(ADAPTERS)/.stamp ## Run the SDK's tests with the agent frameworks, which have an environment of their own
	PYTHONPATH=src $(ADAPTERS)/bin/python -m pytest tests/agents/sdk

$(ADAPTERS)/.stamp: $(UV) requirements/adapters.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(ADAPTERS)
	$(UV) pip install --quiet --python $(ADAPTERS)/bin/python --require-hashes -r requirements/adapters.txt
	@touch $@

test-torch: $(TORCH)/.installed ## Run the audits' tests with PyTorch and the opponents, which have an environment of their own
	PYTHONPATH=src:. $(TORCH)/bin/python -m pytest -n 0 tests/robustness

$(TORCH)/.stamp: $(UV) requirements/torch.txt requirements/dev.txt
	$(PYTHON) -m venv --clear $(TORCH)
	$(TORCH)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(UV) pip install --quiet --python $(TORCH)/bin/python --require-hashes --no-deps -r requirements/dev.txt
	$(UV) pip install --quiet --python $(TORCH)/bin/python --require-hashes --no-deps -r requirements/torch.txt
	@touch $@

$(TORCH)/.installed: $(TORCH)/.stamp pyproject.toml
	$(UV) pip install --quiet --python $(TORCH)/bin/python --no-deps --editable .
	@touch $@

bench-robustness: $(TORCH)/.installed ## Measure attacks on models beside the opponents: make bench-robustness [ARGS="--part privacy --keep build/figures"]
	OMP_NUM_THREADS=1 $(TORCH)/bin/bartizan bench robustness $(ARGS)

train: $(TRAIN)/.stamp ## Rebuild the detection model: make train DATA=folder with train/ and dev/ VERSION=1.2.3 [AGAINST=evaluation rows] [RUNS=recorded runs of agents] [SHARE=of the rows, for a quick run] [MINUTES=of the encoder's training at most] and either [FROM=folder of the run that learns on [BLEND=share of what it learns, 1 for an encoder of its own for material] [KEEP=1: only its first look at material does]] [MATERIAL=folder of the run whose encoder reads material] or [ON=content|user: the upper layers of the model in force for material or for requests learn on, nothing else changes [BLEND=share of what they learn]]
	test -n "$(DATA)" -a -n "$(VERSION)"
ifdef ON
	PYTHONPATH=src:. $(TRAIN)/bin/python -m training.learn_on --surface $(ON) --model $(MODEL) --data $(DATA)/train --out build/model --leave-out $(DATA)/dev \
	  --against $(DATA)/dev $(AGAINST) $(QUICK)
	PYTHONPATH=src:. $(TRAIN)/bin/python -m training.finish_upper --surface $(ON) --run build/model --model $(MODEL) --development $(DATA)/dev --target $(MODEL) --version $(VERSION) $(if $(BLEND),--blend $(BLEND))
else
	PYTHONPATH=src:. $(TRAIN)/bin/python -m training.train --data $(DATA)/train --out build/model --leave-out $(DATA)/dev \
	  --against $(DATA)/dev $(AGAINST) $(if $(FROM),--go-on-from $(FROM)) $(if $(BLEND),--blend $(BLEND)) $(if $(KEEP),--keep-encoder) $(QUICK)
	PYTHONPATH=src:. $(TRAIN)/bin/python -m training.finish --run build/model --development $(DATA)/dev --target $(MODEL) --version $(VERSION) $(if $(KEEP),--keep-encoder) $(if $(MATERIAL),--material $(MATERIAL))
	for judge in harm answer; do PYTHONPATH=src:. $(TRAIN)/bin/python -m training.judged --judge $$judge --model $(MODEL) --data $(DATA)/train --development $(DATA)/dev \
	  --work build/model/$$judge --version $(VERSION) $(if $(AGAINST),--against $(AGAINST)) $(if $(RUNS),--runs $(RUNS)) || exit 1; done
endif

$(TRAIN)/.stamp: requirements/train.txt
	$(PYTHON) -m venv $(TRAIN)
	$(TRAIN)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(TRAIN)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/train.txt
	@touch $@

lock: $(UV) ## Pin requirement files anew
	for group in run dev docs adapters; do \
	  case $$group in run) extras="--extra model" ;; dev) extras="--extra model --extra valkey --extra mcp --extra kafka --extra ml --extra pdf --extra dev" ;; docs) extras="--extra docs" ;; adapters) extras="--extra sdk-test" ;; esac; \
	  $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --python-version 3.11 $$extras pyproject.toml -o requirements/$$group.txt; done
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 requirements/train.in -o requirements/train.txt
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --override requirements/torch.overrides requirements/torch.in -o requirements/torch.txt
	echo "uv==$$($(UV) --version | cut -d' ' -f2)" | $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate - -o requirements/uv.txt

clean:
	rm -rf $(VENV) $(TRAIN) $(ADAPTERS) $(TORCH) build .mypy_cache .ruff_cache site htmlcov .coverage
