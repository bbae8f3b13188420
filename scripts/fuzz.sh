#!/usr/bin/env bash
# Every fuzz target for SECONDS_EACH seconds (default 60) with libFuzzer: executions, and what was covered (edges: cov, states:
# ft). Needs clang-14.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${SECONDS_EACH:-60}
command -v clang++-14 >/dev/null || { echo "fuzzing needs clang: apt-get install clang-14 libclang-rt-14-dev" >&2; exit 1; }
cmake --preset fuzz >/dev/null
ninja -C build-fuzz fuzzers
status=0
for target in build-fuzz/tests/*_fuzz; do
  name=$(basename "$target")
  mkdir -p "var/fuzz/$name"
  "${target}_seeds" --write "var/fuzz/$name"
  echo "$name"
  "$target" "var/fuzz/$name" -max_total_time="$each" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 -artifact_prefix="var/fuzz/$name-" 2>&1 | grep -E "^stat::|ERROR|SUMMARY|DONE" || status=1
done
exit $status
