#!/usr/bin/env bash
# Runs every example that `mlrun COMMAND --help` prints, and every block of shell in README.md, data/README.md, configs/README.md and
# configs/GUIDE.md, as it is printed (tutorial_test.sh does so with configs/TUTORIAL.md). The specs that they name are small ones with the same names, which extend the project's; their data are MNIST
# where MLRUN_TEST_DATA, MLRUN_DATA_ROOT or the checkout has it, else the digits. What needs a tool that is not here (jq,
# parallel, zsh) runs with its stand-in, and what is left out is in `left_out` below, with the reason. A line each is printed.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binary=${MLRUN_BINARY:-$source/build/release/mlrun}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
data=''
for root in "${MLRUN_TEST_DATA:-}" "${MLRUN_DATA_ROOT:-}" "$source/data"; do
  if [[ -n $root && -e $root/binarized_mnist/binarized_mnist_train.amat.gz && -e $root/mnist/t10k-images-idx3-ubyte.gz ]]; then
    data=$root
    break
  fi
done
unset MLRUN_RUN_ROOT MLRUN_THREADS MLRUN_DATA_ROOT
mkdir "$tree"/{bin,home,fixtures,work}
ln -s "$binary" "$tree/bin/mlrun"
export PATH="$tree/bin:$PATH" HOME="$tree/home" XDG_CACHE_HOME="$tree/cache" NO_COLOR=1 TERM=dumb MLRUN_BINARY=$binary
mkdir -p "$HOME/.config/fish/completions"
mpi=''
if command -v mpirun >/dev/null && [[ -e $(dirname "$(realpath "$binary")")/libmlrun_mpi.so ]]; then mpi=1; fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
cd "$tree/work"
failures=0 count=0

# The place that a reader of the examples stands in: configs/, data/, scripts/, and the files that examples name.
mkdir configs data
ln -s "$source/scripts" scripts
for set in mnist binarized_mnist; do [[ -z $data ]] || ln -s "$data/$set" "data/$set"; done
mkdir data/tinyshakespeare
for i in {1..200}; do echo "ROMEO: a line of verse, JULIET, the number $i of them. Exeunt"; done >data/tinyshakespeare/input.txt
printf 'ROMEO: a line of verse' >scene.txt
for spec in "$source"/configs/*.yaml; do
  name=${spec##*/}
  kind=$(mlrun config show "$spec" | awk '/^data:/ { inside = 1 } inside && $1 == "kind:" && !found { print $2; found = 1 }')
  {
    echo "extends: $spec"
    case $kind in
      mnist)
        images=40
        [[ $name != nade.yaml ]] || images=2400 # README completes image 2300
        echo "data: {kind: $([[ -n $data ]] && echo mnist || echo digits), train_limit: 40, valid_limit: 20, test_limit: $images}" ;;
      captions)
        echo "data: {of: {kind: $([[ -n $data ]] && echo mnist || echo digits), train_limit: 40, valid_limit: 20, test_limit: 20}}" ;;
    esac
    [[ $name == mixture.yaml ]] || echo 'train: {for: 4 steps, batch_size: 10, log_every: 1 steps}' # it is fitted in one step
    echo 'eval: {samples: 2}'
  } >"configs/$name"
done
base64 -d >mask.png <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAAFklEQVR42mNgGHbgPwoYlRwcksMAAAC2b8M9SvyJ7wAAAABJRU5ErkJggg==
PNG
printf 'date,close\n2026-01-01,3.5\n2026-01-02,3.25\n2026-01-03,4\n2026-01-04,3.75\n' >prices.csv
printf 'ROMEO:' >start.txt
printf 'verse ::= name ": " [a-z ]+ "."\nname ::= "ROMEO" | "JULIET"\n' >verse.ebnf
seq 784 | sed 's/.*/?/' >mask.txt
{
  printf '\0\0\x08\x03\0\0\0\x05\0\0\0\x1c\0\0\0\x1c'
  head -c $((5 * 784)) /dev/zero | tr '\0' '\377'
} >t10k-images-idx3-ubyte

# fixture NAME SPEC [key=value]...: a run that examples call @last, alone in its run root.
fixture() {
  mkdir "$tree/fixtures/$1"
  (MLRUN_RUN_ROOT=$tree/fixtures/$1 mlrun train "${@:2}" -q --group lr \
    -o "$tree/fixtures/$1/$1-20261124-143005-7be1" >/dev/null)
}
fixture made configs/made.yaml data.binarization=dynamic model.hidden=20 model.condition=joint
fixture plain configs/made.yaml
fixture eonade configs/eonade.yaml model.hidden=20
fixture vqvae configs/vqvae.yaml model.quantizer.codes=16
fixture text configs/text.yaml
fixture captions configs/captions.yaml data.words=labels model.width=16
mlrun sample "$tree"/fixtures/captions/* -n 1 -o picture.png -q
fixture prior configs/vqvae_prior.yaml "data.from=$tree/fixtures/vqvae/vqvae-20261124-143005-7be1"
fixture grey configs/pixelcnn_grey.yaml model.channels=4 model.blocks=1
checkpoint() { cp "$tree/fixtures/$1"/*/checkpoints/step-000000004.h5 step-000001500.h5; }
checkpoint made
mlrun sample step-000001500.h5 -n 12 -o rows.txt -q
gzip -c rows.txt >binarized_mnist_test.amat.gz

