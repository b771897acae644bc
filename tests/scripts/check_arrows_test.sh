#!/usr/bin/env bash
# Plants includes in a small tree and sees scripts/check_arrows.sh refuse the forbidden ones and no others.
set -euo pipefail
checker=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/check_arrows.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/src/{base,tensor,kernels,nn/mixers} "$tree"/tests/{tensor,nn}
  cat >"$tree/src/arrows.txt" <<'TABLE'
# A comment.
base:
tensor: base
kernels: tensor
nn: kernels
library dnnl: kernels
library hdf5: tensor
library zlib: tensor kernels
TABLE
  printf '#pragma once\n#include <vector>\n' >"$tree/src/base/error.hpp"
  printf '#include "base/error.hpp"\n#include <hdf5.h>\n' >"$tree/src/tensor/tensor.cpp"
  printf '#include <dnnl.hpp>\n#include <zlib.h>\n#include "tensor/tensor.hpp"\n' >"$tree/src/kernels/gemm.cpp"
  printf '#include "nn/layer.hpp"\n#include "base/error.hpp" // two arrows down\n' >"$tree/src/nn/mixers/s4.cpp"
  printf '#include "tensor/tensor.hpp"\n' >"$tree/tests/tensor/tensor_test.cpp"
  printf '#include "base/error.hpp"\n' >"$tree/tests/main.cpp"
}

# expect CODE TEXT NAME: runs the checker on the tree and compares exit code and message.
expect() {
  local code=0 output
  output=$("$checker" "$tree" 2>&1) || code=$?
  if [[ $code != "$1" || $output != *"$2"* ]]; then
    printf 'FAILED: %s\n  expected exit %s and "%s"\n  got exit %s and:\n%s\n' "$3" "$1" "$2" "$code" "$output"
    failures=$((failures + 1))
  fi
}

# refuses FILE LINE TEXT NAME: appends LINE to FILE of a fresh tree, and expects a refusal that holds TEXT.
refuses() {
  fresh_tree
  printf '%s\n' "$2" >>"$tree/$1"
  expect 1 "$3" "$4"
}

fresh_tree
expect 0 "obey src/arrows.txt" "a tree that obeys its arrows is accepted"

refuses src/tensor/tensor.cpp '#include "nn/layer.hpp"' 'src/tensor/tensor.cpp:3: error: room tensor may not include "nn/layer.hpp" (room nn)' \
  "an include against the arrows is refused, with file and line"
refuses src/tensor/tensor.cpp '#include "nn/layer.hpp"' 'allowed: tensor base' "the refusal says what is allowed"
refuses src/tensor/tensor.cpp '#include "nn/layer.hpp"' 'ARCHITECTURE.md' "the refusal names the remedy"
refuses src/base/error.hpp '  #  include <tensor/tensor.hpp>' 'room base may not include "tensor/tensor.hpp"' \
  "spaces and angle brackets do not hide an include"
refuses src/nn/mixers/s4.cpp '#include <dnnl.hpp>' 'nn may not include <dnnl.hpp> (library of room kernels)' \
  "a library outside its room is refused, even above it"
refuses src/nn/mixers/s4.cpp '#include <zlib.h>' 'nn may not include <zlib.h> (library of room tensor, kernels)' \
  "a library of two rooms is refused elsewhere"
refuses src/tensor/tensor.cpp '#include "../nn/layer.hpp"' 'relative include' "a relative path is no way round"
refuses tests/tensor/tensor_test.cpp '#include "kernels/gemm.hpp"' 'room tensor may not include "kernels/gemm.hpp"' \
  "a test may include what its room may, and no more"
refuses tests/main.cpp '#include "tensor/tensor.hpp"' 'a file of all tests may not include' "a file of all tests stays at the bottom"
refuses tests/main.cpp '#include <hdf5.h>' 'a file of all tests may not include <hdf5.h>' "and brings no library to all rooms"

fresh_tree
mkdir "$tree/src/helpers"
echo '#include "base/error.hpp"' >"$tree/src/helpers/all.cpp"
expect 1 'src/helpers is not a room' "a folder that the table does not know is refused"

fresh_tree
echo 'base: nn' >>"$tree/src/arrows.txt"
expect 2 'room base is listed twice' "a room listed twice breaks the table"

fresh_tree
echo 'optim: run' >>"$tree/src/arrows.txt"
expect 2 'src/arrows.txt:9: error: optim -> run' "an arrow to a room not listed above breaks the table, so there are no cycles"

fresh_tree
echo '// #include "nn/layer.hpp"' >>"$tree/src/base/error.hpp"
expect 0 "obey" "a comment is no include"

[[ $failures == 0 ]] || exit 1
echo "check_arrows.sh: all cases pass"
