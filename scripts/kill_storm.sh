#!/usr/bin/env bash
# Kills training at random moments by SIGKILL, resumes it, and compares the end with a run that was left alone: weights,
# metrics and samples must be the same bytes.
#   scripts/kill_storm.sh [KILLS [MODEL]...]      default: 50 kills, shared out to fvsbn, nade and made
# Checkpoints are written after every step, so many kills fall into a save. MLRUN_STORM_SEED repeats the delays (though
# not what the machine does meanwhile), MLRUN_KEEP keeps the files, MLRUN_BINARY names the program.
set -euo pipefail
kills=${1:-50}
shift || true
models=("$@")
[[ ${#models[@]} -gt 0 ]] || models=(fvsbn nade made)
if [[ ! $kills =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: scripts/kill_storm.sh [KILLS [MODEL]...]" >&2
  exit 2
fi
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
seed_random
make_data

# One attempt at RUN, killed after at most $limit milliseconds if MODE is kill. Sets $killed.
attempt() {
  local run=$1 mode=$2 child code=0
  # Every other time by name, or told to find out.
  local how=("$spec" -o "$run" --resume auto)
  if [[ -f $run/resolved.yaml ]] && ((RANDOM % 2)); then how=(--resume "$run"); fi
  "$mlrun" -q train "${how[@]}" >/dev/null 2>"$work/stderr" &
  child=$!
  if [[ $mode == kill ]]; then
    random_seconds "$limit"
    sleep "$delay"
    kill -9 "$child" 2>/dev/null || true
  fi
  wait "$child" 2>/dev/null || code=$?
  case $code in
    0) killed=0 ;;
    137) killed=1 ;;
    *)
      killed=0
      lost=$((lost + 1))
      fail "$model: exit $code of train ${how[*]}: $(cat "$work/stderr")"
      ;;
  esac
}

table=()
for index in "${!models[@]}"; do
  model=${models[$index]}
  spec=$work/$model.yaml
  make_spec "$model" "$spec"
  share=$((kills / ${#models[@]} + (index < kills % ${#models[@]} ? 1 : 0)))
  reference=$work/$model-reference
  started=$(date +%s%N)
  "$mlrun" -q train "$spec" -o "$reference" >/dev/null
  limit=$((($(date +%s%N) - started) / 1500000))  # two thirds of a run
  done_kills=0 runs=0 lost=0 differing=0 in_save=0
  while ((done_kills < share)); do
    run=$work/$model-run
    rm -rf "$run"
    runs=$((runs + 1))
    lost_before=$lost
    # The last quota of kills may leave a run unfinished: it is then resumed to its end without a kill.
    while ! finished "$run" && ((lost == lost_before)); do
      if ((done_kills < share)); then attempt "$run" kill; else attempt "$run" spare; fi
      done_kills=$((done_kills + killed))
      if ((killed)) && compgen -G "$run/checkpoints/*.tmp" >/dev/null; then in_save=$((in_save + 1)); fi
    done
    ((lost == lost_before)) || continue
    if ! same_run "$reference" "$run"; then
      differing=$((differing + 1))
      fail "$model: run $runs differs from the one that was left alone (seed $seed)"
    fi
  done
  table+=("$(printf '%-8s %7d %9d %7d %6d %9d' "$model" "$done_kills" "$in_save" "$runs" "$lost" "$differing")")
done
printf '%-8s %7s %9s %7s %6s %9s\n' model kills 'in saves' runs lost differing
printf '%s\n' "${table[@]}"
finish
