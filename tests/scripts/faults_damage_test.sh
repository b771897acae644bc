#!/usr/bin/env bash
# Damaged checkpoints, through the program: eval and sample end with 7; resuming warns and takes the older checkpoint, to
# the same bytes; with none intact it ends with 7 and leaves everything as it is.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
seed_random
make_data
spec=$work/made.yaml
make_spec made "$spec"
reference=$work/reference half=$work/half run=$work/run
"$mlrun" -q train "$spec" 'train.for=30 steps' -o "$reference" >/dev/null
"$mlrun" -q train "$spec" 'train.for=30 steps' -o "$half" --stop-after '20 steps' >/dev/null || [[ $? == 75 ]]
newest=$(last_checkpoint "$half")
bytes=$(stat -c %s "$newest")

# damage FILE KIND: changes one bit, or cuts the file, at a random place.
damage() {
  local at=$(((RANDOM * 32768 + RANDOM) % bytes)) byte
  case $2 in
    bit)
      byte=$(od -An -tu1 -j "$at" -N 1 "$1")
      printf '%b' "\\x$(printf %x $((byte ^ (1 << RANDOM % 8))))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
      ;;
    cut) truncate -s "$at" "$1" ;;
    longer) head -c 512 /dev/zero >>"$1" ;;
    zeros) head -c "$bytes" /dev/zero >"$1" ;;
  esac
  what="$2 at $at of $bytes"
}
# expect CODE TEXT COMMAND...
expect() {
  local code=0
  "${@:3}" >"$work/stdout" 2>"$work/stderr" || code=$?
  if [[ $code != "$1" ]] || ! grep -qF -- "$2" "$work/stderr"; then
    fail "$what: ${*:3}: expected exit $1 and \"$2\", got exit $code: $(cat "$work/stderr")"
  fi
}

for kind in bit bit bit bit bit bit bit bit cut cut cut cut longer zeros; do
  rm -rf "$run"
  cp -r "$half" "$run"
  file=$run/checkpoints/$(basename "$newest")
  damage "$file" "$kind"
  expect 7 "$file" "$mlrun" eval "$file"
  expect 7 "$file" "$mlrun" sample "$file" -n 1 -o -
  expect 7 "$file" "$mlrun" show --verify "$run"
  expect 0 "falling back to an older checkpoint" "$mlrun" train --resume "$run"
  grep -qF "warning: $file" "$work/stderr" || fail "$what: the warning does not name $file"
  same_state "$reference" "$run" || fail "$what: resumed to other bytes"
done

rm -rf "$run"
cp -r "$half" "$run"
for file in "$run"/checkpoints/*.h5; do damage "$file" bit; done
before=$(cd "$run" && find . -name '*.h5' -o -name '*.yaml' -o -name '*.jsonl' | LC_ALL=C sort | xargs sha256sum)
expect 7 "none of its" "$mlrun" train --resume "$run"
expect 7 "none of its" "$mlrun" eval "$run"
after=$(cd "$run" && find . -name '*.h5' -o -name '*.yaml' -o -name '*.jsonl' | LC_ALL=C sort | xargs sha256sum)
[[ $before == "$after" ]] || fail "a run without an intact checkpoint was changed"
finish
echo "damage: 14 checkpoints refused, 14 runs went on from the one before"
