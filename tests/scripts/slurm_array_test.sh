#!/usr/bin/env bash
# scripts/slurm_array.sh under a stand-in for Slurm, which runs the tasks of an array one after the other, sends SIGTERM as at
# the end of their time, and runs again what was put back into the queue: every run ends, with the bytes of one left alone.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
array=$project/scripts/slurm_array.sh
make_data
make_spec made "$work/made.yaml"
mkdir -p "$work/bin"
ln -s "$mlrun" "$work/bin/mlrun"
cd "$work"

code=0
PATH=$work/bin:$PATH "$array" made.txt 2>refusal || code=$?
[[ $code == 2 && $(<refusal) == *"there is no file made.txt"* ]] || fail "a missing file: exit $code, $(<refusal)"
echo 'mlrun train made.yaml' >made.txt
code=0
PATH=$work/bin:$PATH "$array" made.txt 2>refusal || code=$?
[[ $code == 2 && $(<refusal) == *"made.txt:1: without --resume auto"* ]] || fail "no --resume auto: exit $code, $(<refusal)"

# The stand-ins. A task gets SIGTERM once it has written a checkpoint, the first time that it runs.
cat >bin/sbatch <<'SH'
#!/usr/bin/env bash
set -euo pipefail
echo "$@" >sbatch.arguments
while [[ $1 == -* ]]; do
  case $1 in
    --array=1-*) tasks=${1#--array=1-} ;;
    --output=*) log=${1#--output=} ;;
  esac
  shift
done
seq "$tasks" >queue
export SLURM_ARRAY_JOB_ID=7
for round in 1 2 3 4; do
  mapfile -t queued <queue
  : >queue
  for task in "${queued[@]}"; do
    export SLURM_ARRAY_TASK_ID=$task
    setsid "$@" >>"${log/\%a/$task}" 2>&1 &
    job=$!
    if [[ $round == 1 ]]; then
      until compgen -G "$MLRUN_RUN_ROOT/sweep-$task-*/checkpoints/step-*.h5" >/dev/null || ! kill -0 "$job" 2>/dev/null; do sleep 0.01; done
      kill -TERM "$job" 2>/dev/null || true
    fi
    code=0
    wait "$job" || code=$?
    echo "$task $code" >>codes
  done
done
SH
cat >bin/scontrol <<'SH'
#!/usr/bin/env bash
[[ $1 == requeue && $2 == 7_* ]] && echo "${2#7_}" >>queue
SH
chmod +x bin/sbatch bin/scontrol
export PATH=$work/bin:$PATH
for task in 1 2; do
  echo "mlrun train made.yaml seed=$task 'train.for=40 epochs' --name sweep-$task --if-needed --resume auto -q"
done >sweep.txt
truncate -s -1 sweep.txt # an editor's file may end without the end of its last line
"$array" sweep.txt --time=1:00 || fail "the array ended with $?"
grep -q -- '--array=1-2 --requeue --signal=B:TERM@120 .*--time=1:00' sbatch.arguments || fail "sbatch was given $(<sbatch.arguments)"
[[ $(grep -c ' 143$' codes) == 2 && $(grep -c ' 0$' codes) == 2 ]] || fail "codes of the tasks: $(<codes), $(cat sweep-*.log)"
export MLRUN_RUN_ROOT=$work/alone
sed 's/ --if-needed --resume auto//' sweep.txt | sh -e
for task in 1 2; do
  same_state "$(compgen -G "$work/alone/sweep-$task-*")" "$(compgen -G "$work/experiments/sweep-$task-*")" || fail "task $task is another run"
done
finish
echo "slurm_array_test.sh: both tasks were stopped, put back and ended as runs that were left alone"
