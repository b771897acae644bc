#!/usr/bin/env bash
# The model and the spec that CONTRIBUTING.md shows as an example: trained, evaluated, sampled, proved and coded with, by a
# program that was built with that very text.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binary=${OWN_MODEL_BINARY:-$source/build/release/tests/own_model}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MLRUN_RUN_ROOT=$work/runs NO_COLOR=1
cd "$work"
awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/CONTRIBUTING.md" >markov.yaml
grep -q 'kind: markov' markov.yaml

small=(data.train_limit=1000 data.valid_limit=60 data.test_limit=60 'train.for=5 epochs')
run=$("$binary" -q train markov.yaml "${small[@]}")
"$binary" eval "$run" --split test --json | python3 -c '
import json, sys
nll = json.load(sys.stdin)["nll"]
assert 60 < nll < 160, nll  # independent pixels of these digits cost more
'
"$binary" sample "$run" -n 2 -o two.png
"$binary" prove "$run"
"$binary" -q compress "$run" split:test --limit 2 -o two.mlz
"$binary" -q decompress "$run" two.mlz -o two.amat
[[ $(wc -l <two.amat) == 2 ]]
schema=$("$binary" config schema model.markov)
[[ $schema == *context* ]]
echo "the model of CONTRIBUTING.md works"
