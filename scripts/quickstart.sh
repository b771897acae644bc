#!/usr/bin/env bash
# From a bare Debian or Ubuntu to a trained model and a picture, in one command; minutes on two cores.
#   scripts/quickstart.sh [SETTING=VALUE]...        settings go to `mlrun train`, e.g. seed=2
# Uses binary MNIST when it finds it in MLRUN_DATA_ROOT or data/, else the digits the program draws itself.
# No network but apt's, and that only when a package is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building the program costs one core (Zen 3, g++ 12), and what training takes two of them.
build_cpu_seconds=960
training_cpu_seconds=25

cores=$(nproc)
# "about 4 min" that so many seconds of one core take all of this machine's.
about() {
  local seconds=$(($1 / cores))
  if [[ $seconds -lt 50 ]]; then echo "about $(((seconds / 10 + 1) * 10)) s"; else echo "about $(((seconds + 59) / 60)) min"; fi
}

part=0
taken=()
finish_part() { [[ $part == 0 ]] || taken+=("$((SECONDS - began)) s $what"); }
# begin WHAT HOW_LONG
begin() {
  finish_part
  part=$((part + 1)) began=$SECONDS what=$1
  printf '\n== %s/5  %s (%s)\n' "$part" "$1" "$2"
}

# Runs land in the checkout; paths the caller gave are relative to where the caller stands.
data=$(realpath -m -- "${MLRUN_DATA_ROOT:-$root/data}")
export MLRUN_DATA_ROOT=$data
if [[ -n ${MLRUN_RUN_ROOT:-} ]]; then
  MLRUN_RUN_ROOT=$(realpath -m -- "$MLRUN_RUN_ROOT")
  export MLRUN_RUN_ROOT
fi
cd "$root"
mlrun=$root/build/release/mlrun

has_binarized_mnist() {
  local split stem
  for split in train valid test; do
    stem=$data/binarized_mnist/binarized_mnist_$split.amat
    [[ -r $stem.gz || -r $stem ]] || return 1
  done
}

begin packages "under a minute, or nothing when they are there"
scripts/install_packages.sh build

if [[ -x $mlrun ]]; then
  begin build "what has changed since it was last built"
else
  begin build "$(about $build_cpu_seconds) on $cores cores; once"
fi
# For ninja: how much is done, and for how long.
NINJA_STATUS='[%p of %t steps, %es] ' scripts/build.sh release mlrun

if has_binarized_mnist; then
  begin "train MADE on binary MNIST" "$(about $training_cpu_seconds); from $data"
  settings=('train.for=10 epochs')
else
  begin "train MADE on drawn digits" "$(about $training_cpu_seconds); there is no binary MNIST in $data"
  echo "     (scripts/fetch_data.sh binarized_mnist gets it, where there is a network)"
  settings=(data.kind=digits 'train.for=10 epochs')
fi
run=$("$mlrun" train configs/made.yaml "${settings[@]}" "$@")
run=$(realpath -- "$run")

begin "evaluate on the test images" "a second"
"$mlrun" eval "$run" --split test

begin sample "a second"
picture=$run/samples/quickstart.png
"$mlrun" sample "$run" -n 10 --grid 2x5 --show -o "$picture"
finish_part

printf '\n== done in %s min %s s:' $((SECONDS / 60)) $((SECONDS % 60))
printf ' %s;' "${taken[@]}"
printf '\n'
echo "run      $run"
echo "picture  $picture"
echo "next     $mlrun show $run"
