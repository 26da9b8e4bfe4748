# Everything is installed into .venv; nothing else on the machine is touched.
PYTHON ?= python3
# Pinned because a bare `torch` may pull gigabytes of CUDA; any torch >= 2.2 works.
TORCH ?= torch==2.13.0
BIN := .venv/bin

.PHONY: demo test check eval clean

demo: .venv/core  ## the packaged clip -> demo/demo-side.mp4
	$(BIN)/velodepth demo --out demo --overwrite

test: .venv/dev  ## the whole suite; folders of VELODEPTH_PARITY and VELODEPTH_DATA are used when set
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -q

check: .venv/dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: .venv/dev  ## the tables of docs/evaluation.md, from the sequences in $VELODEPTH_DATA/rgbd
	$(BIN)/velodepth eval --data "$${VELODEPTH_DATA:?set it to the folder that holds rgbd/}/rgbd" --protocol full \
	  --policies every,adaptive,published,every:4,every:8 --plots eval --markdown eval/full.md --json eval/full.json --overwrite
	for protocol in velodepth vda online; do $(BIN)/velodepth eval --data "$$VELODEPTH_DATA/rgbd" \
	  --protocol $$protocol --markdown eval/$$protocol.md --json eval/$$protocol.json --overwrite || exit 1; done

clean:
	rm -rf .venv demo eval

.venv/core: pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/core
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,torch,train,worlds,eval]"
	touch $@
