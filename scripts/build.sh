#!/usr/bin/env bash
# Configures (the first time) and builds build/KIND.
#   scripts/build.sh KIND [TARGET | -DNAME=VALUE]...
# KIND: release | debug | asan (address + undefined) | tsan (thread) | clang (clang++ at -O0, for its warnings)
# A -D option is kept by the build directory. MLRUN_WERROR=ON in the environment is -DMLRUN_WERROR=ON.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

kind=${1:-}
case $kind in
  release) options=(-DCMAKE_BUILD_TYPE=Release) ;;
  debug) options=(-DCMAKE_BUILD_TYPE=Debug) ;;
  # -O1 keeps the sanitizers bearable; Debug keeps the assertions.
  asan) options=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DMLRUN_SANITIZE=address) ;;
  tsan) options=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DMLRUN_SANITIZE=thread) ;;
  # Without precompiled headers, which hide an include that a file lacks.
  clang)
    options=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
      -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0) ;;
  *)
    echo "usage: scripts/build.sh release|debug|asan|tsan|clang [TARGET | -DNAME=VALUE]..." >&2
    exit 2 ;;
esac
shift

if ! command -v cmake >/dev/null; then
  echo "build.sh: cmake is missing; run   $root/scripts/install_packages.sh" >&2
  exit 1
fi

reconfigure=''
targets=()
[[ -z ${MLRUN_WERROR:-} ]] || set -- "$@" "-DMLRUN_WERROR=$MLRUN_WERROR"
for argument in "$@"; do
  if [[ $argument == -D* ]]; then
    options+=("$argument")
    reconfigure=1
  else
    targets+=("$argument")
  fi
done

build=$root/build/$kind
if [[ ! -e $build/build.ninja && ! -e $build/Makefile ]]; then
  reconfigure=1
  if command -v ninja >/dev/null; then options+=(-G Ninja); else options+=(-G "Unix Makefiles"); fi
  if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
fi
if [[ -n $reconfigure ]]; then cmake -S "$root" -B "$build" "${options[@]}"; fi

# ccache may use a precompiled header only when it need not look for macros of time in it.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}

if [[ ${#targets[@]} -gt 0 ]]; then targets=(--target "${targets[@]}"); fi
exec cmake --build "$build" --parallel "$(nproc)" "${targets[@]}"
