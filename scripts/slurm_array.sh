#!/usr/bin/env bash
# Runs a sweep under Slurm: an array job with a task for each command of a file. A task whose time is nearly up saves and goes
# back into the queue, and then goes on from there.
#   mlrun grid configs/made.yaml optim.lr=1e-3,3e-4 --extra '--if-needed --resume auto' > sweep.txt
#   scripts/slurm_array.sh sweep.txt [OPTION OF sbatch]...      such as --time=2:00:00 --cpus-per-task=2
# Slurm sends SIGTERM 120 seconds before the limit of --time (SLURM_ARRAY_GRACE=SECONDS: another number), and when the job is
# preempted; mlrun answers it with a checkpoint and exit code 143, which is what puts the task back. Any other code ends it.
# The jobs run where this is called: the folder must be one that all nodes see.
set -euo pipefail

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
refuse() { printf 'slurm_array.sh: %s\n' "$@" >&2; exit 2; }

# --- A task of the array: sbatch runs a copy of this script.
if [[ ${1:-} == --task ]]; then
  command=$(sed -n "${SLURM_ARRAY_TASK_ID:?}p" "$2")
  echo "task $SLURM_ARRAY_TASK_ID: $command" >&2
  bash -c "$command" &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null' TERM
  code=0
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do # the wait was cut short by the signal, and it is saving
    code=0
    wait "$child" || code=$?
  done
  if [[ $code == 143 ]]; then
    echo "task $SLURM_ARRAY_TASK_ID: stopped by SIGTERM; it goes on when its turn comes again" >&2
    scontrol requeue "${SLURM_ARRAY_JOB_ID:?}_$SLURM_ARRAY_TASK_ID"
  fi
  exit "$code"
fi

[[ $# -ge 1 && $1 != -* ]] || usage
sweep=$1
shift
[[ -f $sweep ]] || refuse "there is no file $sweep"
commands=$(grep -c '' "$sweep" || true) # also a last line that does not end
[[ $commands -gt 0 ]] || refuse "$sweep is empty"
lacking=$(grep -nv -e '--resume auto' "$sweep" | cut -d: -f1 | head -n 1 || true)
if [[ -n $lacking ]]; then
  refuse "$sweep:$lacking: without --resume auto, so that a task that was stopped would begin again" \
    "  with it   mlrun grid ... --extra '--if-needed --resume auto' > $sweep"
fi
command -v sbatch >/dev/null || refuse "there is no sbatch here" "  without Slurm   parallel -j2 < $sweep"

exec sbatch --array="1-$commands" --requeue --signal="B:TERM@${SLURM_ARRAY_GRACE:-120}" --open-mode=append \
  --job-name="mlrun-$(basename "$sweep" .txt)" --output="${sweep%.txt}-%a.log" "$@" "$0" --task "$sweep"
