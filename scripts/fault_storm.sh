#!/usr/bin/env bash
# Lets every single open, close, write, fsync, rename, unlink, truncate and mkdir of a small run fail, one after the
# other, with ENOSPC, EIO, EINTR, a short write, and a kill before it; then full disks. What must hold:
#   a run that says it is done has the very bytes of a run without faults; a run that cannot save ends with 5 and names
#   the path; EINTR and short writes change nothing; after any of it, resuming leads to the same bytes, without falling
#   back; metrics never stop a training.
#   scripts/fault_storm.sh
# The faults come from a preloaded library, tests/io/fault_shim/fault_shim.c, and from a small tmpfs where one may be
# mounted.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/../tests/scripts/tiny_runs.sh"
make_data
spec=$work/made.yaml
make_spec made "$spec"
short_run=('train.for=3 steps' 'eval.every=3 steps' 'train.log_every=2 steps' checkpoint.keep=2)
shim=$work/fault_shim.so
"${CC:-cc}" -O1 -shared -fPIC -o "$shim" "$project/tests/io/fault_shim/fault_shim.c"
export FAULT_REPORT=$work/tripped

# train RUN [VARIABLE=VALUE]...: begins or goes on with RUN under these faults. Sets $code; messages are in $work/stderr.
train() {
  local run=$1
  shift
  code=0
  rm -f "$FAULT_REPORT"
  # In the background, or the shell would tell of every kill.
  env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD="$shim" FAULT_UNDER="$run" "$@" \
    "$mlrun" train "$spec" "${short_run[@]}" -o "$run" --resume auto >/dev/null 2>"$work/stderr" &
  wait $! 2>/dev/null || code=$?
}
tripped() { [[ -e $FAULT_REPORT ]]; }
describe() { printf '%s; failed: %s; exit %s: %s' "$1" "$(tail -n 1 "$FAULT_REPORT")" "$code" "$(grep -v '^ ' "$work/stderr" | tail -n 3)"; }

# The run may not be lost: without faults it ends as the reference did, and every checkpoint it has is intact.
must_recover() {
  local run=$1 what=$2 before
  before=$(describe "$what")
  train "$run"
  if [[ $code != 0 ]]; then
    fail "not resumable: $before
  then exit $code: $(cat "$work/stderr")"
  elif grep -qE 'falling back|damaged' "$work/stderr"; then
    fail "left a checkpoint that is not valid: $before
  then: $(cat "$work/stderr")"
  elif ! same_state "$reference" "$run"; then
    fail "resumed to other bytes: $before"
  elif compgen -G "$run/*.tmp" >/dev/null || compgen -G "$run/checkpoints/*.tmp" >/dev/null; then
    fail "temporary files stay: $before"
  fi
}

# judge RUN HOW WHAT: after a run in which something failed.
judge() {
  local run=$1 how=$2 what=$3
  case $how:$code in
    kill:137) ;;
    EINTR:* | short:* | *:0)
      if [[ $code != 0 ]]; then
        fail "a short write or EINTR ended the run: $(describe "$what")"
      elif ! same_state "$reference" "$run"; then
        fail "said to be done, and is not: $(describe "$what")"
      fi
      return
      ;;
    *:5) grep -qF "$run" <(grep '^error: cannot' "$work/stderr") || fail "no path in the message: $(describe "$what")" ;;
    # The checkpoint to go on from could not be opened.
    *:7) grep -q '^open .*/checkpoints/' "$FAULT_REPORT" || fail "wrong exit code: $(describe "$what")" ;;
    *) fail "wrong exit code: $(describe "$what")" ;;
  esac
  must_recover "$run" "$what"
}

reference=$work/reference
train "$reference"
[[ $code == 0 ]] || { fail "without faults: exit $code: $(cat "$work/stderr")"; finish; }
# Begun and stopped in the middle, to be gone on with under faults.
half=$work/half
"$mlrun" -q train "$spec" "${short_run[@]}" -o "$half" --stop-after '2 steps' >/dev/null || [[ $? == 75 ]]

