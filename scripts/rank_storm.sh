#!/usr/bin/env bash
# Kills random ranks of trainings at random moments by SIGKILL, resumes them with a random number of ranks, and compares
# the end with a run of one process that was left alone: weights, optimizer and metrics must be the same bytes.
#   scripts/rank_storm.sh [KILLS [FAMILY]...]      default: 40 kills, shared out to made, gated_pixelcnn and vqvae
# A family is a kind of model, as of scripts/kill_storm.sh. Needs MPI (exit code 77, with a word, where there is none).
# Checkpoints are written after every step. MLRUN_STORM_SEED repeats the choices (though not what the machine does
# meanwhile), MLRUN_KEEP keeps the files, MLRUN_BINARY names the program.
set -euo pipefail
kills=${1:-40}
shift || true
models=("$@")
[[ ${#models[@]} -gt 0 ]] || models=(made gated_pixelcnn vqvae)
if [[ ! $kills =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: scripts/rank_storm.sh [KILLS [FAMILY]...]" >&2
  exit 2
fi
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
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

table=()
for index in "${!models[@]}"; do
  model=${models[$index]}
  spec=$work/$model.yaml
  make_spec "$model" "$spec"
  share=$((kills / ${#models[@]} + (index < kills % ${#models[@]} ? 1 : 0)))
  reference=$work/$model-reference
  "$mlrun" -q train "$spec" "compute.lanes=$lanes" -o "$reference" >/dev/null
  started=$(date +%s%N)
  mpirun -n 2 "$mlrun" -q train "$spec" "compute.lanes=$lanes" -o "$work/$model-timed" >/dev/null
  limit=$((($(date +%s%N) - started) / 1000000))
  same_state "$reference" "$work/$model-timed" || fail "$model: two ranks differ from one process"
  done_kills=0 runs=0 lost=0 differing=0
  while ((done_kills < share)); do
    run=$work/$model-run
    rm -rf "$run"
    runs=$((runs + 1))
    lost_before=$lost
    while ! finished "$run" && ((lost == lost_before)); do
      if ((done_kills < share)); then attempt "$run" kill; else attempt "$run" spare; fi
      done_kills=$((done_kills + killed))
    done
    ((lost == lost_before)) || continue
    if ! same_state "$reference" "$run"; then
      differing=$((differing + 1))
      fail "$model: run $runs differs from the one that was left alone (seed $seed)"
    fi
  done
  table+=("$(printf '%-19s %7d %7d %6d %9d' "$model" "$done_kills" "$runs" "$lost" "$differing")")
done
printf '%-19s %7s %7s %6s %9s\n' family kills runs lost differing
printf '%s\n' "${table[@]}"
finish
