#!/usr/bin/env bash
# SIGINT, SIGTERM and SIGHUP at random times: gone within 2 s with 130 or 143, the state saved, and resumed to the same
# bytes. A second signal leaves at once, but not a second SIGHUP, nor the same one in the same moment. SIGUSR1 saves and
# training goes on. What was ignored at the start stays ignored.
#   tests/scripts/signals_test.sh [SIGNALS]
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
wanted=${1:-20}
seed_random
make_data
spec=$work/made.yaml
make_spec made "$spec"
reference=$work/reference run=$work/run
started=$(date +%s%N)
"$mlrun" -q train "$spec" -o "$reference" >/dev/null
limit=$((($(date +%s%N) - started) / 1500000)) # two thirds of a run, in milliseconds

# A shell has SIGINT ignored in what it starts with &: for those the handler is put back.
wakeful=(env "--default-signal=INT,HUP")
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
# end_of PID: waits, and sets $code and $took.
end_of() {
  local begun
  begun=$(milliseconds)
  code=0
  wait "$1" 2>/dev/null || code=$?
  took=$(($(milliseconds) - begun))
}
# The rows that training has written.
rows_in() { { grep -s '"table"' "$1/metrics.jsonl" || true; } | wc -l; }
status_of() { grep '"kind":"status"' "$1/metrics.jsonl" 2>/dev/null | tail -n 1; }
step_of() { basename "$(last_checkpoint "$1")" .h5 | sed 's/step-0*//'; }

slowest=0 sent=0 runs=0
while ((sent < wanted)); do
  rm -rf "$run"
  runs=$((runs + 1))
  for ((attempt = 0; attempt < 100; attempt++)); do
    rows_before=$(rows_in "$run")
    "${wakeful[@]}" "$mlrun" -q train "$spec" -o "$run" --resume auto >/dev/null 2>"$work/stderr" &
    child=$!
    random_seconds "$limit"
    sleep "$delay"
    case $((RANDOM % 3)) in
      0) signal=INT expected=130 ;;
      1) signal=TERM expected=143 ;;
      2) signal=HUP expected=143 ;;
    esac
    kill -"$signal" "$child" 2>/dev/null || true
    end_of "$child"
    [[ $code != 0 ]] || break
    sent=$((sent + 1))
    ((took <= slowest)) || slowest=$took
    # Before it has begun to train there is nothing to save, and it may end by the signal itself.
    [[ $signal != HUP || $code != 129 || $(rows_in "$run") != "$rows_before" ]] || expected=129
    [[ $code == "$expected" ]] || fail "SIG$signal after $delay s: exit $code: $(cat "$work/stderr")"
    ((took <= 2000 * patience)) || fail "SIG$signal after $delay s: gone after $took ms"
    if [[ -f $run/resolved.yaml && $(status_of "$run") == *'"interrupted"'* ]]; then
      [[ $(status_of "$run") == *"\"at_step\":$(step_of "$run"),"* || $(step_of "$run") == '' ]] ||
        fail "SIG$signal after $delay s: $(status_of "$run"), and the last checkpoint is $(last_checkpoint "$run")"
    fi
  done
  same_run "$reference" "$run" || fail "after signals, run $runs has other bytes (seed $seed)"
done
echo "stop signals: $sent over $runs runs, all saved; the slowest was gone after $slowest ms"

# Two signals that are both there when the process wakes: it leaves without a save, and nothing is lost.
endless=('train.for=100000000 steps' 'eval.every=100000000 steps' checkpoint.every=eval schedule.kind=constant
  'schedule.warmup=0 steps')
# begin_endless [COMMAND]...: what is put before mlrun.
begin_endless() {
  rm -rf "$run"
  "$@" "$mlrun" -q train "$spec" "${endless[@]}" -o "$run" >/dev/null 2>"$work/stderr" &
  child=$!
  local i
  for ((i = 0; i < 200; i++)); do
    ! grep -q '"table":"train"' "$run/metrics.jsonl" 2>/dev/null || return 0
    sleep 0.05
  done
  fail "training did not begin: $(cat "$work/stderr")"
}
begin_endless "${wakeful[@]}"
kill -STOP "$child"
kill -TERM "$child"
kill -INT "$child"
kill -CONT "$child"
end_of "$child"
[[ $code == 130 || $code == 143 ]] || fail "a double signal: exit $code"
((took <= 1000 * patience)) || fail "a double signal: gone after $took ms"
# (A sanitizer hands on one signal, and the other at its leisure: there the first one may have saved.)
[[ $patience -gt 1 || -z $(last_checkpoint "$run") ]] || fail "a double signal: it took the time to save $(last_checkpoint "$run")"
code=0
"$mlrun" -q train --resume "$run" --stop-after '10 steps' >/dev/null 2>&1 || code=$?
[[ $code == 75 ]] || fail "after a double signal: resuming ended with $code"
echo "double signal: gone after $took ms, resumable"

