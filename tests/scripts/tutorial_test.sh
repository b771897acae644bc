#!/usr/bin/env bash
# Runs every command of configs/TUTORIAL.md, in its order and as it stands there, in a place like a checkout. The two blocks
# that begin with `timeout` kill a sweep; the report at the end is that of the sweep, whole.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
mkdir "$work/bin" "$work/place" "$work/home"
ln -s "$mlrun" "$work/bin/mlrun"
export PATH=$work/bin:$PATH HOME=$work/home NO_COLOR=1 TERM=dumb LC_ALL=C.UTF-8
unset MLRUN_RUN_ROOT MLRUN_DATA_ROOT XDG_CACHE_HOME
ln -s "$project/configs" "$work/place/configs"
cd "$work/place"

blocks=0 kills=0 block='' inside=''
run_block() {
  local code=0
  blocks=$((blocks + 1))
  { bash -euo pipefail -c "$1" >"$work/out" 2>"$work/err" </dev/null; } 2>/dev/null || code=$? # silent of kills
  case $1 in
    timeout*)
      kills=$((kills + 1))
      [[ $code == 124 || $code == 137 ]] || fail "the sweep was over before it was killed (exit $code): $1" ;;
    *) [[ $code == 0 ]] || fail "exit $code: $1"$'\n'"$(tail -n 20 "$work/err")" ;;
  esac
}
while IFS= read -r line; do
  case $line in
    '```sh') inside=1 block='' ;;
    '```') [[ -z $inside ]] || run_block "$block"; inside='' ;;
    *) [[ -z $inside ]] || block+=$line$'\n' ;;
  esac
done <"$project/configs/TUTORIAL.md"
[[ $blocks -ge 10 && $kills == 2 ]] || fail "$blocks blocks, of which $kills kill the sweep"

runs=$(mlrun ls --json --where 'group = lr')
[[ $(grep -c . <<<"$runs") == 6 ]] || fail "the sweep has other runs than six: $runs"
[[ $(grep -c '"status":"finished"' <<<"$runs") == 6 ]] || fail "not all are finished: $runs"
for file in nearest.png classes.png pairs.png lr.svg lr.html weights.safetensors metrics.csv; do
  [[ -s $file ]] || fail "$file was not made"
done
# The report names all six, and holds the sheet that was put beside the samples.
while IFS= read -r run; do
  id=${run#*\"run\":\"}
  id=${id%%\"*}
  grep -q "${id##*/}" lr.html || fail "the report has no run ${id##*/}"
done <<<"$runs"
grep -q 'nearest</figcaption>' lr.html || fail 'the report has no sheet of nearest images'
echo "$blocks blocks of the tutorial, a sweep that was killed $kills times"
finish
