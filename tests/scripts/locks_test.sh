#!/usr/bin/env bash
# 64 processes started on one run at once: one trains, 63 end with exit code 6 and name it. A file system without locks
# is named with what helps, and no empty run is left there.
#   tests/scripts/locks_test.sh [PROCESSES]
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
processes=${1:-64}
make_data
spec=$work/fvsbn.yaml
make_spec fvsbn "$spec"
# Long enough to hold the lock until the last has come.
endless=('train.for=100000000 steps' 'eval.every=100000000 steps' checkpoint.every=eval schedule.kind=constant
  'schedule.warmup=0 steps')
patience=120 # seconds for all to come, on a busy machine

# stampede NAME ARGUMENT...: starts them, waits until all but one have gone, and stops the winner.
stampede() {
  local name=$1 out=$work/$1 deadline=$((SECONDS + patience)) i pid code winner='' losers=0
  local -a pids=()
  shift
  mkdir "$out"
  for ((i = 0; i < processes; i++)); do
    "$mlrun" -q train "$@" >"$out/$i.out" 2>"$out/$i.err" &
    pids+=($!)
  done
  while (($(jobs -pr | wc -l) > 1)); do
    if ((SECONDS > deadline)); then
      fail "$name: after $patience s there are still $(jobs -pr | wc -l) processes"
      break
    fi
    sleep 0.05
  done
  for i in "${!pids[@]}"; do
    pid=${pids[$i]}
    if [[ -z $winner ]] && kill -0 "$pid" 2>/dev/null; then
      winner=$pid
      kill -TERM "$pid"
      code=0
      wait "$pid" 2>/dev/null || code=$?
      [[ $code == 143 ]] || fail "$name: the winner ended with $code: $(cat "$out/$i.err")"
      [[ $(wc -l <"$out/$i.out") == 1 ]] || fail "$name: the winner did not print its run"
      run=$(cat "$out/$i.out")
    fi
  done
  [[ -n $winner ]] || { fail "$name: nobody won: $(cat "$out/0.err")"; return; }
  for i in "${!pids[@]}"; do
    pid=${pids[$i]}
    [[ $pid != "$winner" ]] || continue
    code=0
    wait "$pid" 2>/dev/null || code=$?
    if [[ $code == 6 ]] && grep -q ":$winner\\b" "$out/$i.err"; then
      losers=$((losers + 1))
    else
      fail "$name: process $i ended with $code: $(cat "$out/$i.err") (the winner is $winner)"
    fi
  done
  echo "$name: 1 winner, $losers of $((processes - 1)) ended with 6 and named it"
}

stampede "a new directory" "$spec" "${endless[@]}" -o "$work/new"
stampede "a run to resume" --resume "$work/new"
stampede "new or to resume" "$spec" "${endless[@]}" -o "$work/either" --resume auto
# Without a directory the fingerprint decides: nobody may begin the same a second time.
stampede "one fingerprint" "$spec" "${endless[@]}" --if-needed --resume auto
begun=$(find "$MLRUN_RUN_ROOT" -name resolved.yaml | wc -l)
[[ $begun == 1 ]] || fail "one fingerprint: $begun runs were begun"

# Whoever only looks does not get in the way of who trains.
"$mlrun" -q train "$spec" 'train.for=20 steps' -o "$MLRUN_RUN_ROOT/looked_at" >/dev/null
while :; do "$mlrun" ls >/dev/null 2>&1 || true; done &
looker=$!
for ((i = 0; i < 15; i++)); do
  "$mlrun" -q train --resume "$MLRUN_RUN_ROOT/looked_at" >/dev/null 2>"$work/stderr" ||
    fail "mlrun ls in another process disturbed train: $(cat "$work/stderr")"
done
kill "$looker"
wait "$looker" 2>/dev/null || true

# A file system without locks (some network ones) says ENOLCK or ENOTSUP.
cat >"$work/nolock.c" <<'C'
#include <errno.h>
#include <stdlib.h>
int flock(int descriptor, int operation) {
  (void)descriptor;
  (void)operation;
  errno = atoi(getenv("LOCK_ERRNO"));
  return -1;
}
C
"${CC:-cc}" -shared -fPIC -o "$work/nolock.so" "$work/nolock.c"
for errno in 37 95 38; do # ENOLCK, ENOTSUP, ENOSYS
  code=0
  env ASAN_OPTIONS=verify_asan_link_order=0 LOCK_ERRNO="$errno" LD_PRELOAD="$work/nolock.so" \
    "$mlrun" -q train "$spec" -o "$work/unlocked" >"$work/stdout" 2>"$work/stderr" || code=$?
  [[ $code == 5 ]] || fail "errno $errno of flock: exit $code"
  { grep -q 'has no locks (flock)' "$work/stderr" && grep -q 'export MLRUN_RUN_ROOT=' "$work/stderr"; } ||
    fail "errno $errno of flock: $(cat "$work/stderr")"
  [[ ! -e $work/unlocked && ! -s $work/stdout ]] || fail "errno $errno of flock: an empty run is left"
done
finish
