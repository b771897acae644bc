#!/usr/bin/env bash
# scripts/halving.sh keeps the better half of each round, says which setting is the best, and does nothing twice.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
make_data
make_spec made "$work/made.yaml"
export MLRUN_BINARY=$mlrun MLRUN_RUN_ROOT=$work/runs MLRUN_JOBS=2
halving() { "$project/scripts/halving.sh" rate 20 "$work/made.yaml" optim.lr=1e-5,3e-2,1e-4,1e-3,1e12 2>"$work/said"; }
answer=$(halving)
[[ $answer == *" train $work/made.yaml optim.lr=3e-2" ]] || fail "the best is $answer: $(cat "$work/said")"
[[ $(grep -c '^round' "$work/said") == 3 ]] || fail "rounds: $(cat "$work/said")"
for round in '0: 5 runs of 20' '1: 2 runs of 40' '2: 1 runs of 80'; do
  grep -q "round $round steps" "$work/said" || fail "no round $round: $(cat "$work/said")"
done
[[ $(find "$work/runs" -mindepth 1 -maxdepth 1 | wc -l) == 8 ]] || fail "$(ls "$work/runs")"
stamp=$(find "$work/runs" -name 'step-*.h5' -printf '%p %T@\n' | sort | sha256sum)
[[ $(halving) == "$answer" ]] || fail "another answer the second time"
[[ $(find "$work/runs" -name 'step-*.h5' -printf '%p %T@\n' | sort | sha256sum) == "$stamp" ]] || fail "it trained again"
finish
