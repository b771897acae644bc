#!/usr/bin/env bash
# 50 kills at random moments over three models lose nothing and change no bit. scripts/kill_storm.sh 1000 for a storm.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/kill_storm.sh" 50
