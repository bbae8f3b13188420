#!/bin/sh
# Installs what packages.txt lists and this machine lacks, and for `run` what reads XLSForms. Usage: scripts/setup.sh build run [test]
# As root, or as a user with sudo; never asks.
set -eu
cd "$(dirname "$0")/.."
wanted=$(awk -v parts=" $* " '
  /^\[/ { part = substr($1, 2, length($1) - 2); next }
  NF && $1 !~ /^#/ && index(parts, " " part " ") { print $1 }' packages.txt)
missing=""
for package in $wanted; do
  case "$package" in
    # Another Node.js than Debian's is as good.
    nodejs) command -v node >/dev/null 2>&1 && continue ;;
    npm) command -v npm >/dev/null 2>&1 && continue ;;
  esac
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "understory: this is not Debian; please install by hand:$missing" >&2
    exit 1
  fi
  root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "understory: run as root, or install sudo; missing:$missing" >&2; exit 1; }
    root="sudo -n"
  fi
  echo "Installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get update -q
  # shellcheck disable=SC2086
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi
# Building the module of forms in the browser runs esbuild, which needs Node.js 18: Debian 12's.
if command -v node >/dev/null 2>&1; then
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 18 ] || { echo "understory: Node.js $major is too old to build with; 18 or newer is needed" >&2; exit 1; }
fi
case " $* " in *" run "*) scripts/pyxform.sh build/pyxform ;; esac
