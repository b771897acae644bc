#!/usr/bin/env bash
# From a bare Debian 12 to a trained model and a picture, in one command; minutes on two cores.
#   scripts/quickstart.sh [SETTING=VALUE]...        settings go to `mlrun train`, e.g. seed=2
# Uses binary MNIST when it finds it in MLRUN_DATA_ROOT or data/, else the digits the program draws itself.
# No network but apt's, and that only when a package is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }

# Runs land in the checkout; paths the caller gave are relative to where the caller stands.
data=$(realpath -m -- "${MLRUN_DATA_ROOT:-$root/data}")
export MLRUN_DATA_ROOT=$data
if [[ -n ${MLRUN_RUN_ROOT:-} ]]; then
  MLRUN_RUN_ROOT=$(realpath -m -- "$MLRUN_RUN_ROOT")
  export MLRUN_RUN_ROOT
fi
cd "$root"

has_binarized_mnist() {
  local split stem
  for split in train valid test; do
    stem=$data/binarized_mnist/binarized_mnist_$split.amat
    [[ -r $stem.gz || -r $stem ]] || return 1
  done
}

say "1/4  packages and build"
scripts/install_packages.sh build
scripts/build.sh release mlrun
mlrun=$root/build/release/mlrun

if has_binarized_mnist; then
  say "2/4  train MADE on binary MNIST (from $data)"
  settings=('train.for=10 epochs')
else
  say "2/4  train MADE on drawn digits: there is no binary MNIST in $data"
  echo "     (scripts/fetch_data.sh binarized_mnist gets it, where there is a network)"
  settings=(data.kind=digits 'train.for=10 epochs')
fi
run=$("$mlrun" train configs/made.yaml "${settings[@]}" "$@")
run=$(realpath -- "$run")

say "3/4  evaluate on the test images"
"$mlrun" eval "$run" --split test

say "4/4  sample"
picture=$run/samples/quickstart.png
"$mlrun" sample "$run" -n 10 --grid 2x5 --show -o "$picture"

say "done"
echo "run      $run"
echo "picture  $picture"
echo "next     $mlrun show $run"
