#!/usr/bin/env bash
# Trainings of equal time: times a step of each spec on this machine, which should be idle, and prints one train command
# per spec, with as many steps as take MINUTES on one core. It trains nothing; the shell does:
#   scripts/equal_time.sh MINUTES GROUP SPEC...      SPEC: a YAML file, with key=value (no blanks) after it inside the same quotes
#   scripts/equal_time.sh 15 mixers configs/sequence*.yaml > mixers.txt
#   parallel -j2 < mixers.txt                        stop it and start it again: only the rest runs
#   mlrun compare @group:mixers --sort valid/nll --md
# A run is evaluated once, at its end. MLRUN_BINARY: the mlrun to use (default: the newest build).
# Exit 0: all commands are printed; 2: wrong command line; else the exit code of the mlrun that failed.
set -euo pipefail
if [[ $# -lt 3 || ! $1 =~ ^[1-9][0-9]*$ ]]; then
  sed -n '4,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
minutes=$1 group=$2
shift 2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mlrun=${MLRUN_BINARY:-$root/build/release/mlrun}
[[ -x $mlrun ]] || mlrun=$(command -v mlrun) || {
  echo "no mlrun: build it, or set MLRUN_BINARY" >&2
  exit 2
}
for spec in "$@"; do
  read -r -a words <<<"$spec"
  answer=$("$mlrun" profile "${words[@]}" --steps 5 --warmup 1 --threads 1 --json)
  [[ $answer =~ \"median\":([0-9.e+-]+) ]] || { echo "equal_time.sh: no median in the profile of $spec" >&2; exit 1; }
  ms=${BASH_REMATCH[1]}
  steps=$(awk -v minutes="$minutes" -v ms="$ms" 'BEGIN { printf "%d", minutes * 60000 / ms }')
  echo "$mlrun train ${words[*]} 'train.for=$steps steps' 'eval.every=1000 epochs' --group $group --threads 1 --if-needed --resume auto"
done
