#!/usr/bin/env bash
# Format, tidy and the arrows between rooms. Changes nothing. Usage: scripts/check.sh [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
status=0
python3 tests/arrows/check.py || status=1
clang-format-14 --dry-run -Werror $(git ls-files '*.h' '*.cpp') || status=1
for file in $(git ls-files '*.sh'); do bash -n "$file" || status=1; done
for file in $(git ls-files '*.py'); do python3 -c "import ast,sys;ast.parse(open(sys.argv[1]).read())" "$file" || status=1; done
for file in languages/*.json; do python3 -m json.tool "$file" >/dev/null || status=1; done
# clang-tidy reads what clang would compile, with clang's own precompiled header.
cmake --preset check >/dev/null
ninja -C build-check -j "$jobs" understory_precompiled >/dev/null
git ls-files 'src/*.cpp' | grep -v _test.cpp |
  xargs -P "$jobs" -n 4 clang-tidy-14 --quiet -p build-check 2>/dev/null || status=1
[ $status = 0 ] && echo "checked"
exit $status
