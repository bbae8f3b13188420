#!/usr/bin/env bash
# The promises of docs/drills.md, each ill-treated in full. Usage: drills.sh BUILD [DRILL]; without one, all of them, which
# takes hours. The short forms are part of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 wanted=${2:-all}
programs="people_test server_test storage_test"
ninja -C "$build" understory $programs
postgres=$(mktemp -d)
trap 'scripts/postgres.sh stop "$postgres"; rm -rf "$postgres"' EXIT
UNDERSTORY_TEST_POSTGRES=$(scripts/postgres.sh start "$postgres")
export UNDERSTORY_TEST_POSTGRES UNDERSTORY_REQUIRE_POSTGRES=1 UNDERSTORY_FULL_DRILLS=1 UNDERSTORY_BUILD="$PWD/$build"
status=0 ran=

# A drill in a process (a test of one room), or a program of tests/faults.
drill() {
  local name=$1
  shift
  [ "$wanted" = all ] || [ "$wanted" = "$name" ] || return 0
  ran=yes
  echo "== $name"
  "$@" || status=1
}
test_of() { "$build/src/$1" --gtest_brief=1 --gtest_filter="$2"; }
fault() { python3 "tests/faults/$1.py" "$build/understory" --full; }

drill rights test_of server_test '*WhoMay.Every*'
drill timing fault timing
drill log test_of people_test '*Audit.EveryMutationIsFound*'
drill kill fault kills
drill disk fault limits
drill flips fault flips
drill backup fault backups
drill canaries fault canaries
drill glass fault glass
drill guesses test_of people_test '*AFloodOfGuesses*'
drill fuzz scripts/fuzz.sh
drill erase fault erased
drill phone-kill fault phone_kills
drill phone-disk fault phone_limits
drill phone-canaries fault phone_canaries
drill uploads fault uploads
[ "$ran" ] || { echo "there is no drill called $wanted" >&2; exit 2; }
exit $status
