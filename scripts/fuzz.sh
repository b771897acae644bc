#!/usr/bin/env bash
# Builds the libFuzzer targets with clang (build/fuzz; ASan + UBSan) and runs each for so long.
#   scripts/fuzz.sh [SECONDS [TARGET]...]      default: 10 seconds, all of tests/ROOM/fuzz/TARGET.cpp
# A corpus grows in build/fuzz/corpus/TARGET from seeds that the targets make themselves; findings are kept in
# build/fuzz/findings and the script ends with 1. Repeat one by   build/fuzz/bin/fuzz_TARGET FINDING
# MLRUN_FUZZ_SEED fixes the sequence of inputs (default: 1); MLRUN_FUZZ_BUILD names another build directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
seconds=${1:-10}
shift || true
if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: scripts/fuzz.sh [SECONDS [TARGET]...]" >&2
  exit 2
fi
mapfile -t known < <(cd "$root" && printf '%s\n' tests/*/fuzz/*.cpp | sed 's|.*/||; s|\.cpp$||' | LC_ALL=C sort)
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=("${known[@]}")
for target in "${targets[@]}"; do
  if [[ ! " ${known[*]} " == *" $target "* ]]; then
    echo "fuzz.sh: no target '$target'; there are ${known[*]}" >&2
    exit 2
  fi
done
for program in clang++ cmake; do
  command -v "$program" >/dev/null || { echo "fuzz.sh: $program is missing" >&2; exit 1; }
done

build=${MLRUN_FUZZ_BUILD:-$root/build/fuzz}
if [[ ! -e $build/build.ninja && ! -e $build/Makefile ]]; then
  options=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug
    -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DCMAKE_CXX_FLAGS=-fsanitize=fuzzer-no-link
    -DMLRUN_SANITIZE=address -DMLRUN_FUZZ=ON -DCMAKE_RUNTIME_OUTPUT_DIRECTORY="$build/bin")
  if command -v ninja >/dev/null; then options+=(-G Ninja); fi
  if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$root" -B "$build" "${options[@]}" >&2
fi
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" >&2

mkdir -p "$build/findings"
# What is not ours to mend. libhdf5 1.10 forgets small blocks (56 bytes) when it turns down a damaged file, and compares
# names past the end of a forged attribute. Checksums keep damaged checkpoints away from it, but not forged ones. A crash
# in it, or any error in our own code, is still a finding.
echo 'leak:libhdf5' >"$build/leaks_of_others"
echo 'interceptor_via_lib:libhdf5' >"$build/errors_of_others"
export UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS="suppressions=$build/leaks_of_others:print_suppressions=0"
failed=()
printf '%-14s %12s %9s %8s  %s\n' target inputs seconds corpus result
for target in "${targets[@]}"; do
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  log=$build/findings/$target.log
  result=ok
  # An input is at most 64 KiB. A hang is more than 10 s; one block of memory over 32 MiB, or 1 GiB in all (most of it
  # ASan's own), is too much. libhdf5 asks for as much as a header says (up to 4 GiB) before it looks whether the file is
  # so long: that costs no memory, since nothing is written there. Here it is refused the block, and must live with it.
  most_mib=32
  export ASAN_OPTIONS="suppressions=$build/errors_of_others"
  if [[ $target == hdf5 || $target == checkpoint ]]; then
    most_mib=1000000
    ASAN_OPTIONS+=:max_allocation_size_mb=64:allocator_may_return_null=1
  fi
  MLRUN_FUZZ_SEEDS=$corpus "$build/bin/fuzz_$target" -seed="${MLRUN_FUZZ_SEED:-1}" -max_total_time="$seconds" \
    -max_len=65536 -timeout=10 -malloc_limit_mb=$most_mib -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$target-" "$corpus" >"$log" 2>&1 || result=FINDING
  printf '%-14s %12s %9s %8s  %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)" "$seconds" \
    "$(find "$corpus" -type f | wc -l)" "$result"
  if [[ $result != ok ]]; then
    failed+=("$target")
    { grep -E 'finding:|ERROR:|SUMMARY|Test unit written' "$log" || tail -n 20 "$log"; } | sed 's/^/    /'
    echo "    the whole report: $log"
  fi
done
[[ ${#failed[@]} -eq 0 ]] || { echo "findings in: ${failed[*]}"; exit 1; }
