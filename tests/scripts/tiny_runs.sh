# shellcheck shell=bash
# Sourced by the scripts that torture the program: a data set and specs so small that a run lasts about a second, and
# comparisons of runs byte for byte. Makes $work, a temporary directory that goes away with the script, and sets $mlrun.
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mlrun=${MLRUN_BINARY:-$project/build/release/mlrun}
[[ -x $mlrun ]] || { echo "$(basename "$0"): no program at $mlrun; run scripts/build.sh release, or set MLRUN_BINARY" >&2; exit 1; }
mlrun=$(realpath "$mlrun")
# shellcheck disable=SC2034 # for the caller
patience=${MLRUN_PATIENCE:-1} # how many times longer than usual a command may take: sanitizers take their time
work=$(mktemp -d "${TMPDIR:-/tmp}/mlrun-$(basename "$0" .sh).XXXXXX")
# Failures are counted; a failed script leaves its directory if MLRUN_KEEP is set.
failures=0
clean_up() {
  local job
  for job in $(jobs -pr); do kill -9 "$job" 2>/dev/null || true; done
  if [[ -n ${MLRUN_KEEP:-} ]]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export MLRUN_DATA_ROOT=$work/data MLRUN_RUN_ROOT=$work/experiments
unset MLRUN_THREADS
mkdir -p "$MLRUN_DATA_ROOT" "$MLRUN_RUN_ROOT"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  failures=$((failures + 1))
}
finish() {
  if [[ $failures -gt 0 ]]; then
    echo "$(basename "$0"): $failures failures" >&2
    exit 1
  fi
}

# Random numbers that a seed repeats: RANDOM of bash is a function of its last value.
seed_random() {
  seed=${MLRUN_STORM_SEED:-$(($(date +%s) % 32768))}
  RANDOM=$seed
  echo "seed $seed (repeat with MLRUN_STORM_SEED=$seed)"
}
# shellcheck disable=SC2034 # delay is for the caller
# random_seconds MILLISECONDS: sets $delay, 0.000 to that. No subshell: RANDOM would repeat itself there.
random_seconds() {
  local drawn=$(((RANDOM * 32768 + RANDOM) % ($1 + 1)))
  printf -v delay '%d.%03d' $((drawn / 1000)) $((drawn % 1000))
}

# 240 rows of 24 binary symbols in which neighbours agree more often than not.
make_data() {
  awk 'BEGIN {
    x = 12345
    for (r = 0; r < 240; r++) {
      b = r % 2
      for (c = 0; c < 24; c++) {
        x = (x * 1103 + 12345) % 65536
        if (x % 16 < 4) b = 1 - b
        printf "%d%s", b, c < 23 ? " " : "\n"
      }
    }
  }' >"$work/rows"
  head -n 160 "$work/rows" >"$MLRUN_DATA_ROOT/train.amat"
  sed -n 161,200p "$work/rows" >"$MLRUN_DATA_ROOT/valid.amat"
  tail -n 40 "$work/rows" >"$MLRUN_DATA_ROOT/test.amat"
}

# The same rows as idx images of 4 x 6 pixels whose label is their first symbol, in $MLRUN_DATA_ROOT/tiny.
make_labelled_data() {
  local part count byte
  mkdir -p "$MLRUN_DATA_ROOT/tiny"
  for part in train t10k; do
    if [[ $part == train ]]; then count=200; else count=40; fi
    if [[ $part == train ]]; then head -n 200 "$work/rows"; else tail -n 40 "$work/rows"; fi >"$work/$part"
    printf -v byte '\\%o' "$count"
    # Octal escapes, of which printf makes bytes.
    # shellcheck disable=SC2059
    printf "\0\0\10\3\0\0\0${byte}\0\0\0\4\0\0\0\6$(tr -d ' \n' <"$work/$part" | sed 's/0/\\0/g; s/1/\\377/g')" \
      >"$MLRUN_DATA_ROOT/tiny/$part-images-idx3-ubyte"
    # shellcheck disable=SC2059
    printf "\0\0\10\1\0\0\0${byte}$(cut -c1 "$work/$part" | tr -d '\n' | sed 's/./\\&/g')" \
      >"$MLRUN_DATA_ROOT/tiny/$part-labels-idx1-ubyte"
  done
}

