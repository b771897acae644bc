#!/usr/bin/env bash
# Random specs, made from the program's own schema (mlrun config schema --json), are validated, trained for a few steps,
# evaluated, sampled and proved. What must hold: no crash, no hang, no internal error, no word of a sanitizer; what
# `validate` accepts `train` accepts; a likelihood passes `prove`.
#   scripts/fuzz_specs.sh [SECONDS]      default: 60
# MLRUN_BINARY names the program (build/asan/mlrun for the long form), MLRUN_FUZZ_SEED repeats the specs, MLRUN_PATIENCE
# gives the program more time, MLRUN_KEEP keeps all files. What fails is kept in any case, with the commands that repeat
# it.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mlrun=${MLRUN_BINARY:-$scripts/../build/release/mlrun}
[[ -x $mlrun ]] || { echo "fuzz_specs.sh: no program at $mlrun; run scripts/build.sh release, or set MLRUN_BINARY" >&2; exit 1; }
exec python3 "$scripts/fuzz_specs.py" "$(realpath "$mlrun")" "${1:-60}"
