#!/usr/bin/env bash
# Does the .deb work where there is no compiler? Makes it on one bare system of each suite and uses it on another.
#   scripts/package_test.sh [--ccache DIR] SUITE...      e.g. bookworm trixie; needs root (scripts/fresh_machine.sh)
#   scripts/package_test.sh --here FILE.deb FILE.tar.gz  installs the .deb on this very machine and tries both, and the
# mlrun-mpi_*.deb beside it, where there is one
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

step() { printf '\n== %s\n' "$*"; }
wrong() { echo "package_test.sh: $*" >&2; exit 1; }

try_here() {
  local deb archive run page
  deb=$(realpath -- "$1")
  archive=$(realpath -- "$2")
  step "apt install"
  apt-get update >/dev/null
  apt-get install -y --no-install-recommends "$deb" >install.log 2>&1 || { cat install.log >&2; wrong "apt cannot install $deb"; }
  for compiler in g++ clang++ cc1plus; do
    ! command -v "$compiler" >/dev/null || wrong "there is a compiler here ($compiler), so this proves nothing"
  done
  cd "$(mktemp -d)"

  step "the quick start, with the installed program"
  run=$(mlrun train /usr/share/mlrun/configs/made.yaml data.kind=digits 'train.for=10 epochs')
  mlrun eval "$run" --split test
  mlrun sample "$run" -n 10 --grid 2x5 --show -o samples.png
  [[ -s samples.png ]] || wrong "no picture"
  mlrun prove "$run"

  step "what is installed beside it"
  dpkg -L mlrun
  for page in mlrun mlrun-train mlrun-config-show; do
    [[ $(zcat "/usr/share/man/man1/$page.1.gz") == *$'\n.SH SYNOPSIS'* ]] || wrong "no manual page $page(1)"
  done
  bash -n /usr/share/bash-completion/completions/mlrun
  [[ $(head -n 1 /usr/share/zsh/vendor-completions/_mlrun) == '#compdef mlrun' ]] || wrong "no completion for zsh"
  grep -q 'complete ' /usr/share/fish/vendor_completions.d/mlrun.fish || wrong "no completion for fish"
  for spec in /usr/share/mlrun/configs/*.yaml; do
    mlrun config show "$spec" >/dev/null || wrong "$spec is no spec"
  done

  for mpi in "$(dirname "$deb")"/mlrun-mpi_*.deb; do
    [[ -e $mpi ]] || continue
    step "several processes, with $(basename "$mpi")"
    [[ $(mlrun doctor) == *'several need MPI'* ]] || wrong "mlrun alone has MPI"
    apt-get install -y "$mpi" >install.log 2>&1 || { cat install.log >&2; wrong "apt cannot install $mpi"; }
    mlrun doctor
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
    mpirun --oversubscribe -n 2 mlrun sample "$run" -n 10 -o shared.h5
    mlrun sample "$run" -n 10 -o alone.h5
    cmp shared.h5 alone.h5 || wrong "two processes draw other samples than one"
    apt-get remove -y mlrun-mpi >/dev/null 2>&1
  done

  step "the archive"
  tar -xzf "$archive" --strip-components 1
  [[ $(bin/mlrun --version) == "$(mlrun --version)" ]] || wrong "the archive holds another version"
  apt-get remove -y mlrun >/dev/null 2>&1
  [[ ! -e /usr/bin/mlrun && ! -e /usr/share/mlrun ]] || wrong "apt has left something behind"
  echo "the package works"
}

if [[ ${1:-} == --here && $# == 3 ]]; then
  try_here "$2" "$3"
  exit 0
fi

more=()
if [[ ${1:-} == --ccache && $# -ge 2 ]]; then
  more=(--ccache "$2")
  shift 2
fi
[[ $# -gt 0 && $1 != -* ]] || { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for suite in "$@"; do
  mkdir "$made/$suite"
  "$root/scripts/fresh_machine.sh" "${more[@]}" --share "$made/$suite" "$suite" \
    sh -c 'scripts/install_packages.sh mpi && scripts/package.sh && cp build/package/mlrun* /share'
  # shellcheck disable=SC2016 # expanded by the inner shell
  "$root/scripts/fresh_machine.sh" --share "$made/$suite" "$suite" \
    sh -c 'scripts/package_test.sh --here /share/mlrun_*.deb /share/mlrun-*.tar.gz'
done
