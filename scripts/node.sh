#!/bin/sh
# Runs Node.js as the desk is built with: the machine's own, or the newer one the build fetched. Usage: node.sh BUILD ARGUMENT…
build=$1
shift
exec "$(cat "$build/desk/node")" "$@"
