#!/usr/bin/env bash
# scripts/fetch_data.sh against a mirror on disk: a right file arrives, a wrong one never does.
# The real sums need the real data, so a copy of the script is given the sum of a toy file.
set -euo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/fetch_data.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

mkdir -p "$work/scripts" "$work/mirror/tinyshakespeare" "$work/mirror/binarized_mnist"
text=$work/mirror/tinyshakespeare/input.txt
printf 'To be, or not to be.\n' >"$text"
toy_sum=$(sha256sum "$text" | cut -d' ' -f1)
rows=$work/mirror/binarized_mnist/binarized_mnist
for split in train valid test; do echo "0 1 1 0 $split" >"${rows}_$split.amat"; done

copy=$work/scripts/fetch_data.sh
cp "$script" "$copy"
sed -i "s/^\(tinyshakespeare[^ ]* *\)[0-9a-f]* [0-9]*/\1$toy_sum $(stat -c %s "$text")/" "$copy"
for split in train valid test; do
  sum=$(sha256sum "${rows}_$split.amat" | cut -d' ' -f1)
  sed -i "s/^\(binarized_mnist[^ ]*_${split}[^ ]* *\)[0-9a-f]* [0-9]*/\1$sum $(stat -c %s "${rows}_$split.amat")/" "$copy"
done

export MLRUN_DATA_ROOT=$work/data MLRUN_MIRROR=file://$work/mirror

# expect CODE TEXT NAME ARGUMENT...
expect() {
  local code=0 output
  output=$("$copy" "${@:4}" 2>&1) || code=$?
  [[ $code == "$1" && $output == *"$2"* ]] || fail "$3" "expected exit $1 and \"$2\", got exit $code and: $output"
}
fail() {
  printf 'FAILED: %s\n  %s\n' "$1" "$2"
  failures=$((failures + 1))
}
arrived=$work/data/tinyshakespeare/input.txt

expect 2 "unknown data set" "an unknown data set is a wrong command line" cifar
expect 0 "all there" "a file is fetched" tinyshakespeare
cmp -s "$text" "$arrived" || fail "the fetched file is the mirror's" "they differ"
expect 0 "is there, SHA-256 ok" "a right file is left alone" tinyshakespeare

echo 'To be, or to be.' >"$arrived"
expect 0 "fetching it again" "a damaged file is replaced" tinyshakespeare
cmp -s "$text" "$arrived" || fail "the damaged file is replaced" "they differ"

rm "$arrived"
head -c 7 "$text" >"$arrived.part"
expect 0 "all there" "an interrupted download goes on" tinyshakespeare
cmp -s "$text" "$arrived" || fail "the continued file is whole" "they differ"

expect 0 "all there" "plain .amat is fetched and compressed" binarized_mnist
for split in train valid test; do
  gzip -dc "$work/data/binarized_mnist/binarized_mnist_$split.amat.gz" | cmp -s - "${rows}_$split.amat" ||
    fail "the compressed $split rows are the mirror's" "they differ"
done

echo 'To be, or so.' >"$text"
rm "$arrived"
expect 3 "has another SHA-256" "a wrong file is refused" tinyshakespeare
[[ ! -e $arrived && ! -e $arrived.part ]] || fail "a wrong file leaves nothing behind" "$(ls "$work/data/tinyshakespeare")"

rm "$text"
expect 3 "could not get tinyshakespeare/input.txt" "a dead mirror is named" tinyshakespeare

[[ $failures == 0 ]] || exit 1
echo "fetch_data.sh: all cases pass"
