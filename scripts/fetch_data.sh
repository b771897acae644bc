#!/usr/bin/env bash
# Downloads data sets into MLRUN_DATA_ROOT (default: data/ in the checkout) and verifies them.
#   scripts/fetch_data.sh mnist | binarized_mnist | tinyshakespeare | all
# A file that is there and right is left alone, a broken one is fetched again, an interrupted download goes on where it stopped.
# Nothing appears under its final name before its SHA-256 is right.
# MLRUN_MIRROR: a folder in the layout of data/README.md, as a URL (http://, file://), tried instead of the public mirrors.
# Exit 0: all there; 2: wrong command line; 3: some data could not be had; 5: cannot write.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${MLRUN_DATA_ROOT:-$root/data}

mnist_mirrors='https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist'
larochelle='http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist'
karpathy='https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare'

# path, SHA-256 of the content after gunzip (copies of MNIST are compressed differently), bytes of that content
table='
mnist/train-images-idx3-ubyte.gz              ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db 47040016
mnist/train-labels-idx1-ubyte.gz              65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 60008
mnist/t10k-images-idx3-ubyte.gz               0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 7840016
mnist/t10k-labels-idx1-ubyte.gz               ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 10008
binarized_mnist/binarized_mnist_train.amat.gz ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d 78400000
binarized_mnist/binarized_mnist_valid.amat.gz 1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2 15680000
binarized_mnist/binarized_mnist_test.amat.gz  e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c 15680000
tinyshakespeare/input.txt                     86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed 1115394
'

usage() {
  sed -n '2,3s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
say() { echo "fetch_data.sh: $*" >&2; }

is_gzip() { [[ $(od -An -N2 -tx1 "$1") == ' 1f 8b' ]]; }
content() { if is_gzip "$1"; then gzip -dc "$1"; else cat "$1"; fi; }
# The size is a cap: a small hostile .gz may unpack to a full day of hashing.
is_right() { [[ -s $1 && $(content "$1" 2>/dev/null | head -c $(($3 + 1)) | sha256sum) == "$2 "* ]]; }

urls_of() {
  local name=${1##*/} base
  if [[ -n ${MLRUN_MIRROR:-} ]]; then
    echo "${MLRUN_MIRROR%/}/$1"
    if [[ $name == *.amat.gz ]]; then echo "${MLRUN_MIRROR%/}/${1%.gz}"; fi
    return
  fi
  case $1 in
    mnist/*) for base in $mnist_mirrors; do echo "$base/$name"; done ;;
    binarized_mnist/*) echo "$larochelle/${name%.gz}" ;;
    tinyshakespeare/*) echo "$karpathy/$name" ;;
  esac
}

download() {
  local curl=(curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --output "$2") code=0
  if command -v curl >/dev/null; then
    "${curl[@]}" --continue-at - "$1" || code=$?
    if [[ -s $2 && ($code == 22 || $code == 33 || $code == 36) ]]; then
      say "this server cannot continue a download: from the start"
      rm -f "$2"
      code=0
      "${curl[@]}" "$1" || code=$?
    fi
    return "$code"
  else
    wget --no-verbose --tries=3 --connect-timeout=20 --continue --output-document="$2" "$1"
  fi
}

# Moves a verified download to its name, compressed if the name says so.
place() {
  local part=$1 to=$2
  if [[ $to == *.gz ]] && ! is_gzip "$part"; then
    gzip -nc "$part" >"$part.gz" && mv -f "$part.gz" "$to" && rm -f "$part"
  else
    mv -f "$part" "$to"
  fi || { say "cannot write $to (disk full?)"; exit 5; }
}

fetch() {
  local path=$1 sum=$2 bytes=$3 to=$data/$1 part url urls plain dotted name there=''
  # The first of these names is the one that mlrun reads (src/data/source_file.hpp): it must be right, whatever the others are.
  plain=${path%.gz}
  dotted=${plain/-idx/.idx}
  for name in "$plain" "$dotted" "$plain/${plain##*/}" "$dotted/${dotted##*/}"; do
    if [[ -z $there && -f $data/$name ]]; then there=$name; fi
    if [[ -z $there && -f $data/$name.gz ]]; then there=$name.gz; fi
  done
  if [[ -n $there ]] && is_right "$data/$there" "$sum" "$bytes"; then
    say "$there is there, SHA-256 ok"
    return 0
  fi
  if [[ -n $there && $there != "$path" ]]; then
    say "$there is there but its SHA-256 is wrong, and mlrun would read it before $path: remove it first"
    return 1
  fi
  if [[ -n $there ]]; then say "$path is there but its SHA-256 is wrong: fetching it again"; fi
  if ! mkdir -p "${to%/*}" || [[ ! -w ${to%/*} ]]; then
    say "cannot write into ${to%/*}"
    exit 5
  fi

  part=$to.part
  mapfile -t urls < <(urls_of "$path")
  for url in "${urls[@]}"; do
    say "$path from $url"
    # A complete .part of an earlier run needs no download, and a server may refuse to continue it.
    if ! is_right "$part" "$sum" "$bytes" && ! download "$url" "$part"; then continue; fi
    if is_right "$part" "$sum" "$bytes"; then
      place "$part" "$to"
      say "$path ok"
      return 0
    fi
    say "what came from $url has another SHA-256; thrown away"
    rm -f "$part"
  done
  say "could not get $path"
  return 1
}

[[ $# -gt 0 ]] || usage
for set in "$@"; do
  case $set in mnist | binarized_mnist | tinyshakespeare | all) ;; *) say "unknown data set '$set'"; usage ;; esac
done
if ! command -v curl >/dev/null && ! command -v wget >/dev/null; then
  say "neither curl nor wget is here; get one with   apt-get install curl ca-certificates"
  exit 3
fi

missing=()
for set in "$@"; do
  while read -r path sum bytes; do
    [[ -n $path ]] || continue
    if [[ $set == all || $path == "$set"/* ]]; then
      fetch "$path" "$sum" "$bytes" || missing+=("$path")
    fi
  done <<<"$table"
done
if [[ ${#missing[@]} -gt 0 ]]; then
  say "missing in $data: ${missing[*]}"
  say "run it again to go on, or set MLRUN_MIRROR to the URL of a folder that holds them"
  exit 3
fi
say "all there, in $data"
