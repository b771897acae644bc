#!/usr/bin/env bash
# Profiles configurations one after the other: time per step, items/s, memory, kernels. Nothing else should run.
#   scripts/bench.sh [SPEC]... [SETTING=VALUE]...      without a SPEC: every configs/*.yaml, and then beside PyTorch
#                                                      (scripts/bench/compare.py), or a word that PyTorch is not there
#   scripts/bench.sh configs/made.yaml compute.lanes=1
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

specs=() settings=()
for argument in "$@"; do
  if [[ $argument == *=* ]]; then settings+=("$argument"); else specs+=("$(realpath -- "$argument")"); fi
done
everything=''
if [[ ${#specs[@]} == 0 ]]; then everything=1 specs=("$root"/configs/*.yaml); fi

"$root/scripts/build.sh" release mlrun >/dev/null
cd "$root"
failed=()
for spec in "${specs[@]}"; do
  printf '\n== %s\n' "${spec#"$root/"}"
  build/release/mlrun profile "$spec" "${settings[@]}" || failed+=("${spec#"$root/"}")
done
if [[ -n $everything ]]; then
  printf '\n== beside PyTorch\n'
  python3 scripts/bench/compare.py --write || [[ $? == 77 ]]
fi
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "bench.sh: could not profile ${failed[*]}" >&2
  exit 1
fi
