#!/usr/bin/env bash
# scripts/bench/compare.py: speed.md has the table of the figures on record; without PyTorch that is said; with it, the networks
# see no pixel too early, and have as many weights as mlrun's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

scripts/bench/compare.py --check

if python3 -c 'import torch' 2>/dev/null; then
  for network in made pixelcnn s4d attention lstm; do python3 scripts/bench/train_step.py "$network" --check; done
  python3 scripts/bench/compare.py made --rounds 1 --steps 2 --eager-only
else
  status=0
  said=$(scripts/bench/compare.py made 2>&1) || status=$?
  [[ $status == 77 && $said == *'PyTorch is not there'*'pip install torch'* ]] || {
    echo "without PyTorch: exit code $status, and it says: $said" >&2
    exit 1
  }
fi
