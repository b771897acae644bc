#!/usr/bin/env bash
# Locale, time zone, limits, closed descriptors and the like do not change a byte of a run.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/environment_matrix.sh"
