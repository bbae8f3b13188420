#!/usr/bin/env bash
# Builds everything and runs every test, with a PostgreSQL of its own that is thrown away afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 jobs=$2
cmake --preset release
ninja -C "$build" -j "$jobs"
postgres=$(mktemp -d)
trap 'scripts/postgres.sh stop "$postgres"; rm -rf "$postgres"' EXIT
UNDERSTORY_TEST_POSTGRES=$(scripts/postgres.sh start "$postgres")
export UNDERSTORY_TEST_POSTGRES UNDERSTORY_REQUIRE_POSTGRES=1 UNDERSTORY_BUILD="$PWD/$build"
ctest --test-dir "$build" --output-on-failure -j "$jobs"
