#!/usr/bin/env bash
# One run by several processes: the bytes of one process for any number of ranks, stopped and resumed with others; a rank
# that dies, hangs or fails ends the run on all, with words from the first and the line that goes on; bad input is refused
# within seconds.
#   tests/scripts/ranks_test.sh          skipped (77) where MPI is not installed
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
need_mpi
make_data
make_labelled_data
spec=$work/spec.yaml
samples=''

# ranks N COMMAND...: sets $code, $out, $err and $took (milliseconds).
ranks() {
  local begun
  begun=$(date +%s%N)
  code=0
  timeout -k 5 $((60 * patience)) mpirun -n "$@" >"$work/out" 2>"$work/err" || code=$?
  took=$((($(date +%s%N) - begun) / 1000000))
  out=$(<"$work/out") err=$(<"$work/err")
}
# differ TEXT COMMAND...: two ranks, of which the second does TEXT instead, in which "$@" is the command. (mpirun's own way to start
# several programs, a colon between them, ends by a segmentation fault in Open MPI 5 of Debian 13.)
differ() {
  local second=$1
  shift
  # shellcheck disable=SC2016 # for the shell of each rank
  ranks 2 bash -c '[[ $OMPI_COMM_WORLD_RANK == 0 ]] || exec '"$second"'; exec "$@"' rank "$@"
}
expect_code() { [[ $code == "$1" ]] || fail "$2: exit $code instead of $1: $err"; }
expect_words() { [[ $err == *"$1"* ]] || fail "'$1' is not said: $err"; }
# Refused: one error, on stderr, within seconds, and nothing begun.
expect_refusal() {
  expect_code "$1" "$2"
  expect_words "$2"
  [[ $(grep -c '^error: \|: error: ' "$work/err") == 1 ]] || fail "not one error: $err"
  ((took < 10000 * patience)) || fail "refused after $took ms: $2"
  [[ ! -e $run ]] || fail "a run was begun: $2"
}

# --- The same bytes.
compared=0
same_as_alone() { # NAME LANES RANKS... -- WORDS of train
  local name=$1 lanes=$2 counts=() n
  shift 2
  while [[ $1 != -- ]]; do counts+=("$1") && shift; done
  shift
  "$mlrun" -q train "$spec" "compute.lanes=$lanes" "$@" -o "$work/alone" >/dev/null
  for n in "${counts[@]}"; do
    run=$work/run
    ranks "$n" "$mlrun" -q train "$spec" "compute.lanes=$lanes" "$@" -o "$run"
    expect_code 0 "$name on $n ranks"
    [[ $out == "$run" ]] || fail "$name on $n ranks: stdout is '$out'"
    same_state "$work/alone" "$run" || fail "$name: $n ranks differ from one process"
    compared=$((compared + 1))
    rm -rf "$run"
  done
  rm -rf "$work/alone"
}
make_spec made "$spec"
same_as_alone made 4 2 3 4 --
same_as_alone made 7 2 3 4 --
same_as_alone 'made by soap' 4 3 -- optim.kind=soap optim.lr=1e-2
make_spec gated_pixelcnn "$spec"
same_as_alone 'gated_pixelcnn with dropout' 4 2 3 -- 'train.for=3 epochs'
make_spec vqvae "$spec"
same_as_alone 'vqvae with a codebook of averages' 5 2 3 -- 'train.for=3 epochs'
stage_one=$work/stage_one
"$mlrun" -q train "$spec" 'train.for=3 epochs' -o "$stage_one" >/dev/null
make_spec sequence_classifier "$spec"
same_as_alone sequence_classifier 4 4 -- 'train.for=3 epochs'
make_spec codes "$spec"
same_as_alone 'a prior over codes, which ranks encode together' 4 3 -- 'train.for=3 epochs'
((compared == 13)) || fail "$compared comparisons"

# --- Stopped, and gone on with by another number of ranks, one among them.
make_spec made "$spec"
words=("$spec" compute.lanes=4)
reference=$work/reference
"$mlrun" -q train "${words[@]}" -o "$reference" >/dev/null
run=$work/run
ranks 3 "$mlrun" -q train "${words[@]}" -o "$run" --stop-after '20 steps'
expect_code 75 'stopped'
ranks 2 "$mlrun" -q train --resume "$run" --stop-after '15 steps'
expect_code 75 'stopped again'
code=0
"$mlrun" -q train --resume "$run" --stop-after '8 steps' >/dev/null || code=$?
expect_code 75 'stopped by itself'
ranks 4 "$mlrun" -q train "${words[@]}" -o "$run" --resume auto
expect_code 0 'finished'
same_state "$reference" "$run" || fail 'a run of 3, 2, 1 and 4 ranks differs from one process'
# What is finished is the answer.
ranks 2 "$mlrun" train "${words[@]}" --if-needed
expect_code 0 'a run under another root is trained anew'
ranks 2 "$mlrun" train "${words[@]}" --if-needed
expect_code 0 'if needed'
expect_words 'nothing to do'

