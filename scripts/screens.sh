#!/usr/bin/env bash
# Takes the pictures of docs/screens anew: every page, on a phone and a laptop, in a language of its own each.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 taken=$(mktemp -d)
trap 'rm -rf "$taken"' EXIT
SCREENSHOTS=$taken scripts/node.sh "$build" tests/browser/pages.mjs "$build/understory" "$build/browser"
for picture in "$taken"/*.png; do
  pngquant --force --strip --skip-if-larger --output "docs/screens/$(basename "$picture")" 64 "$picture" ||
    cp "$picture" docs/screens/
done
