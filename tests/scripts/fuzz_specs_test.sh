#!/usr/bin/env bash
# Half a minute of random specs, the same ones in every run. scripts/fuzz_specs.sh 3600 for other ones.
set -euo pipefail
MLRUN_FUZZ_SEED=${MLRUN_FUZZ_SEED:-1} exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/fuzz_specs.sh" 25
