#!/usr/bin/env bash
# Prints the figures of bench/RESULTS.md, on both databases. Usage: bench/run.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
scripts/setup.sh build run test
ninja -C "$build" understory findings_bench exports_bench
postgres=$(mktemp -d)
trap 'scripts/postgres.sh stop "$postgres"; rm -rf "$postgres"' EXIT
address=$(scripts/postgres.sh start "$postgres")
python3 bench/measure.py "$build/understory"
python3 bench/measure.py "$build/understory" "$address"
"$build/bench/findings_bench" --benchmark_min_time=0.5
UNDERSTORY_BENCH_DATABASE="$address" "$build/bench/findings_bench" --benchmark_min_time=0.5 --benchmark_filter=load
for as in csv csv-split xlsx geojson odata odata-filter odata-order; do "$build/bench/exports_bench" "$as" 10000; done
for as in csv odata; do "$build/bench/exports_bench" "$as" 100000; done
