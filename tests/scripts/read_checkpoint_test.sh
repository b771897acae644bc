#!/usr/bin/env bash
# scripts/read_checkpoint.py against mlrun: the same likelihoods to 1e-4 nats, of every model that it reads, in the variants
# that change what is in the file.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
python=${MLRUN_PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import h5py, numpy'; then
  echo "read_checkpoint_test.sh: needs the package python3-h5py   scripts/install_packages.sh test" >&2
  exit 1
fi

# Images of 6 x 7 pixels with labels, as an idx set whose test images are also rows of symbols for the reader.
"$python" - "$MLRUN_DATA_ROOT" <<'PY'
import os, struct, sys
import numpy as np

root, draw = sys.argv[1], np.random.default_rng(1)
os.makedirs(root + "/set")
for part, count in (("train", 10060), ("t10k", 30)):  # the last 10,000 of train are the valid split
    labels = draw.integers(0, 3, count).astype(np.uint8)
    images = (draw.random((count, 6, 7)) < 0.3 + 0.2 * (np.arange(7) % 3 == labels[:, None, None])) * np.uint8(255)
    for name, shape, array in (("images-idx3", images.shape, images), ("labels-idx1", labels.shape, labels)):
        with open(f"{root}/set/{part}-{name}-ubyte", "wb") as f:
            f.write(struct.pack(f">I{len(shape)}I", 0x800 + len(shape), *shape) + array.tobytes())
np.save(root + "/binary.npy", (images.reshape(30, -1) >= 128).astype(np.uint8))
quarters = draw.integers(0, 4, (30, 42)).astype(np.uint8)
quarters[0, 0] = 3
np.save(root + "/quarters.npy", quarters)
PY

binary=(data.kind=mnist data.root=set data.binarization=threshold data.train_limit=60 data.valid_limit=30)
quarters=(data.kind=table data.train=quarters.npy data.valid=quarters.npy data.test=quarters.npy 'data.shape=[6,7]')

# agrees ROWS OVERRIDE...
agrees() {
  local rows=$1 run said
  shift
  if ! run=$("$mlrun" train "$project/configs/made.yaml" 'train.for=12 steps' train.batch_size=20 eval.samples=0 \
    optim.lr=0.02 "$@" 2>"$work/log"); then
    cat "$work/log" >&2
    fail "training with $*"
    return 0
  fi
  "$mlrun" eval "$run" --which last --per-example "$work/nll.h5" >/dev/null 2>&1 || fail "evaluating with $*"
  if said=$("$python" "$project/scripts/read_checkpoint.py" "$run"/checkpoints/step-000000012.h5 \
    "$MLRUN_DATA_ROOT/$rows.npy" --compare "$work/nll.h5" 2>&1); then
    echo "$said   $*"
  else
    fail "$said   with $*"
  fi
}

made=(model.kind=made 'model.hidden=[19,13]')
agrees binary "${binary[@]}" "${made[@]}" model.order=hilbert
agrees binary "${binary[@]}" "${made[@]}" model.masks=3 model.order=random model.activation=tanh
agrees binary "${binary[@]}" "${made[@]}" model.masks=2 model.condition=joint train.average=0.5
agrees quarters "${quarters[@]}" "${made[@]}" model.condition=none model.masks=2 model.activation=sigmoid

nade=(model.kind=nade model.hidden=17)
agrees binary "${binary[@]}" "${nade[@]}" model.order=random
agrees binary "${binary[@]}" "${nade[@]}" model.condition=class

pixelcnn=(model.kind=pixelcnn model.channels=4 model.blocks=2)
agrees binary "${binary[@]}" "${pixelcnn[@]}" model.condition=joint
agrees quarters "${quarters[@]}" "${pixelcnn[@]}" train.average=0.5

s4d=(model.kind=sequence model.width=8 model.layers=2 model.mixer.kind=s4d model.mixer.states=6)
agrees binary "${binary[@]}" "${s4d[@]}" model.mlp=gelu model.order=s_curve model.condition=class
agrees binary "${binary[@]}" "${s4d[@]}" model.mixer.discretisation=bilinear model.mlp=swiglu model.norm=rms model.tied=true
agrees quarters "${quarters[@]}" "${s4d[@]}" model.positions=true model.norm_place=post model.mlp=gelu model.input=scalar
moe=(model.mlp=moe model.expansion=1 model.moe.experts=4)
agrees binary "${binary[@]}" "${s4d[@]}" "${moe[@]}" model.moe.rate=0.05 train.average=0.5
agrees quarters "${quarters[@]}" "${s4d[@]}" "${moe[@]}" model.moe.top_k=1 model.moe.gate=sigmoid model.moe.expert=swiglu model.moe.shared=1 model.moe.balance=loss

# What it does not read it says, and a wrong answer is told from a right one.
run=$("$mlrun" train "$project/configs/made.yaml" "${binary[@]}" model.kind=fvsbn 'train.for=2 steps' eval.samples=0 2>/dev/null)
said=$("$python" "$project/scripts/read_checkpoint.py" "$run"/checkpoints/step-000000002.h5 "$MLRUN_DATA_ROOT/binary.npy" 2>&1) &&
  fail "a model that it does not know was read"
[[ $said == *"kind fvsbn is not read here; known: made, nade"* ]] || fail "of a model that it does not know it says: $said"
run=$("$mlrun" train "$project/configs/made.yaml" "${binary[@]}" "${nade[@]}" 'train.for=2 steps' eval.samples=0 2>/dev/null)
"$python" "$project/scripts/read_checkpoint.py" "$run"/checkpoints/step-000000002.h5 "$MLRUN_DATA_ROOT/binary.npy" \
  --compare "$work/nll.h5" >/dev/null && fail "likelihoods of another model pass"
finish
