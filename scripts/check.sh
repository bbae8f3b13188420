#!/usr/bin/env bash
# Format, tidy (where clang-tidy is installed) and the arrows between rooms. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
python3 tests/arrows/check.py || status=1
files=$(git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 'bench/*.cpp')
# What a formatter would only fight over is left to people; these are not matters of taste.
bad=$(grep -nP '\t| +$' $files || true)
[ -z "$bad" ] || { echo "tabs or trailing spaces:"; echo "$bad"; status=1; }
long=$(awk 'length($0) > 400 { print FILENAME ":" FNR }' $files)
[ -z "$long" ] || { echo "lines beyond reading:"; echo "$long"; status=1; }
for file in $(git ls-files '*.sh'); do bash -n "$file" || status=1; done
for file in $(git ls-files '*.py'); do python3 -c "import ast,sys;ast.parse(open(sys.argv[1]).read())" "$file" || status=1; done
for file in languages/*.json; do python3 -m json.tool "$file" >/dev/null || status=1; done
if command -v clang-tidy >/dev/null 2>&1 && [ -f build-dev/compile_commands.json ]; then
  clang-tidy --quiet -p build-dev $(git ls-files 'src/statistics/*.cpp' 'src/findings/*.cpp' | grep -v _test.cpp) || status=1
fi
[ $status = 0 ] && echo "checked"
exit $status
