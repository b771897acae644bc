#!/usr/bin/env bash
# 60 kills at random moments over all families of models lose nothing and change no bit. scripts/kill_storm.sh 1000 for a storm.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/kill_storm.sh" 60
