#!/usr/bin/env bash
# scripts/slurm_train.sh with stand-ins for srun and scontrol: a job whose time is over is saved and queued again, with
# another number of nodes, until the run is finished, to the bytes of one process; a spec that is wrong is not queued again.
#   tests/scripts/slurm_test.sh          skipped (77) where MPI is not installed
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
need_mpi
make_data
spec=$work/made.yaml
make_spec made "$spec"
words=("$spec" compute.lanes=4)
mkdir "$work/bin"
# As many ranks as the job has nodes. SIGTERM is passed on to the tasks, and what they answer is the answer.
cat >"$work/bin/srun" <<'SRUN'
#!/usr/bin/env bash
while [[ $1 == --* ]]; do echo "$1" >>"$SLURM_LOG"; shift; done
mpirun -n "$SLURM_NNODES" "$@" &
launcher=$!
trap 'kill -TERM $(<"/proc/$launcher/task/$launcher/children")' TERM
while code=0; wait "$launcher" || code=$?; kill -0 "$launcher" 2>/dev/null; do :; done
exit "$code"
SRUN
# shellcheck disable=SC2016 # for the script that is written
printf '#!/usr/bin/env bash\necho "scontrol $*" >>"$SLURM_LOG"\n' >"$work/bin/scontrol"
chmod +x "$work/bin/srun" "$work/bin/scontrol"
export PATH="$work/bin:$PATH" SLURM_LOG=$work/log SLURM_JOB_ID=4711 MLRUN_BINARY=$mlrun
: >"$SLURM_LOG"

reference=$work/reference
"$mlrun" -q train "${words[@]}" -o "$reference" >/dev/null
run=$work/run
# The job's time is over after so many steps; then after a moment, by a signal to the batch script; then it is enough.
job() { # NODES WORDS...: sets $code
  code=0
  SLURM_NNODES=$1 timeout 120 "$project/scripts/slurm_train.sh" "${words[@]}" -o "$run" "${@:2}" >"$work/out" 2>"$work/err" || code=$?
}
requeued() { grep -c 'scontrol requeue 4711' "$SLURM_LOG" || true; }
job 3 --stop-after '20 steps'
[[ $code == 75 && $(requeued) == 1 ]] || fail "stopped: exit $code, queued $(requeued) times: $(<"$work/err")"
grep -q -- --mpi=pmix "$SLURM_LOG" || fail 'srun was not told how ranks meet'

SLURM_NNODES=2 "$project/scripts/slurm_train.sh" "${words[@]}" -o "$run" >"$work/out" 2>"$work/err" &
batch=$!
for ((i = 0; i < 400; i++)); do
  [[ $(basename "$(last_checkpoint "$run")") < step-000000023 ]] || break
  sleep 0.05
done
kill -TERM "$batch"
code=0
wait "$batch" || code=$?
if [[ $code == 143 ]]; then
  [[ $(requeued) == 2 ]] || fail "exit $code, queued $(requeued) times"
elif [[ $code != 0 ]]; then  # it was finished before it was told
  fail "SIGTERM: exit $code: $(<"$work/err")"
fi
grep -q 'interrupted at step\|finished at step' "$work/err" || fail "SIGTERM was not heard: $(<"$work/err")"

job 4
[[ $code == 0 ]] || fail "the last job: exit $code: $(<"$work/err")"
same_state "$reference" "$run" || fail 'a run of three jobs differs from one process'
before=$(requeued)
job 2 modle.kind=nade
[[ $code == 2 && $(requeued) == "$before" ]] || fail "a wrong spec: exit $code, queued $(requeued) times"
finish
