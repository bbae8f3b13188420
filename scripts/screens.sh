#!/usr/bin/env bash
# Takes the pictures of docs/screens anew: every page, on a phone and a laptop, in a language of its own each; and of the
# desk those moments that stand there already (a coding being put on, words being hidden, a comparison being settled).
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 taken=$(mktemp -d)
trap 'rm -rf "$taken"' EXIT
take() { SCREENSHOTS=$taken/$1 scripts/node.sh "$build" "tests/browser/$1.mjs" "$build/understory" "$build/browser"; }
for part in pages desk desk_coding desk_together desk_codebook desk_import desk_findings desk_day; do
  mkdir "$taken/$part"
  take "$part"
  for picture in "$taken/$part"/*.png; do
    kept=docs/screens/$(basename "$picture")
    [ "$part" = pages ] || [ -e "$kept" ] || continue
    pngquant --force --strip --skip-if-larger --output "$kept" 64 "$picture" || cp "$picture" "$kept"
  done
done
