#!/usr/bin/env bash
#SBATCH --job-name=mlrun
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@120
# One run on all nodes of a Slurm job. When the job's time is nearly over, or it is to make room, Slurm sends SIGTERM: the run
# is saved, the job is put back into the queue, and when it is started again, on as many nodes as it then gets, goes on to the
# same bits. So a run may last longer than any job.
#   sbatch [--nodes N] [--time T] [OPTION]... scripts/slurm_train.sh SPEC [key=value]...
# What follows SPEC is given to `mlrun train`. Options of sbatch take the place of those above; --cpus-per-task says how many
# threads a rank has. MLRUN_SRUN_OPTIONS (default --mpi=pmix) are srun's; MLRUN_BINARY names the program.
set -euo pipefail
[[ $# -gt 0 ]] || { sed -n '/^# One run/,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
: "${SLURM_JOB_ID:?slurm_train.sh is for sbatch; by hand   mpirun mlrun train ...}"
mlrun=${MLRUN_BINARY:-mlrun}
read -ra options <<<"${MLRUN_SRUN_OPTIONS:---mpi=pmix}"
# All cores of a task are one rank's, whose lanes are its threads.
options+=(--kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}")

# A signal for the batch script is for the step: bash waits for it, and so goes on waiting.
srun "${options[@]}" "$mlrun" train "$@" --resume auto --if-needed --progress lines &
step=$!
trap 'kill -TERM "$step" 2>/dev/null || true' TERM
code=0
wait "$step" || code=$?
while kill -0 "$step" 2>/dev/null; do
  code=0
  wait "$step" || code=$?
done

case $code in
  0) ;;
  # Stopped and saved; or a rank, or its node, was lost.
  75 | 76 | 143)
    echo "slurm_train.sh: not finished (exit $code): job $SLURM_JOB_ID is queued again" >&2
    scontrol requeue "$SLURM_JOB_ID" ;;
  *) echo "slurm_train.sh: exit $code: not queued again" >&2 ;;
esac
exit "$code"