printf '%-8s %-8s %7s %7s %7s %7s\n' run how faults 'done' 'exit 5' killed
declare -A counted=(
  [EIO]='open,close,write,fsync,rename,unlink,truncate,mkdir'
  [ENOSPC]='open,write,mkdir,rename'
  [EINTR]='open,close,write,fsync,rename,unlink,truncate'  # mkdir never says so
  [short]='write'
  [kill]='open,write,rename,unlink,mkdir'                  # what changes the disk
)
for start in new resumed; do
  for how in EIO ENOSPC EINTR short kill; do
    calls=${counted[$how]}
    done_runs=0 failed_runs=0 killed_runs=0
    for ((n = 1; ; n++)); do
      run=$work/run
      rm -rf "$run"
      [[ $start == new ]] || cp -r "$half" "$run"
      train "$run" FAULT_HOW="$how" FAULT_AT="$n" FAULT_CALLS="$calls"
      tripped || break
      case $code in
        0) done_runs=$((done_runs + 1)) ;;
        5) failed_runs=$((failed_runs + 1)) ;;
        137) killed_runs=$((killed_runs + 1)) ;;
      esac
      judge "$run" "$how" "$start run, $how at call $n"
    done
    printf '%-8s %-8s %7d %7d %7d %7d\n' "$start" "$how" $((n - 1)) "$done_runs" "$failed_runs" "$killed_runs"
  done
done

# A disk that stays full, or broken.
run=$work/run
for how in ENOSPC EIO EACCES; do
  for file in metrics.jsonl run.h5; do
    rm -rf "$run"
    train "$run" FAULT_UNDER="$run/$file" FAULT_HOW="$how" FAULT_AT=1 FAULT_UNTIL=0
    if [[ $code != 0 ]]; then
      fail "$file cannot be written ($how) and stopped the training: exit $code: $(cat "$work/stderr")"
    elif ! tripped || ! grep -q 'warning:' "$work/stderr"; then
      fail "$file cannot be written ($how) and nobody said so: $(cat "$work/stderr")"
    elif ! cmp "$(last_checkpoint "$reference")" "$(last_checkpoint "$run")" >&2; then
      fail "$file cannot be written ($how) and the weights differ"
    fi
  done
  rm -rf "$run"
  train "$run" FAULT_UNDER="$run/checkpoints/" FAULT_HOW="$how" FAULT_AT=1 FAULT_UNTIL=0
  if [[ $code != 5 ]] || ! grep -qF "$run/checkpoints/" "$work/stderr"; then
    fail "no checkpoint can be written ($how): exit $code: $(cat "$work/stderr")"
  fi
  must_recover "$run" "no checkpoint could be written ($how)"
done

# A real full disk: a tmpfs of every size from too small for the spec to enough.
disk=$work/disk
mkdir "$disk"
if mount -t tmpfs -o size=4k tmpfs "$disk" 2>/dev/null; then
  trap 'umount -l "$disk"; clean_up' EXIT
  run=$disk/run full=0 roomy=0
  for ((kib = 4; roomy == 0; kib += 8)); do
    rm -rf "$run"
    mount -o "remount,size=${kib}k" "$disk"
    train "$run"
    case $code in
      0) roomy=$kib ;;
      5)
        full=$((full + 1))
        grep -qF "$disk" "$work/stderr" || fail "disk of $kib KiB: no path in the message: $(cat "$work/stderr")"
        ;;
      *) fail "disk of $kib KiB: exit $code: $(cat "$work/stderr")" ;;
    esac
    mount -o remount,size=16m "$disk"
    echo "disk of $kib KiB" >"$FAULT_REPORT"
    must_recover "$run" "disk of $kib KiB"
    ((kib < 4096)) || { fail "4 MiB are not enough for a run of $(du -s "$reference")"; break; }
  done
  echo "tmpfs: $full sizes were too small and said so; $roomy KiB were enough"
else
  echo "tmpfs: may not be mounted here; the preloaded library alone stands for full disks"
fi
finish
echo "fault storm passed"