# make_spec FAMILY FILE: 10 steps an epoch. Dropout of nothing, all of the state: Adam's moments, a moving average, a
# schedule, metrics that are gathered over more steps than lie between two checkpoints. FAMILY: a kind of model, or one of
# codes: a prior of the codes of the VQ-VAE that $stage_one names, and fine_tuned: the spec of a run that is begun
# with --from. A mixture is of the runs $origin and $origin_2. A kind that is not known here is taken with its defaults.
make_spec() {
  local model length='8 epochs'
  local data='{kind: table, train: train.amat, valid: valid.amat, test: test.amat, shape: [4, 6]}'
  samples=samples.h5 # what `sample` writes of it
  case $1 in
    fvsbn) model='{kind: fvsbn}' ;;
    nade) model='{kind: nade, hidden: 8}' ;;
    made | fine_tuned) model='{kind: made, hidden: [16], masks: 3, order: random, direct: true}' ;;
    eonade) model='{kind: eonade, hidden: [12, 8]}' ;;
    pixelcnn) model='{kind: pixelcnn, channels: 4, blocks: 1, head: 6}' ;;
    gated_pixelcnn) model='{kind: gated_pixelcnn, channels: 4, blocks: 2, head: 6, dropout: 0.2}' ;;
    symmetries) model='{kind: symmetries, orders: 4, of: {kind: pixelcnn, channels: 4, blocks: 1, head: 6}}' ;;
    ardm) model='{kind: ardm, channels: 4, blocks: 1, parallel: 4}' ;;
    augmented)
      model='{kind: augmented, of: {kind: made, hidden: [8]}}'
      data='{kind: mnist, root: tiny, binarization: dynamic, augment: {shift: 1, turn: 9}}'
      ;;
    mixture)
      model="{kind: mixture, of: [${origin:?}, ${origin_2:?}]}"
      length='1 step'
      ;;
    diagonal_bilstm) model='{kind: diagonal_bilstm, hidden: 3, layers: 1, head: 6}' ;;
    pixelsnail)
      model='{kind: pixelsnail, channels: 4, blocks: 2, layers: 1, keys: 2, values: 3, head: 6, dropout: 0.2}'
      ;;
    sequence) model='{kind: sequence, width: 8, layers: 2, mixer: {kind: mamba2, head: 4, states: 4}}' ;;
    sequence_classifier)
      model='{kind: sequence_classifier, width: 8, layers: 1, mixer: {kind: s4d, states: 4}}'
      data='{kind: mnist, root: tiny, binarization: threshold}'
      samples=''
      ;;
    vqvae)
      model='{kind: vqvae, strides: [2], width: 4, dim: 4, blocks: 0, quantizer: {kind: ema, codes: 8}}'
      samples=samples.png
      ;;
    codes)
      model='{kind: made, hidden: [8]}'
      data="{kind: codes, from: ${stage_one:?}}"
      ;;
    *) model="{kind: $1}" ;;
  esac
  cat >"$2" <<SPEC
name: $1
data: $data
model: $model
optim: {kind: adam, lr: 5e-2}
schedule: {kind: cosine, warmup: 7 steps}
train: {for: $length, batch_size: 16, clip_norm: 1.0, average: 0.9, log_every: 7 steps}
eval: {every: 13 steps}
checkpoint: {every: 1 step}
SPEC
}

# Without MPI there are no ranks: the caller is a test that is skipped, with a word (exit code 77, which ctest knows).
need_mpi() {
  if ! command -v mpirun >/dev/null || [[ ! -e $(dirname "$mlrun")/libmlrun_mpi.so ]]; then
    echo "$(basename "$0"): skipped: there is no MPI here; scripts/install_packages.sh mpi, then build again"
    exit 77
  fi
  # Containers run as root, and have fewer cores than a test has ranks.
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  # The same for the launcher of Open MPI 5.
  export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
}
# children_of PID: its child processes, in the order of their numbers. The files of a process that ends meanwhile are gone, and
# $(<FILE) of a file that is gone ends the subshell of bash 5.2.
children_of() {
  local file stat
  for file in /proc/[0-9]*/stat; do
    { read -r stat <"$file"; } 2>/dev/null || continue
    read -r _ parent _ <<<"${stat##*) }"  # behind the name: state, parent
    [[ $parent != "$1" ]] || echo "${stat%% *}"
  done | sort -n
}

last_checkpoint() { find "$1/checkpoints" -name 'step-*.h5' | LC_ALL=C sort | tail -n 1; }

# The rows of metrics without what the clock says.
metric_rows() { grep '^{"table"' "$1/metrics.jsonl" | sed -E 's/"(time|cpu_seconds|items_per_s|wire_bytes)":[^,}]*,?//g; s/,}/}/'; }

# The checkpoint with the best NLL of the valid split; a tie goes to the first.
best_checkpoint() {
  local step
  step=$(metric_rows "$1" | sed -nE 's/^\{"table":"valid","step":([0-9]+),.*"nll":([^,}]+).*/\2 \1/p' |
    LC_ALL=C sort -s -g -k1,1 | sed -n '1s/.* //p')
  printf '%s/checkpoints/step-%09d.h5' "$1" "$step"
}

# same_state A B: are weights, optimizer and metrics the same bytes? Says what is not. The last checkpoint is the whole
# state; the best one is another in most runs.
same_state() {
  local same=0 a=$1 b=$2
  cmp "$(last_checkpoint "$a")" "$(last_checkpoint "$b")" >&2 || same=1
  cmp "$(best_checkpoint "$a")" "$(best_checkpoint "$b")" >&2 || same=1
  cmp <(metric_rows "$a") <(metric_rows "$b") >&2 || same=1
  return "$same"
}
# same_run A B: that, and samples ($samples, of make_spec).
same_run() {
  local same=0 a=$1 b=$2 run
  same_state "$a" "$b" || same=1
  [[ -n $samples ]] || return "$same"
  for run in "$a" "$b"; do  # from inside the run, since the file names its checkpoint
    "$mlrun" -q -C "$run" sample "checkpoints/$(basename "$(last_checkpoint "$a")")" -n 8 --seed 3 -o "$samples" || same=1
  done
  cmp "$a/$samples" "$b/$samples" >&2 || same=1
  return "$same"
}
# finished RUN: does its journal say so?
finished() { [[ -f $1/metrics.jsonl ]] && grep '"kind":"status"' "$1/metrics.jsonl" | tail -n 1 | grep -q '"finished"'; }
