#!/usr/bin/env bash
# Kills random ranks of trainings at random moments by SIGKILL, resumes them with a random number of ranks, and compares
# the end with a run of one process that was left alone: weights, optimizer and metrics must be the same bytes.
#   scripts/rank_storm.sh [KILLS [FAMILY]...]      default: 40 kills, shared out to made, gated_pixelcnn and vqvae
# A family is a kind of model, as of scripts/kill_storm.sh. Needs MPI (exit code 77, with a word, where there is none).
# Checkpoints are written after every step. MLRUN_STORM_SEED repeats the choices (though not what the machine does
# meanwhile), MLRUN_KEEP keeps the files, MLRUN_BINARY names the program.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
# shellcheck source=tests/scripts/storm.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/storm.sh"
storm_arguments 40 "$@"
[[ ${#models[@]} -gt 0 ]] || models=(made gated_pixelcnn vqvae)
need_mpi
seed_random
make_data
make_labelled_data
lanes=4

# One attempt at RUN with 1 to 4 ranks. With MODE kill one of them is killed, some milliseconds after they began. Sets $killed.
attempt() {
  local run=$1 mode=$2 size launched code=0 launcher pids victim waited
  size=$((RANDOM % lanes + 1))
  launched=("$mlrun")
  ((size == 1)) || launched=(mpirun -n "$size" "$mlrun")
  # Every other time by name, or told to find out.
  local how=("$spec" "compute.lanes=$lanes" -o "$run" --resume auto)
  if [[ -f $run/resolved.yaml ]] && ((RANDOM % 2)); then how=(--resume "$run"); fi
  timeout -k 5 $((120 * patience)) "${launched[@]}" -q train "${how[@]}" >/dev/null 2>"$work/stderr" &
  waited=$!
  killed=0
  if [[ $mode == kill ]]; then
    random_seconds "$limit"
    sleep "$delay"
    launcher=$(children_of "$waited")
    if [[ -n $launcher ]]; then
      mapfile -t pids < <(children_of "$launcher")
      ((size > 1)) || pids=("$launcher")
      if ((${#pids[@]} > 0)); then
        victim=${pids[RANDOM % ${#pids[@]}]}
        kill -9 "$victim" 2>/dev/null && killed=1
      fi
    fi
  fi
  local begun
  begun=$(date +%s%N)
  wait "$waited" 2>/dev/null || code=$?
  if ((killed && code != 0 && $(date +%s%N) - begun > 10000000000 * patience)); then
    fail "$model: $size ranks ended more than 10 s after a kill, with $code: $(cat "$work/stderr")"
  fi
  case $code in
    # 137: of the killed one. 76: mpirun had not yet seen its death when the others were gone.
    0 | 76 | 137) ;;
    *)
      lost=$((lost + 1))
      fail "$model: exit $code of train ${how[*]} with $size ranks: $(cat "$work/stderr")"
      ;;
  esac
  if ((code == 0)); then killed=0; fi
}

reference_of() {
  "$mlrun" -q train "$1" "compute.lanes=$lanes" -o "$2" >/dev/null
  local started
  started=$(date +%s%N)
  mpirun -n 2 "$mlrun" -q train "$1" "compute.lanes=$lanes" -o "$work/$model-timed" >/dev/null
  limit=$((($(date +%s%N) - started) / 1000000))
  same_state "$2" "$work/$model-timed" || fail "$model: two ranks differ from one process"
}

same() { same_state "$@"; }

storm
finish