# A closing terminal sends SIGHUP more than once, `timeout` the same signal to the process and to its group: none of them
# costs the save.
for signal in HUP TERM; do
  begin_endless "${wakeful[@]}"
  kill -"$signal" "$child"
  sleep 0.01
  kill -"$signal" "$child" 2>/dev/null || true
  end_of "$child"
  [[ $code == 143 ]] || fail "SIG$signal twice: exit $code"
  [[ $(status_of "$run") == *'"interrupted"'* && -n $(last_checkpoint "$run") ]] || fail "SIG$signal twice: not saved"
done
echo "SIGHUP or SIGTERM twice in one moment: saved"

# nohup, trap '' INT and & in a script: what was ignored stays ignored.
begin_endless env --ignore-signal=INT,HUP
kill -INT "$child"
kill -HUP "$child"
sleep 0.5
kill -0 "$child" 2>/dev/null || fail "ignored signals ended the training: $(cat "$work/stderr")"
kill -TERM "$child"
end_of "$child"
[[ $code == 143 ]] || fail "SIGTERM after ignored signals: exit $code"
echo "SIGINT and SIGHUP that were ignored at the start: ignored"

begin_endless
saved=0
for ((i = 0; i < 5; i++)); do
  before=$(last_checkpoint "$run")
  kill -USR1 "$child"
  for ((wait_i = 0; wait_i < 100; wait_i++)); do
    [[ $(last_checkpoint "$run") == "$before" ]] || break
    sleep 0.05
  done
  [[ $(last_checkpoint "$run") == "$before" ]] || saved=$((saved + 1))
done
kill -0 "$child" 2>/dev/null || fail "SIGUSR1 ended the training: $(cat "$work/stderr")"
[[ $saved == 5 ]] || fail "SIGUSR1: $saved of 5 were answered by a checkpoint"
kill -TERM "$child"
end_of "$child"
[[ $code == 143 ]] || fail "after SIGUSR1, SIGTERM: exit $code"
# A hail of it changes nothing.
rm -rf "$run"
"$mlrun" -q train "$spec" checkpoint.every=eval -o "$run" >/dev/null 2>"$work/stderr" &
child=$!
hail=0
until ! kill -0 "$child" 2>/dev/null; do
  [[ ! -f $run/resolved.yaml ]] || { kill -USR1 "$child" 2>/dev/null || true; hail=$((hail + 1)); }
  sleep 0.01
done
end_of "$child"
[[ $code == 0 ]] || fail "under SIGUSR1: exit $code: $(cat "$work/stderr")"
"$mlrun" -q train "$spec" checkpoint.every=eval -o "$work/quiet" >/dev/null
same_state "$work/quiet" "$run" || fail "SIGUSR1 changed the bytes of a run"
echo "SIGUSR1: $saved of 5 saved at once; $hail more changed nothing"

# In the middle of large matrix products, where oneDNN's stack pointer may stand in the heap: a handler's frame there
# would be written over what lies below it. One stop in twelve ended in "corrupted size vs. prev_size" before.
cat >"$work/large.yaml" <<'SPEC'
data: {kind: digits, train_limit: 200, valid_limit: 20, test_limit: 20}
model: {kind: made, hidden: [8]}
train: {for: 100000000 steps, batch_size: 50, log_every: 1 step}
eval: {every: 100000000 steps}
compute: {lanes: 2}
SPEC
for ((i = 0; i < 25; i++)); do
  rm -rf "$work/large"
  "$mlrun" -q train "$work/large.yaml" -o "$work/large" >/dev/null 2>"$work/stderr" &
  child=$!
  for ((wait_i = 0; wait_i < 200; wait_i++)); do
    ! grep -q '"table":"train"' "$work/large/metrics.jsonl" 2>/dev/null || break
    sleep 0.05
  done
  sleep 0.$((100 + RANDOM % 400))
  kill -TERM "$child"
  end_of "$child"
  [[ $code == 143 ]] || fail "a stop in the middle of large products: exit $code: $(cat "$work/stderr")"
done
echo "large products: $i stops, all saved"

# Evaluation and sampling are left by the first signal too. (Not SIGINT: a shell has it ignored in what it starts with &,
# and sampling leaves that as it is.)
for command in "eval" "sample"; do
  many=(--split train)
  [[ $command == "eval" ]] || many=(-n 10000000 -o "$work/many.h5")
  "$mlrun" -q "$command" "$reference" "${many[@]}" >/dev/null 2>"$work/stderr" &
  child=$!
  sleep 0.3
  kill -TERM "$child" 2>/dev/null || true
  end_of "$child"
  [[ $code == 143 || ($command == "eval" && $code == 0) ]] || fail "$command under SIGTERM: exit $code"
  ((took <= 2000 * patience)) || fail "$command under SIGTERM: gone after $took ms"
done
finish
