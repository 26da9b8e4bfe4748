#!/usr/bin/env bash
# What a GPU at hand for ten minutes is used for, in one command:
#
#   tools/gpu-wheels.sh                     here, once: what cannot be fetched there, into .gpu-wheels
#   OUT=folder bash tools/gpu.sh            there: tests, speed, training, scores; each result in $OUT at once
#   OUT=folder bash tools/gpu.sh --tiny     the same in under a minute on a CPU, to see that it works
#
# A stage that fails or takes too long is noted in $OUT/log.txt, and the next one goes on. What comes back is at
# most eight files of 16 MiB: weights are halved and split, and `cat $OUT/small.pt.* > small.pt` makes them
# a checkpoint again (velodepth train --init small.pt).
set -u
cd "$(dirname "$0")/.."
: "${OUT:?names the folder for the results}"
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
log=$OUT/log.txt
: >"$log"

tests=45 speed=70 training=430 scores=40 options=()
if [ "${1:-}" = --tiny ]; then
  training=150 scores=90 options=(--tiny)
fi
if [ -d .gpu-wheels ]; then
  site=$(mktemp -d)
  python3 -m pip install -q --no-index --no-deps --no-compile --target "$site" .gpu-wheels/*.whl >>"$log" 2>&1
  export PYTHONPATH="$site${PYTHONPATH:+:$PYTHONPATH}"
fi
if [ -n "$(ls .gpu-wheels/*.deb 2>/dev/null)" ] && ! ldconfig -p | grep -q 'libEGL\.so\.1'; then
  root=$(mktemp -d) # the loader of OpenGL, where the machine has a driver without one
  for file in .gpu-wheels/*.deb; do dpkg -x "$file" "$root"; done
  export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export GLCONTEXT_LINUX_LIBGL=libGL.so.1 GLCONTEXT_LINUX_LIBEGL=libEGL.so.1
fi
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
if [ -f "$vendor" ]; then export __EGL_VENDOR_LIBRARY_FILENAMES=$vendor; fi
export PYTHONPATH="$PWD/src:$PWD/packages/worlds/src${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1

stage() { # NAME SECONDS COMMAND...
  local name=$1 limit=$2 begin=$SECONDS status
  shift 2
  echo "== $name: $*" >>"$log"
  timeout --kill-after=10 "$limit" "$@" >>"$log" 2>&1
  status=$?
  echo "== $name: status $status after $((SECONDS - begin)) s" | tee -a "$log"
}

stage tests "$tests" python3 -m pytest -q -p no:cacheprovider -m gpu tests/runtime tests/train/test_loop.py
stage speed "$speed" python3 benchmarks/gpu.py --json "$OUT/gpu.json" ${options[@]+"${options[@]}"}
stage training "$training" python3 tools/gpu_train.py "$OUT" ${options[@]+"${options[@]}"}
stage scores "$scores" python3 tools/gpu_scores.py "$OUT" ${options[@]+"${options[@]}"}
