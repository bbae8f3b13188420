#!/bin/sh
# Puts pyxform, which reads XLSForms, into a Python environment of its own. Usage: pyxform.sh FOLDER
# Nothing to do when it is there in this version. Without PyPI it says what will be missing and is content: XForm XML
# needs no pyxform. Exit status 1 only with --must.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: pyxform.sh FOLDER [--must]}
stamp=$(sha256sum "$here/pyxform.txt" | cut -d' ' -f1)
[ -x "$folder/bin/xls2xform" ] && [ "$(cat "$folder/made-from" 2>/dev/null)" = "$stamp" ] && exit 0
mkdir -p "$(dirname "$folder")"
python=/usr/bin/python3
[ -x "$python" ] || python=python3
rm -rf "$folder"
# A script's first line holds the path of its Python, so it is made where it stays.
if "$python" -m venv "$folder" >"$folder.log" 2>&1 &&
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-input --timeout 15 --retries 1 --only-binary :all: \
    --require-hashes -r "$here/pyxform.txt" >>"$folder.log" 2>&1; then
  echo "$stamp" >"$folder/made-from"
  rm -f "$folder.log"
else
  rm -rf "$folder"
  echo "understory: pyxform could not be installed (why: $folder.log). XLSForms (.xlsx, .xls, .csv) cannot be published until" >&2
  echo "it is; forms as XForm XML can. Once PyPI can be reached: $here/pyxform.sh $folder" >&2
  [ "${2:-}" != --must ] || exit 1
fi
