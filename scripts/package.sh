#!/usr/bin/env bash
# Makes build/package/mlrun_*.deb and mlrun-*.tar.gz of the release build, for the Debian or Ubuntu that this machine runs; where
# MPI is installed (scripts/install_packages.sh mpi) also mlrun-mpi_*.deb, for runs of several processes.
#   scripts/package.sh
# `apt install ./mlrun_*.deb` brings the libraries that it was linked with. scripts/package_test.sh installs it on a bare system.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/install_packages.sh" build package
"$root/scripts/build.sh" release mlrun documents
rm -rf "$root/build/package"
cd "$root/build/release"
cpack >cpack.log 2>&1 || { cat cpack.log >&2; exit 1; }
rm -rf "$root/build/package/_CPack_Packages"
ls -1 "$root"/build/package/mlrun*
