# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by the storms (scripts/kill_storm.sh, scripts/rank_storm.sh): runs that are killed at random moments and resumed, until
# they end, and must then be what a run is that was left alone. Beside what is below, a storm says what differs:
#   reference_of SPEC RUN   trains RUN without a kill, and sets $limit, the milliseconds within which kills come
#   attempt RUN kill|spare  goes on with RUN, which is killed or not; sets $killed, and counts in $lost what ended otherwise
#   same RUN RUN            whether the two are the same
# source tests/scripts/tiny_runs.sh before it.

# The arguments [KILLS [FAMILY]...]: sets $kills and $models. storm_arguments DEFAULT_KILLS "$@"
storm_arguments() {
  kills=${2:-$1}
  models=("${@:3}")
  if [[ ! $kills =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: scripts/${0##*/} [KILLS [FAMILY]...]" >&2
    exit 2
  fi
}

# Runs of each family in $models until it has had its share of $kills. Prints a table.
storm() {
  local table=() index share runs differing in_save done_kills run reference lost_before
  for index in "${!models[@]}"; do
    model=${models[$index]}
    spec=$work/$model.yaml
    make_spec "$model" "$spec"
    share=$((kills / ${#models[@]} + (index < kills % ${#models[@]} ? 1 : 0)))
    reference=$work/$model-reference
    reference_of "$spec" "$reference"
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
      if ! same "$reference" "$run"; then
        differing=$((differing + 1))
        fail "$model: run $runs differs from the one that was left alone (seed $seed)"
      fi
    done
    table+=("$(printf '%-19s %7d %9d %7d %6d %9d' "$model" "$done_kills" "$in_save" "$runs" "$lost" "$differing")")
  done
  printf '%-19s %7s %9s %7s %6s %9s\n' family kills 'in saves' runs lost differing
  printf '%s\n' "${table[@]}"
}
