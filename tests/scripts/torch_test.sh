#!/usr/bin/env bash
# Exported files in other people's programs: the weights in PyTorch, where a forward pass written there gives the NLL of
# mlrun, and the metrics in TensorBoard's own reader. Runs where MLRUN_PYTHON (python3) has the packages torch or tensorboard;
# says which it has not.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091,SC2154
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
python=${MLRUN_PYTHON:-python3}
torch='' tensorboard=''
if "$python" -c 'import torch, numpy' 2>/dev/null; then torch=1; fi
if "$python" -c 'import tensorboard.backend.event_processing.event_accumulator' 2>/dev/null; then tensorboard=1; fi
if [[ -z $torch && -z $tensorboard ]]; then
  echo "skipped: $python has neither torch nor tensorboard (MLRUN_PYTHON names another one)"
  exit 77
fi

# Images of 28 x 28, in files of their own: what a model that has seen the digits a little draws.
train() { "$mlrun" train "$@" -q eval.samples=0 2>"$work/log" || fail "training $*: $(cat "$work/log")"; }
digits='data={kind: digits, train_limit: 200, valid_limit: 40, test_limit: 40}'
first=$(train "$project/configs/made.yaml" "$digits" model.hidden=30 'train.for=60 steps')
"$mlrun" sample "$first" -n 60 --seed 3 -o "$MLRUN_DATA_ROOT/rows.npy" -q
rows='data={kind: images, train: rows.npy, valid: rows.npy, test: rows.npy, binarization: threshold}'

in_torch() {
  local run expect said
  run=$(train "$@" "$rows" train.batch_size=20)
  "$mlrun" export "$run" -o "$work/weights.safetensors" -q 2>"$work/log" || fail "export of $*: $(cat "$work/log")"
  expect=$("$mlrun" eval "$run" --json -q 2>/dev/null | sed 's/.*"nll":\([0-9.]*\).*/\1/')
  if said=$("$python" "$project/scripts/torch_forward.py" "$work/weights.safetensors" "$MLRUN_DATA_ROOT/rows.npy" --expect "$expect" 2>&1); then
    echo "$said"
  else
    fail "$said   with $*"
  fi
}
if [[ -n $torch ]]; then
  in_torch "$project/configs/made.yaml" 'model.hidden=[40,30]' model.order=random 'train.for=20 steps'
  in_torch "$project/configs/pixelcnn.yaml" model.channels=8 model.blocks=2 'train.for=6 steps'
  in_torch "$project/configs/sequence.yaml" model.width=16 model.layers=2 model.mixer.states=8 'train.for=6 steps'
  "$python" "$project/scripts/torch_forward.py" "$work/weights.safetensors" "$MLRUN_DATA_ROOT/rows.npy" --expect 1 >/dev/null &&
    fail 'a wrong figure passes'
else
  echo "not in PyTorch: $python has no torch"
fi

if [[ -n $tensorboard ]]; then
  "$mlrun" export "$first" -o "$work/tensorboard/" -q 2>"$work/log" || fail "export: $(cat "$work/log")"
  "$mlrun" export "$first" -o "$work/metrics.csv" -q 2>"$work/log" || fail "export: $(cat "$work/log")"
  "$python" - "$work/tensorboard" "$work/metrics.csv" <<'PY' || fail 'TensorBoard reads other metrics'
import csv, math, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
import glob, os
folder = os.path.dirname(glob.glob(sys.argv[1] + "/**/events.out.tfevents.*", recursive=True)[0])
events = EventAccumulator(folder)
events.Reload()
tags = events.Tags()["scalars"]
rows = [r for r in csv.DictReader(open(sys.argv[2]))]
print("TensorBoard:", len(tags), "scalars:", ", ".join(sorted(tags)[:4]), "...")
known = {(r["table"], int(float(r["step"]))): r for r in rows}
points = 0
for tag in tags:
    table, column = tag.split("/", 1)
    for event in events.Scalars(tag):
        value = float(known[table, event.step][column])
        assert math.isclose(event.value, value, rel_tol=1e-6), (tag, event, value)
        points += 1
assert points >= 10 and "valid/nll" in tags, (points, tags)
PY
else
  echo "not in TensorBoard: $python has no tensorboard"
fi
finish
