#!/usr/bin/env bash
# One run in many environments: locale, time zone, limits, home, OpenMP's variables, one core, dirty memory, closed
# descriptors. Checkpoints, metrics, samples and likelihoods must be the same bytes in all of them.
#   scripts/environment_matrix.sh
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
make_data
spec=$work/made.yaml
make_spec made "$spec"
cd "$work"

# A locale that writes 1,5. Without the definitions (package locales) the name alone is set, and said.
mkdir locales
german=(LC_ALL=de_DE.UTF-8)
if localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2>/dev/null; then german+=(LOCPATH="$work/locales"); else
  echo "note: localedef cannot make de_DE.UTF-8 here; LC_ALL is set to a locale that does not exist"
fi
mkdir home
chmod 500 home

# try NAME COMMAND...: COMMAND is put before mlrun.
try() {
  local name=$1 run=$work/run code=0 log=$work/log
  shift
  rm -rf "$run"
  {
    "$@" "$mlrun" train "$spec" 'train.for=30 steps' -o "$run" --stop-after '13 steps' || [[ $? == 75 ]]
    "$@" "$mlrun" train --resume "$run"
    "$@" "$mlrun" eval "$run" --which last --split test --per-example "$run/nll.h5" --json
  } >"$log" 2>&1 || code=$?
  likelihood=$(sed -n 's/.*"nll":\([^,]*\),"nll_se":\([^,]*\),.*/\1 \2/p' "$log" | tail -n 1)
  if [[ $code != 0 ]]; then
    fail "$name: exit $code: $(tail -n 5 "$log")"
  elif [[ -z ${expected:-} ]]; then
    expected=$likelihood
    mv "$run" "$work/reference"
  elif ! same_run "$work/reference" "$run"; then
    fail "$name: other bytes"
  elif [[ $likelihood != "$expected" ]]; then
    fail "$name: a likelihood of $likelihood instead of $expected"
  else
    printf '  %-34s the same bytes\n' "$name"
  fi
}
with_limit() {
  ulimit "$1" "$2"
  "${@:3}"
}
limited() { (with_limit "$@"); }
with_umask() { (umask 077 && "$@"); }
# A program that opens a file gets the lowest free number: with 2 closed, messages could go into a checkpoint.
closed_input() { "$@" <&-; }
closed_output() { "$@" 1>&-; }
all_closed() { "$@" <&- 1>&- 2>&-; }
full_output() { "$@" >/dev/full; }

try "the reference" env
[[ -n ${expected:-} ]] || finish
try "locale de_DE" env "${german[@]}"
try "locale that does not exist" env LC_ALL=xx_YY LANG=xx
try "TZ=Pacific/Kiritimati" env TZ=Pacific/Kiritimati
try "TZ of nonsense" env TZ=:/nowhere/at/all
try "ulimit -n 32" limited -n 32
try "ulimit -s 256" limited -s $((256 * patience))
try "read-only home" env HOME="$work/home" XDG_CACHE_HOME="$work/home/cache"
try "home that cannot be" env HOME=/proc/nowhere
try "no home, no environment" env -i MLRUN_DATA_ROOT="$MLRUN_DATA_ROOT" MLRUN_MAX_ISA="${MLRUN_MAX_ISA:-}" \
  TSAN_OPTIONS="${TSAN_OPTIONS:-}"
try "OMP_NUM_THREADS=7, active" env OMP_NUM_THREADS=7 OMP_WAIT_POLICY=active OMP_DYNAMIC=true
try "OMP_NUM_THREADS=1, passive" env OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive OMP_STACKSIZE=64k
try "OMP of nonsense" env OMP_NUM_THREADS=-3 OMP_SCHEDULE=x OMP_PLACES=nowhere OMP_PROC_BIND=perhaps
try "GOMP_CPU_AFFINITY=0" env GOMP_CPU_AFFINITY=0
first_core=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
try "one core" taskset -c "$first_core"
try "MLRUN_THREADS=1" env MLRUN_THREADS=1
try "dirty memory" env MALLOC_PERTURB_=165
try "one malloc arena" env MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=4096
try "HDF5's variables" env HDF5_USE_FILE_LOCKING=FALSE HDF5_PLUGIN_PATH=/nowhere HDF5_DRIVER=nonsense
try "umask 077" with_umask
try "no terminal, NO_COLOR" env TERM=dumb NO_COLOR=1 COLUMNS=1
try "closed stdin" closed_input
# The answer goes nowhere, but the run must be whole; an answer that could not be written is no success.
for how in closed_output all_closed full_output; do
  run=$work/run
  rm -rf "$run"
  code=0
  "$how" "$mlrun" train "$spec" 'train.for=30 steps' -o "$run" 2>/dev/null || code=$?
  wanted=0
  [[ $how != full_output ]] || wanted=5
  if ! same_state "$work/reference" "$run"; then
    fail "$how: other bytes (exit $code)"
  elif [[ $code != "$wanted" ]]; then
    fail "$how: exit $code"
  elif grep -v '^{' "$run/metrics.jsonl" >&2; then
    fail "$how: messages went into the journal"
  else
    printf '  %-34s the same bytes, exit %s\n' "${how//_/ }" "$code"
  fi
done

# A limit on the size of files is a full disk, not a death by SIGXFSZ.
rm -rf "$work/run"
code=0
limited -f 8 "$mlrun" train "$spec" 'train.for=30 steps' -o "$work/run" >/dev/null 2>"$work/log" || code=$?
if [[ $code != 5 ]] || ! grep -q "^error: cannot write $work/run/" "$work/log"; then
  fail "ulimit -f: exit $code: $(cat "$work/log")"
fi
finish
echo "environments passed"
