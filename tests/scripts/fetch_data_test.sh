#!/usr/bin/env bash
# scripts/fetch_data.sh against a mirror on disk: a right file arrives, a wrong one never does.
# The real sums need the real data, so a copy of the script is given the sum of a toy file.
set -euo pipefail
real=${MLRUN_DATA_ROOT:-} program=${MLRUN_BINARY:-}
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

# A file that is there is right in every packing and under every name that mlrun reads, and is left as it is.
mkdir -p "$work/data/mnist"
sum_of() { sha256sum "$1" | cut -d' ' -f1; }
for name in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
  echo "content of $name" >"$work/$name"
  sed -i "s/^\(mnist.${name}[^ ]* *\)[0-9a-f]* [0-9]*/\1$(sum_of "$work/$name") $(stat -c %s "$work/$name")/" "$copy"
done
as() { # as NAME COMMAND...: the four files in this form
  rm -rf "$work/data/mnist" && mkdir "$work/data/mnist"
  for name in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    "${@:2}" "$work/$name" >"$work/data/mnist/$(eval "echo $1")"
  done
}
# shellcheck disable=SC2016  # `as` expands the name, once for each file
{
  as '$name.gz' gzip -1c && expect 0 "train-images-idx3-ubyte.gz is there" "gzip -1 is right" mnist
  as '$name.gz' gzip -9nc && expect 0 "train-images-idx3-ubyte.gz is there" "gzip -9 -n is right" mnist
  as '$name.gz' gzip -Nc && expect 0 "train-images-idx3-ubyte.gz is there" "a name in the header is right" mnist
  as '$name' cat && expect 0 "train-images-idx3-ubyte is there" "a plain file is right" mnist
  as '${name/-idx/.idx}' cat && expect 0 "train-images.idx3-ubyte is there" "a dot in the name is right" mnist
  as '${name/-idx/.idx}.gz' gzip -c && expect 0 "train-images.idx3-ubyte.gz is there" "a packed one with a dot is right" mnist
}
[[ $(find "$work/data/mnist" -type f | wc -l) == 4 ]] || fail "right files are left alone" "$(ls "$work/data/mnist")"
echo wrong >"$work/data/mnist/train-images-idx3-ubyte"
expect 3 "remove it first" "a wrong plain file, which mlrun would read, is named" mnist

echo 'To be, or so.' >"$text"
rm "$arrived"
expect 3 "has another SHA-256" "a wrong file is refused" tinyshakespeare
[[ ! -e $arrived && ! -e $arrived.part ]] || fail "a wrong file leaves nothing behind" "$(ls "$work/data/tinyshakespeare")"

rm "$text"
expect 3 "could not get tinyshakespeare/input.txt" "a dead mirror is named" tinyshakespeare

# What arrives is right for the program too. Only the real files have the sums that it knows.
if [[ -n $program && -f $real/mnist/train-images-idx3-ubyte.gz ]]; then
  for packing in -1 '-9 -n' -N; do
    rm -rf "$work/mirror/mnist" "$work/packed" && mkdir "$work/mirror/mnist"
    for file in "$real"/mnist/*-ubyte.gz; do
      plain=$work/mirror/mnist/$(basename "$file" .gz)
      gzip -dc "$file" >"$plain"
      # shellcheck disable=SC2086  # several options
      gzip $packing "$plain"
    done
    MLRUN_DATA_ROOT=$work/packed "$script" mnist >/dev/null 2>&1 || fail "MNIST packed by gzip $packing is fetched" "exit $?"
    answer=$(MLRUN_DATA_ROOT=$work/packed "$program" data check) || fail "data check agrees with gzip $packing" "exit $?"
    [[ $(grep -c '^ok .*-ubyte.gz$' <<<"$answer") == 4 ]] || fail "data check agrees with gzip $packing" "$answer"
  done
else
  echo "fetch_data.sh: skipped: data check of MNIST packed anew (needs MLRUN_BINARY, and MNIST in MLRUN_DATA_ROOT)"
fi

[[ $failures == 0 ]] || exit 1
echo "fetch_data.sh: all cases pass"
