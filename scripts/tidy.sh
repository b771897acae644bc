#!/usr/bin/env bash
# clang-tidy, with the checks of .clang-tidy, over src/ or over the files given. Advice, not a gate.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
files=()
for file in "$@"; do files+=("$(realpath -- "$file")"); done
cd "$root"
scripts/install_packages.sh build check
# Configures, and so lists the compile commands (of new files too), but compiles nothing.
scripts/build.sh clang help >/dev/null
if [[ ${#files[@]} == 0 ]]; then mapfile -t files < <(find "$root/src" -name '*.cpp' | LC_ALL=C sort); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/clang --quiet 2>/dev/null