# --- Evaluated together.
figures() { python3 -c 'import json, sys; a = json.loads(sys.argv[1]); [a.pop(k) for k in ("seconds", "images_per_s")]; print(a)' "$1"; }
alone=$("$mlrun" eval "$run" eval.batch_size=7 --json)
ranks 3 "$mlrun" eval "$run" eval.batch_size=7 --json
expect_code 0 eval
[[ $(figures "$out") == "$(figures "$alone")" ]] || fail "eval: $out instead of $alone"
ranks 2 "$mlrun" eval "$run" data.test_limit=1
trained=$run run=$work/none
expect_refusal 2 '2 ranks, and the test split of this data has 1 example to share out'

# --- Sampled and proved together: files and answers are those of one process.
same_answer() { # RANKS FILE WORDS...: what `mlrun WORDS... -o FILE` writes
  local n=$1 file=$2
  shift 2
  "$mlrun" -q "$@" -o "$work/$file"
  mv "$work/$file" "$work/alone-$file"
  ranks "$n" "$mlrun" -q "$@" -o "$work/$file"
  expect_code 0 "$* on $n ranks"
  cmp "$work/alone-$file" "$work/$file" >&2 || fail "$n ranks: $* writes another $file"
}
same_answer 2 samples.h5 sample "$trained" -n 9 --seed 3
same_answer 4 samples.png sample "$trained" -n 9 --batch 2
make_spec eonade "$spec"
"$mlrun" -q train "$spec" 'train.for=1 epochs' -o "$work/eonade" >/dev/null
same_answer 3 completed.txt sample "$work/eonade" --complete top --images 0..4 -n 3
# The first writes, and no other.
mkdir "$work/here" "$work/elsewhere"
cd "$work/here"
for drawn in "$trained -n 4" "$work/eonade --complete top --images 0..1 -n 2"; do
  # shellcheck disable=SC2016,SC2086 # for the shell of the second rank; several words
  differ 'env -C '"$work"'/elsewhere "$@"' "$mlrun" sample $drawn -o written.h5
  expect_code 0 "sample $drawn"
  [[ -s written.h5 ]] || fail "nothing was written: sample $drawn"
  rm written.h5
done
cd - >/dev/null
[[ -z $(ls "$work/elsewhere") ]] || fail "the second rank wrote $(ls "$work/elsewhere")"
checks() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])["checks"])' "$1"; }
alone=$("$mlrun" prove "$trained" --json)
ranks 3 "$mlrun" prove "$trained" --json
expect_code 0 prove
[[ $(checks "$out") == "$(checks "$alone")" ]] || fail "prove: $out instead of $alone"
ranks 2 "$mlrun" sample "$trained" -n 1 -o -
expect_refusal 2 '2 ranks, and 1 sample to share out'
differ '"$@" --seed 2' "$mlrun" sample "$trained" -n 4 -o -
expect_refusal 2 'has another command than rank 0'
# Pictures beside their reconstructions are the work of one: the other has nothing to do.
ranks 2 "$mlrun" sample "$stage_one" -n 4 -o "$work/pairs.png"
expect_code 0 'reconstructions'
expect_words 'the work of one process'
[[ -s $work/pairs.png ]] || fail 'no reconstructions'
run=$work/none
# Any other command is the work of one.
ranks 3 "$mlrun" ls
expect_code 0 ls
[[ $(grep -c '^spec-\|^made-' <<<"$out") == 1 ]] || fail "ls under mpirun: $out"

# --- Refused.
make_spec made "$spec"
ranks 5 "$mlrun" train "${words[@]}" -o "$run"
expect_refusal 2 '5 ranks, and 4 lanes to share out'
expect_words 'compute.lanes=5'
ranks 2 "$mlrun" train "$spec" modle.kind=nade -o "$run"
expect_refusal 2 "did you mean 'model.kind'"
differ '"$@" seed=2' "$mlrun" train "${words[@]}" -o "$run"
expect_refusal 2 'rank 1 on'
expect_words 'another spec than rank 0'
expect_words 'seed: 2'
differ "env MLRUN_DATA_ROOT=$work/nowhere "'"$@"' "$mlrun" train "${words[@]}" -o "$run"
expect_refusal 3 'rank 1'
expect_words "$work/nowhere"
mkdir "$work/other"
for part in train valid test; do tac "$MLRUN_DATA_ROOT/$part.amat" >"$work/other/$part.amat"; done
differ "env MLRUN_DATA_ROOT=$work/other "'"$@"' "$mlrun" train "${words[@]}" -o "$run"
expect_refusal 3 'another data than rank 0'
mkdir "$work/bin"
cp "$mlrun" "$(dirname "$mlrun")/libmlrun_mpi.so" "$work/bin"
echo >>"$work/bin/mlrun"
# shellcheck disable=SC2016 # for the shell of the second rank
differ "$work/bin/mlrun "'"${@:2}"' "$mlrun" train "${words[@]}" -o "$run"
expect_refusal 2 'another program than rank 0'
if grep -q ' avx ' /proc/cpuinfo; then
  mixed=("${words[@]}" -o "$run")
  differ 'env MLRUN_MAX_ISA=sse4 "$@"' "$mlrun" train "${mixed[@]}"
  expect_refusal 2 'another kind of CPU'
  expect_words '--mixed-cpus'
  differ 'env MLRUN_MAX_ISA=sse4 "$@"' "$mlrun" -q train "${mixed[@]}" --mixed-cpus
  expect_code 0 'mixed CPUs, allowed'
  expect_words 'warning: rank 1'
  rm -rf "$run"
