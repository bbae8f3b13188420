#!/usr/bin/env bash
# Builds everything and runs every test, with a PostgreSQL of its own that is thrown away afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 jobs=$2
cmake --preset release
ninja -C "$build" -j "$jobs"
# The browser is Debian's; what drives it and what judges pages for everybody's use come from npm, at these versions.
[ -d "$build/browser/node_modules/axe-core" ] ||
  npm install --silent --no-save --no-audit --no-fund --prefix "$build/browser" playwright-core@1.65.1 axe-core@4.14.1
postgres=$(mktemp -d)
trap 'scripts/postgres.sh stop "$postgres"; rm -rf "$postgres"' EXIT
UNDERSTORY_TEST_POSTGRES=$(scripts/postgres.sh start "$postgres")
export UNDERSTORY_TEST_POSTGRES UNDERSTORY_REQUIRE_POSTGRES=1 UNDERSTORY_BUILD="$PWD/$build"
ctest --test-dir "$build" --output-on-failure -j "$jobs"
