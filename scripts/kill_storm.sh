#!/usr/bin/env bash
# Kills training at random moments by SIGKILL, resumes it, and compares the end with a run that was left alone: weights,
# metrics and samples must be the same bytes.
#   scripts/kill_storm.sh [KILLS [FAMILY]...]      default: 50 kills, shared out to all families
# A family is a kind of model (all that the program knows; a mixture is of two runs), `codes` (a prior of the codes of a VQ-VAE), or `fine_tuned`
# (a run begun with --from).
# Checkpoints are written after every step, so many kills fall into a save. MLRUN_STORM_SEED repeats the delays (though
# not what the machine does meanwhile), MLRUN_KEEP keeps the files, MLRUN_BINARY names the program.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
# shellcheck source=tests/scripts/storm.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/storm.sh"
storm_arguments 50 "$@"
seed_random
make_data
make_labelled_data
if [[ ${#models[@]} -eq 0 ]]; then
  kinds=$("$mlrun" config schema model --json |
    python3 -c 'import json, sys; print(*json.load(sys.stdin)["properties"]["model"]["properties"]["kind"]["enum"])')
  read -ra models <<<"$kinds codes fine_tuned"
fi
[[ ${#models[@]} -gt 2 || $# -gt 1 ]] || { echo "kill_storm.sh: the program names no models" >&2; exit 1; }
# What three families begin from.
stage_one=$work/stage_one origin=$work/origin origin_2=$work/origin_2
make_spec vqvae "$work/vqvae.yaml"
"$mlrun" -q train "$work/vqvae.yaml" 'train.for=2 epochs' -o "$stage_one" >/dev/null
make_spec made "$work/made.yaml"
"$mlrun" -q train "$work/made.yaml" 'train.for=2 epochs' -o "$origin" >/dev/null
"$mlrun" -q train "$work/made.yaml" model.kind=fvsbn 'train.for=2 epochs' -o "$origin_2" >/dev/null

# One attempt at RUN, killed after at most $limit milliseconds if MODE is kill. Sets $killed.
attempt() {
  local run=$1 mode=$2 child code=0
  # Every other time by name, or told to find out.
  local how=("$spec" "${from[@]}" -o "$run" --resume auto)
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

reference_of() {
  from=()
  [[ $model != fine_tuned ]] || from=(--from "$origin")
  local started
  started=$(date +%s%N)
  "$mlrun" -q train "$1" "${from[@]}" -o "$2" >/dev/null
  limit=$((($(date +%s%N) - started) / 1500000))  # two thirds of a run
}

same() { same_run "$@"; }

storm
finish
