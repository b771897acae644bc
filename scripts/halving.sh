#!/usr/bin/env bash
# Successive halving (Jamieson & Talwalkar 2016): trains every combination of a grid for a few steps, keeps the better half by
# valid/nll, trains that for twice as many, and so on until one is left. Each round costs what the first did.
#   scripts/halving.sh GROUP STEPS SPEC key=v1,v2... [OPTIONS of mlrun grid]
#   scripts/halving.sh lr 500 configs/made.yaml optim.lr=1e-4..1e-2:log model.hidden=100..800 --random 16
# Every run is begun anew, with the schedule of its own length, evaluated once, at its end, and found in the groups GROUP-0,
# GROUP-1 ... (a round each). Stop it and start it again: only the rest runs. Prints the order of every round on stderr and,
# as its answer, the command that trains the best one. Valid chooses; test is not looked at.
# MLRUN_JOBS: trainings at a time (1). MLRUN_BINARY: the mlrun to use (default: build/release/mlrun, or the one in PATH).
# Exit 0; 2: wrong command line; else the exit code of the mlrun that failed. A run that diverges is the worst of its round.
set -euo pipefail
if [[ $# -lt 4 || ! $1 =~ ^[A-Za-z0-9._-]+$ || ! $2 =~ ^[1-9][0-9]*$ ]]; then
  sed -n '4,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
group=$1 steps=$2 spec=$3
shift 3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mlrun=${MLRUN_BINARY:-$root/build/release/mlrun}
[[ -x $mlrun ]] || mlrun=$(command -v mlrun) || {
  echo "no mlrun: build it, or set MLRUN_BINARY" >&2
  exit 2
}
export mlrun spec
runs=${MLRUN_RUN_ROOT:-experiments}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$mlrun" -q grid "$spec" "$@" --json >"$work/grid"
# A line for each combination: its number, and its overrides as words of the shell.
python3 - "$work/grid" >"$work/left" <<'PYTHON'
import json, shlex, sys
for number, line in enumerate(open(sys.argv[1], encoding="utf-8")):
    print(number, shlex.join(json.loads(line)["overrides"]))
PYTHON
round=0
while :; do
  count=$(wc -l <"$work/left")
  echo "round $round: $count runs of $steps steps" >&2
  while read -r number overrides; do
    printf '%s\0' "\"\$mlrun\" -q train \"\$spec\" $overrides 'train.for=$steps steps' 'eval.every=1000000 epochs' \
eval.samples=0 --group $group-$round -o '$runs/$group-$round-$number' --resume auto >/dev/null || { code=\$?; [ \$code = 4 ] || exit 255; }"
  done <"$work/left" | xargs -0 -n 1 -P "${MLRUN_JOBS:-1}" sh -c
  "$mlrun" -q compare "@group:$group-$round" --json >"$work/results"
  # The better half, the best first.
  python3 - "$work/left" "$work/results" "$work/next" <<'PYTHON'
import json, math, sys
left = dict(line.rstrip("\n").split(" ", 1) for line in open(sys.argv[1], encoding="utf-8"))
found = {}
for line in open(sys.argv[2], encoding="utf-8"):
    result = json.loads(line)
    nll = result["valid_nll"]["mean"]
    for run in result["runs"]:
        found[run.rsplit("-", 1)[1]] = math.inf if nll is None or result["status"] != "finished" else nll
order = sorted((found.get(number, math.inf), int(number)) for number in left)
for nll, number in order:
    print(f"  {nll:10.3f}  {left[str(number)]}", file=sys.stderr)
if math.isinf(order[0][0]):
    sys.exit("halving.sh: no run of this round has a result")
with open(sys.argv[3], "w", encoding="utf-8") as file:
    for nll, number in order[:max(1, len(order) // 2)]:
        if not math.isinf(nll):
            file.write(f"{number} {left[str(number)]}\n")
PYTHON
  ((count > 1)) || break
  mv "$work/next" "$work/left"
  round=$((round + 1)) steps=$((2 * steps))
done
read -r _ overrides <"$work/left"
echo "$mlrun train $spec $overrides"
