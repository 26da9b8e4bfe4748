#!/usr/bin/env bash
# How big is the core, and how long from git clone to the demo's result?
#
#     benchmarks/install.sh
#
# Clones this checkout's HEAD into an empty folder, runs `make demo` there, and prints the seconds, the size of
# site-packages (without pip and setuptools, which a venv brings along) and the time of `velodepth --help`.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
start=$(date +%s)
git clone --quiet "$here" "$folder/velodepth"
cd "$folder/velodepth"
make demo
end=$(date +%s)
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "from git clone to the demo's result: $((end - start)) s (of which the registry's speed is a part)"
du -sm --exclude='pip*' --exclude='setuptools*' "$site" | awk '{ print "site-packages: " $1 " MB" }'
.venv/bin/velodepth --help > /dev/null
time .venv/bin/velodepth --help > /dev/null
