#!/usr/bin/env bash
# Builds the kernels against oneDNN 3.2 and runs their tests: Debian 12 has 2.6.3, and 3.0 took the operation descriptors away.
# The library comes from PyPI (the g++ and gomp build), into build/onednn3; nothing is installed.
#   scripts/kernels_on_onednn3.sh [CATCH2 ARGUMENT]...
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=2023.2.0 # the wheels' number for oneDNN 3.2
home=$root/build/onednn3

if [[ ! -e $home/lib/libdnnl.so.3 || ! -e $home/include/oneapi/dnnl/dnnl.hpp ]]; then
  if ! python3 -m pip --version >/dev/null 2>&1; then
    echo "kernels_on_onednn3.sh: pip is missing; get it with   apt-get install python3-pip" >&2
    exit 1
  fi
  wheels=$(mktemp -d)
  trap 'rm -rf "$wheels"' EXIT
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$wheels" \
    "onednn-cpu-gomp==$version" "onednn-devel-cpu-gomp==$version"
  for wheel in "$wheels"/*.whl; do python3 -m zipfile -e "$wheel" "$wheels/unpacked"; done
  rm -rf "$home"
  mkdir -p "$home"
  for part in "$wheels"/unpacked/*.data/data; do cp -r "$part/." "$home/"; done
fi

"$root/scripts/install_packages.sh" build
# Only the tests of the room that sees oneDNN, so a build directory of its own stays small.
generator=()
if command -v ninja >/dev/null; then generator=(-G Ninja); fi
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake -S "$root" -B "$home/build" "${generator[@]}" "${launcher[@]}" -DCMAKE_BUILD_TYPE=Release \
  -DDNNL_INCLUDE_DIR="$home/include" -DDNNL_LIBRARY="$home/lib/libdnnl.so"
cmake --build "$home/build" --parallel "$(nproc)" --target test_kernels

tests=$home/build/tests/test_kernels
# A test of the wrong library would prove nothing.
if ! ldd "$tests" | grep -q "$home/lib/libdnnl.so.3"; then
  echo "kernels_on_onednn3.sh: $tests is not linked with $home/lib/libdnnl.so.3:" >&2
  ldd "$tests" >&2
  exit 1
fi
cd "$home/build/tests"
exec ./test_kernels "$@"
