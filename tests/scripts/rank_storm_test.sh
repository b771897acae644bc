#!/usr/bin/env bash
# Twelve kills of random ranks lose nothing and change no bit. scripts/rank_storm.sh 200 for a storm.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../scripts/rank_storm.sh" 12