fi
# Without the library, not as many runs as there are processes.
rm "$work/bin/libmlrun_mpi.so"
ranks 3 "$work/bin/mlrun" train "${words[@]}" -o "$run"
expect_refusal 2 'mpirun started 3 processes, and this mlrun cannot join them: libmlrun_mpi.so'
ranks 2 -x MLRUN_RANKS=alone "$work/bin/mlrun" -q train "${words[@]}" 'train.for=2 steps'
expect_code 0 'each by itself'
[[ $(wc -l <<<"$out") == 2 ]] || fail "two runs were asked for: $out"

# --- One that ends.
run=$work/ended
long=("${words[@]}" 'train.for=1000000 steps' schedule.kind=constant eval.every='1000000 steps' -o "$run")
start_long() { # N: begins a long run in the background, and waits until it has a checkpoint; sets $waited, $launcher and ${pids[@]}
  local tries
  rm -rf "$run"
  timeout -k 5 $((60 * patience)) mpirun -n "$1" "$mlrun" train "${long[@]}" --progress lines >"$work/out" 2>"$work/err" &
  waited=$!
  for ((tries = 0; tries < 600; tries++)); do
    ! compgen -G "$run/checkpoints/step-*.h5" >/dev/null || break
    sleep 0.1
  done
  launcher=$(children_of "$waited")
  mapfile -t pids < <(children_of "$launcher")
  ((${#pids[@]} == $1)) || fail "${#pids[@]} ranks of $1"
}
end_of_long() {
  local begun
  begun=$(date +%s%N)
  code=0
  wait "$waited" || code=$?
  took=$((($(date +%s%N) - begun) / 1000000))
  out=$(<"$work/out") err=$(<"$work/err")
  ((took < 10000 * patience)) || fail "ended after $took ms"
  sleep 0.5
  for pid in "${pids[@]}"; do  # one that is dead (Z) and not yet collected is gone
    [[ ! -r /proc/$pid/stat || $(cut -d ' ' -f 3 "/proc/$pid/stat") == Z ]] || fail "process $pid is still there"
  done
}
# The last checkpoint is whole, and the line that was said goes on with it.
goes_on() {
  local line steps
  line=$(sed -n 's/^ *go on with   //p' <<<"$err")
  [[ $line == mpirun\ * && $(wc -l <<<"$line") == 1 && $line == *" train --resume $run" ]] || fail "what goes on? '$line' in: $err"
  steps=$(basename "$(last_checkpoint "$run")" .h5 | sed 's/step-0*//')
  timeout 60 bash -c "$line -q --stop-after '1 steps'" >"$work/out" 2>"$work/err" || code=$?
  [[ $code == 75 ]] || fail "'$line' gave $code: $(<"$work/err")"
  [[ $(basename "$(last_checkpoint "$run")" .h5 | sed 's/step-0*//') -gt $steps ]] || fail "'$line' did not go on"
}
for rank in 0 2; do
  start_long 3
  kill -9 "${pids[$rank]}"
  end_of_long
  expect_code 137 "rank $rank killed"
  expect_words "error: rank $rank ("
  expect_words 'is gone'
  goes_on
done
# One that hangs: the first rank says so, and ends with 76.
start_long 3
kill -STOP "${pids[1]}"
end_of_long
expect_code 76 'a rank that hangs'
expect_words 'it has been silent for 7 seconds'
goes_on
# Signals to one rank are for all; SIGUSR1 makes a checkpoint.
start_long 3
kill -TERM "${pids[1]}"
end_of_long
expect_code 143 'SIGTERM to one rank'
expect_words 'interrupted at step'
goes_on
# The launcher passes SIGTERM on. That of Open MPI 5 kills its processes two tenths of a second later and prints nothing more: what the
# last checkpoint holds is then what is left.
start_long 2
kill -TERM "$launcher"
end_of_long
if [[ $err == *'interrupted at step'* ]]; then
  goes_on
else
  ranks 2 "$mlrun" -q train --resume "$run" --stop-after '1 steps'
  expect_code 75 'after SIGTERM to the launcher'
fi
# A full disk, of the first rank: no file may grow beyond 1 kB from here on.
start_long 3
prlimit --pid "${pids[0]}" --fsize=1024
kill -USR1 "${pids[0]}"
end_of_long
expect_code 5 'a full disk'
expect_words "$run"
[[ $(grep -c '^error: ' "$work/err") == 1 ]] || fail "not one error: $err"
goes_on
finish
echo "ranks: $compared runs by several processes are those of one"
