#!/usr/bin/env bash
# Rewrites the golden runs (the first losses of every config) from the program as it is now.
# Commit the difference only when a change of numbers was meant, and say in the commit why.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/build.sh" release test_commands mlrun
cd "$root/build/release/tests"
MLRUN_WRITE_GOLDEN=1 ./test_commands '[golden]'
cd "$root"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then git status --short -- tests; fi
