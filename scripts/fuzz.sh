#!/usr/bin/env bash
# Every fuzz target for SECONDS_EACH seconds (default 60) with libFuzzer under ASan and UBSan, or the one TARGET names:
# executions, hours of processor, and the edges covered in the code the target exists for. What was tried is kept in
# var/fuzz, and is where the next run begins; what broke a target lies beside it. Needs clang-14.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${SECONDS_EACH:-60}
command -v clang++-14 >/dev/null || { echo "fuzzing needs clang: apt-get install clang-14 libclang-rt-14-dev" >&2; exit 1; }
declare -A code=(
  [expression_fuzz]='collect/expression.*'
  [submission_fuzz]='collect/(record|filling.*|answers)'
  [xform_fuzz]='collect/(form_.*|filling.*)'
  [csv_fuzz]='foundation/(csv|text)|study/exchange/(codes|survey|tables)'
  [geojson_fuzz]='places/geojson'
  [http_fuzz]='server/(clients|http|packing)|findings/question'
  [log_fuzz]='people/audit'
  [multipart_fuzz]='server/(body|multipart|upload)'
  [odata_fuzz]='collect/export/(odata_.*|odata|values)'
  [qdpx_fuzz]='foundation/(archive|xml)|study/exchange/(offsets|refi_.*)'
  [xlsx_fuzz]='foundation/(archive|xml)|study/exchange/xlsx_reader'
  [xml_fuzz]='foundation/xml|study/exchange/(refi_codebook|refi_elements)')
cmake --preset fuzz >/dev/null
programs=fuzzers
[ -z "${TARGET:-}" ] || programs="${TARGET}_fuzz ${TARGET}_fuzz_seeds"
ninja -C build-fuzz -j "${JOBS:-$(nproc)}" $programs >/dev/null
status=0
echo "target executions cpu-hours edges-covered functions-reached"
for target in build-fuzz/tests/${TARGET:-*}_fuzz; do
  name=$(basename "$target")
  inputs=var/fuzz/$name
  mkdir -p "$inputs"
  "${target}_seeds" --write "$inputs"
  TIMEFORMAT='%U %S'
  spent=$({ time "$target" "$inputs" -max_total_time="$each" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$inputs-" >"$inputs.log" 2>&1; } 2>&1) || { status=1; grep -E "ERROR|SUMMARY|runtime error|not read" "$inputs.log"; }
  # Once more over all that was kept, without changing it: which edges of which function.
  "$target" "$inputs" -runs=0 -rss_limit_mb=2048 -print_coverage=1 >"$inputs.coverage" 2>&1 || true
  edges=$(grep -E "COVERED_FUNC: .*/src/(${code[$name]:-.*})\.(cpp|h):" "$inputs.coverage" |
    sed -E 's/.*edges: ([0-9]+)\/([0-9]+) .*/\1 \2/' |
    awk '{covered += $1; all += $2; reached += $1 > 0} END {
      if (all) printf "%d/%d (%.0f%%) %d/%d", covered, all, 100 * covered / all, reached, NR; else print "?"}')
  executions=$(awk '/stat::number_of_executed_units/ {print $2}' "$inputs.log")
  echo "$name ${executions:-?} $(awk '{printf "%.4f", ($1 + $2) / 3600}' <<<"$spent") $edges"
done
exit $status
