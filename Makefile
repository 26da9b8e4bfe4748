# Everything is installed into .venv; nothing else on the machine is touched.
PYTHON ?= python3
# Pinned because a bare `torch` may pull gigabytes of CUDA; any torch >= 2.2 works.
TORCH ?= torch==2.13.0
BIN := .venv/bin

.PHONY: demo test check docs eval hostile soak lowest clean

demo: .venv/core  ## the packaged clip -> demo/demo-side.mp4
	$(BIN)/velodepth demo --out demo --overwrite

WORKERS ?= 2  # processes of tests; 0: one alone, without workers
test: .venv/dev  ## the whole suite, packages/worlds too; folders of VELODEPTH_PARITY and VELODEPTH_DATA are used when set
	@[ -n "$$(which chromium google-chrome chrome 2>/dev/null)" ] || [ ! -f /etc/debian_version ] || [ "$$(id -u)" != 0 ] \
	  || apt-get install --yes -qq --no-install-recommends chromium || true  # else a line at the end says what was not tested
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --ignore tests/web
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -q tests/web  # a browser, in a process of its own

check: .venv/dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

MINUTES ?= 10
hostile: .venv/dev  ## the campaign of docs/reliability.md for MINUTES; prints counts tried and failed
	OMP_WAIT_POLICY=passive $(BIN)/python tests/hostile/campaign.py --minutes $(MINUTES)

soak: .venv/dev  ## both servers with restless visitors for MINUTES; prints memory, threads and open files
	OMP_WAIT_POLICY=passive $(BIN)/python tests/hostile/soak.py --minutes $(MINUTES)

docs: .venv/dev  ## the pages of docs/ as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lowest:  ## the lowest versions that pyproject.toml allows together, and the fast tests with them
	test -d .venv-lowest || $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --upgrade --resolution lowest-direct \
	  --editable ".[web,ros,batch,eval,rerun]" "pytest>=8" "hypothesis>=6.100" "psutil>=5.9" "trimesh>=4"
	OMP_WAIT_POLICY=passive .venv-lowest/bin/python -m pytest -q tests/stream tests/test_cameras.py tests/cli/test_run.py \
	  tests/media/test_reading.py tests/media/test_reading_video.py tests/web/test_serving.py tests/batch/test_run.py

DATA ?= ../shared/data/rgbd
eval: .venv/dev  ## the tables of docs/evaluation.md, from the sequences in DATA
	$(BIN)/velodepth eval --data $(DATA) --policies per-frame,adaptive,every,every:4,every:8 --skip f1,chamfer \
	  --json eval/policies.json --markdown eval/policies.md --plots eval/pictures --overwrite
	for protocol in full velodepth vda online; do $(BIN)/velodepth eval --data $(DATA) --protocol $$protocol \
	  --processes 2 --json eval/$$protocol.json --markdown eval/$$protocol.md --overwrite || exit 1; done

clean:
	rm -rf .venv demo eval site

.venv/core: pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/core packages/worlds/pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,hub,train,eval,web,ros,rerun,ray,export]" \
	  --editable packages/worlds
	touch $@
