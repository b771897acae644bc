#!/usr/bin/env bash
# Every system call of a run fails once, in every way.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/fault_storm.sh"