# Which run an example wants to be the last.
fixture_of() {
  case $1 in
    *VQ-VAE* | *--codebook*) echo vqvae ;;
    *--orders* | *mask.png*) echo eonade ;;
    *--codes*) echo prior ;;
    *--named* | *'--caption '* | *'--prompt seven'*) echo captions ;;
    *'--from @last'*) echo plain ;;
    *--prompt* | *--match* | *--grammar*) echo text ;;
    *) echo made ;;
  esac
}

# Examples that cannot run in a test: pattern, reason.
left_out() {
  case $1 in
    ./scripts/quickstart.sh) echo 'installs packages and builds; ci.yml runs it' ;;
    'make install'* | 'apt install'*) echo 'installs for the whole machine; package_test.sh does so' ;;
    scripts/fetch_data.sh*) echo 'needs the network; fetch_data_test.sh runs it on a mirror of its own' ;;
  esac
}

# What stands in for tools and folders that are not here.
here() {
  local text=${1//\/big\/data/$tree\/work\/data}
  text=${text//\/usr\/share\/mlrun/$tree\/work}
  command -v parallel >/dev/null || text=$(sed -E 's/parallel -j2( --joblog [^ ]+)? </sh </' <<<"$text")
  command -v jq >/dev/null || text=$(sed -E "s/\| jq .*/| cat >\/dev\/null/" <<<"$text")
  # The hosts of examples are this one; without MPI one process does it.
  text=${text//--host alpha:2,beta:2/-n 4}
  [[ -n $mpi ]] || text=$(sed -E 's/mpirun (-n [0-9]+) //' <<<"$text")
  command -v zsh >/dev/null || text=$(sed -E 's/source <\(mlrun completion zsh\)/mlrun completion zsh >\/dev\/null/' <<<"$text")
  echo "$text"
}

# try WHERE TEXT: runs it, and says how it went.
try() {
  local code=0
  count=$((count + 1))
  timeout "$((600 * ${MLRUN_PATIENCE:-1}))" bash -euo pipefail -c "$(here "$2")" >out 2>err </dev/null || code=$?
  if [[ $code == 0 ]]; then
    printf 'ok       %s: %s\n' "$1" "${2%%$'\n'*}"
  else
    printf 'FAILED   %s: exit %s\n%s\n' "$1" "$code" "$2"
    tail -n 20 err
    failures=$((failures + 1))
  fi
}

# Lines between "Examples:" and the next empty line.
examples_of() { mlrun "$@" --help | awk '/^Examples:/ { on = 1; next } /^$/ { on = 0 } on { sub(/^  /, ""); print }'; }
commands=$(mlrun --help | awk '/^(Subc|C)ommands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }')
[[ $(wc -w <<<"$commands") -ge 15 ]] || failures=$((failures + 1))
for command in '' $commands; do
  # They call a text of ours what it is: not the published one.
  if [[ $command == data || $command == doctor ]]; then mv data/tinyshakespeare elsewhere; fi
  # shellcheck disable=SC2086
  lines=$(examples_of $command)
  if [[ -z $lines ]]; then
    echo "FAILED   mlrun $command --help has no examples"
    failures=$((failures + 1))
  fi
  while IFS= read -r line; do
    rm -rf experiments
    cp -r "$tree/fixtures/$(fixture_of "$line")" experiments
    if [[ $line == *t10k* ]]; then checkpoint grey; else checkpoint made; fi
    if [[ $line == *" @last"* && $command == compare ]]; then
      mlrun train configs/made.yaml -q >/dev/null
    fi
    try "mlrun${command:+ $command} --help" "$line"
  done <<<"$lines"
  if [[ -e elsewhere ]]; then mv elsewhere data/tinyshakespeare; fi
done

# Blocks of shell, each as one script, one after the other in one place, but for lines that are left out.
for document in README.md data/README.md configs/README.md configs/GUIDE.md; do
  rm -rf experiments
  if [[ $document == data/* ]]; then mv data/tinyshakespeare elsewhere; fi
  block='' inside=''
  while IFS= read -r line; do
    case $line in
      '```sh') inside=1 block='' ;;
      '```')
        [[ -z $inside || -z ${block//[$' \n']/} ]] || try "$document" "$block"
        inside='' ;;
      *)
        [[ -n $inside ]] || continue
        reason=$(left_out "$line")
        if [[ -n $reason ]]; then echo "left out $document: $line   ($reason)"; else block+=$line$'\n'; fi ;;
    esac
  done <"$source/$document"
  if [[ -e elsewhere ]]; then mv elsewhere data/tinyshakespeare; fi
done
echo "$count examples, $failures failed; images from ${data:-the digits}"
[[ $failures == 0 && $count -ge 60 ]]
