#!/usr/bin/env bash
# A sweep that is killed twice and started again ends with six finished runs, and no run done twice.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/sweep_demo.sh"
