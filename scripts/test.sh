#!/usr/bin/env bash
# Installs what is missing, builds everything (Release) and runs all tests.
#   scripts/test.sh [CTEST OPTION]...        e.g. scripts/test.sh -R kernels
# Tests that read MNIST look in MLRUN_DATA_ROOT (default: data/).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The tests run in the build directory, where a relative path would mean something else.
if [[ -n ${MLRUN_DATA_ROOT:-} ]]; then
  MLRUN_DATA_ROOT=$(realpath -m -- "$MLRUN_DATA_ROOT")
  export MLRUN_DATA_ROOT
fi

"$root/scripts/install_packages.sh" build mpi test
"$root/scripts/build.sh" release
cd "$root/build/release"
exec ctest --output-on-failure -j2 "$@"
