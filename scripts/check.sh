#!/usr/bin/env bash
# What must hold before a commit besides the tests: format, arrows, shell scripts, no warnings by g++ and by clang++, no include
# that is missing.
# Reports every failure, not only the first. The g++ build is build/release with -Werror, which stays on there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scripts/install_packages.sh build test check

failed=()
step() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  "$@" || { echo "FAILED: $name"; failed+=("$name"); }
}

sources() { find src tests -type f \( -name '*.cpp' -o -name '*.hpp' \) | LC_ALL=C sort; }

# Releases of clang-format differ in details, so one decides: 14, that of Debian 12.
format() {
  local version
  version=$(clang-format --version | grep -oE 'version [0-9]+')
  if [[ $version == "version 14" ]]; then
    sources | xargs clang-format --dry-run -Werror || { echo "remedy: make format"; return 1; }
  else
    echo "clang-format $version would lay out $(sources | xargs clang-format --dry-run 2>&1 | grep -c warning) places" \
      "otherwise; 14 decides, and is not here"
  fi
}

# A budget, not a law: the list is for the reader's conscience.
file_lengths() {
  sources | xargs wc -l | awk '$2 != "total" && $1 > 300 { print "  " $1 " lines: " $2; long++ }
    END { print long + 0 " files over 300 lines" }'
}

shell() { find scripts tests/scripts -name '*.sh' -exec shellcheck .ci/run {} +; }

step "format" format
step "arrows" scripts/check_arrows.sh
step "shell scripts" shell
step "file lengths" file_lengths
step "warnings, g++" scripts/build.sh release -DMLRUN_WERROR=ON
step "warnings, clang++" scripts/build.sh clang -DMLRUN_WERROR=ON
step "headers" scripts/check_headers.sh

echo
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "check FAILED:$(printf ' [%s]' "${failed[@]}")"
  exit 1
fi
echo "check passed"
