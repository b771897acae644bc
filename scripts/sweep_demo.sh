#!/usr/bin/env bash
# A sweep as the README shows it, 3 learning rates x 2 widths by `mlrun grid`, killed twice and started again: only the
# rest runs, and the six runs have the bytes of runs that were left alone. Once in plain sh, once two at a time by GNU
# parallel (or xargs -P2 where that is missing), and once with two whole sweeps at the same time.
#   scripts/sweep_demo.sh
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
seed_random
make_data
spec=$work/made.yaml
make_spec made "$spec"
mkdir -p "$work/bin"
ln -s "$mlrun" "$work/bin/mlrun"
PATH=$work/bin:$PATH
grid=("$spec" optim.lr=1e-2,3e-2,5e-2 model.hidden=8 model.hidden=16 'train.for=60 steps')
cd "$work"

# The answers: every run by itself, without interruption.
export MLRUN_RUN_ROOT=$work/alone
mlrun -q grid "${grid[@]}" >alone.txt
[[ $(wc -l <alone.txt) == 6 ]] || fail "mlrun grid printed $(wc -l <alone.txt) commands"
started=$(date +%s%N)
sh -e alone.txt >/dev/null 2>alone.log || fail "the sweep without kills: $(cat alone.log)"
limit=$((($(date +%s%N) - started) / 2000000)) # half of a sweep, in milliseconds
mlrun -q grid "${grid[@]}" --extra '--if-needed --resume auto' >sweep.txt

one_by_one() { setsid sh sweep.txt; }
two_at_a_time() {
  if command -v parallel >/dev/null; then
    setsid parallel --will-cite -j2 --joblog "$work/sweep.log" <sweep.txt
  else
    tr '\n' '\0' <sweep.txt | setsid xargs -0 -P2 -n1 sh -c
  fi
}
both_at_once() {
  # Two people start the same sweep. Exit code 6, somebody else does it, is a reason to go to the next.
  two_at_a_time &
  two_at_a_time || true
  wait $! || true
}

# Everything that a sweep has started lives in sessions of its own: found by the run root in the environment.
kill_sweep() {
  local pid
  for pid in $(pgrep -x 'mlrun|sh|xargs|perl|parallel' || true); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qxF "MLRUN_RUN_ROOT=$MLRUN_RUN_ROOT"; then
      kill -9 "$pid" 2>/dev/null || true
    fi
  done
}

fingerprint_of() { sed -n 's/^{"kind":"run".*"fingerprint":"\([0-9a-f]*\)".*/\1/p' "$1/metrics.jsonl"; }

# check NAME: six finished runs, none done twice, each with the bytes of the one that was left alone.
check() {
  local name=$1 run alone count
  count=$(mlrun ls --json | grep -c '"status":"finished"' || true)
  [[ $count == 6 ]] || fail "$name: $count runs are finished: $(mlrun ls)"
  [[ $(find "$MLRUN_RUN_ROOT" -name resolved.yaml | wc -l) == 6 ]] || fail "$name: runs were begun twice: $(mlrun ls)"
  for alone in "$work"/alone/*/; do
    for run in "$MLRUN_RUN_ROOT"/*/; do
      [[ $(fingerprint_of "$run") == "$(fingerprint_of "$alone")" ]] || continue
      same_state "$alone" "$run" || fail "$name: $run differs from $alone"
      # After its end nobody touched it again.
      tail -n 1 "$run/metrics.jsonl" | grep -q '"finished"' || fail "$name: $run went on after its end"
      [[ $(grep -c '"finished"' "$run/metrics.jsonl") == 1 ]] || fail "$name: $run was finished twice"
      continue 2
    done
    fail "$name: nothing has the fingerprint of $alone"
  done
}

for way in one_by_one two_at_a_time both_at_once; do
  export MLRUN_RUN_ROOT=$work/$way
  done_before=()
  for attempt in 1 2; do
    "$way" >/dev/null 2>"$way-$attempt.log" &
    random_seconds "$limit"
    sleep "$delay"
    kill_sweep
    wait $! 2>/dev/null || true
    kill_sweep # what began while the first were being found
    done_before+=("$(mlrun ls --json 2>/dev/null | grep -c '"status":"finished"' || true)")
  done
  "$way" >"$way.out" 2>"$way.log" || { [[ $way == both_at_once ]] || fail "$way: $(cat "$way.log")"; }
  check "$way"
  echo "$way: killed with ${done_before[*]} of 6 runs done, then the rest ran"
  # Once more: nothing is left to do.
  before=$(cat "$MLRUN_RUN_ROOT"/*/metrics.jsonl | sha256sum)
  "$way" >/dev/null 2>"$way.log" || fail "$way, again: $(cat "$way.log")"
  [[ $before == "$(cat "$MLRUN_RUN_ROOT"/*/metrics.jsonl | sha256sum)" ]] || fail "$way: a finished sweep ran again"
done
finish
echo "sweeps passed"
