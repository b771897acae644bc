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
grid=("$spec" 'optim.lr=1e-2,3e-2,5e-2' model.hidden=8 model.hidden=16 'train.for=60 steps')
cd "$work"

# The answers: every run by itself, without interruption.
export MLRUN_RUN_ROOT=$work/alone
mlrun -q grid "${grid[@]}" >alone.txt
[[ $(wc -l <alone.txt) == 6 ]] || fail "mlrun grid printed $(wc -l <alone.txt) commands"
started=$(date +%s%N)
sh -e alone.txt >/dev/null 2>alone.log || fail "the sweep without kills: $(cat alone.log)"
limit=$((($(date +%s%N) - started) / 3000000)) # a third of a sweep, in milliseconds
mlrun -q grid "${grid[@]}" --extra '--if-needed --resume auto' >sweep.txt
tr '\n' '\0' <sweep.txt >sweep.zero # for xargs; once, since two sweeps may read it at the same time

# start WAY: begins a sweep in a session of its own, all of which can then be killed; both: two of them.
one_by_one() { exec setsid sh sweep.txt; }
two_at_a_time() {
  if command -v parallel >/dev/null; then
    exec setsid parallel --will-cite -j2 --joblog "$work/sweep.log" <sweep.txt
  fi
  exec setsid xargs -0 -P2 -n1 sh -c <sweep.zero
}
start() {
  sessions=()
  local way=$1
  if [[ $way == both_at_once ]]; then
    two_at_a_time >/dev/null 2>"$way-other.log" &
    sessions+=($!)
    way=two_at_a_time
  fi
  "$way" >/dev/null 2>"$1.log" &
  sessions+=($!)
}
# Sets $code: 0 if all sweeps ended so.
wait_for_all() {
  local session
  code=0
  for session in "${sessions[@]}"; do wait "$session" 2>/dev/null || code=$?; done
}
kill_sweep() {
  local session
  for session in "${sessions[@]}"; do
    while pkill -KILL -s "$session"; do sleep 0.01; done
  done 2>/dev/null # where the shell tells of every kill
  wait_for_all
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
      [[ -f $run/resolved.yaml ]] || continue # killed before it became a run: it was begun again elsewhere
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
  for _ in 1 2; do
    start "$way"
    # Of several jobs at once a third of the time would often be all of it.
    if [[ $way == one_by_one ]]; then random_seconds "$limit"; else random_seconds $((limit / 3)); fi
    sleep "$delay"
    kill_sweep
    done_before+=("$(mlrun ls --json 2>/dev/null | grep -c '"status":"finished"' || true)")
  done
  start "$way"
  wait_for_all
  # Of two sweeps at once one is told that the other has the run (exit code 6): it goes to the next.
  [[ $code == 0 || $way == both_at_once ]] || fail "$way: exit $code: $(cat "$way.log")"
  check "$way"
  echo "$way: killed with ${done_before[*]} of 6 runs done, then the rest ran"
  # Once more: nothing is left to do.
  before=$(cat "$MLRUN_RUN_ROOT"/*/metrics.jsonl | sha256sum)
  start "$way"
  wait_for_all
  [[ $code == 0 ]] || fail "$way, again: exit $code: $(cat "$way"*.log)"
  [[ $before == "$(cat "$MLRUN_RUN_ROOT"/*/metrics.jsonl | sha256sum)" ]] || fail "$way: a finished sweep ran again"
done
finish
echo "sweeps passed"
