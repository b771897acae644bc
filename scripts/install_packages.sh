#!/usr/bin/env bash
# Installs the Debian packages this project needs, those that are missing and no others.
#   scripts/install_packages.sh [build] [mpi] [test] [look] [check] [package]     without a group: build
# build: compile mlrun.  mpi: one run on several processes or machines.  test: run the tests.  look: those of figures and reports
# too, by other programs (a browser where this system has one as a package; Ubuntu has not).  check: `make check`, `make tidy`, the sanitizers under clang.  package: `make package`.
# Every name here is one that all systems in README have, so nothing asks which of them this is.
# When nothing is missing it touches neither apt nor the network, and needs no root.
set -euo pipefail

packages_of() {
  case $1 in
    build)
      echo g++ cmake make ninja-build libdnnl-dev libhdf5-dev libyaml-cpp-dev libcli11-dev libfmt-dev \
        nlohmann-json3-dev libpng-dev libcairo2-dev zlib1g-dev libssl-dev libhwy-dev librandom123-dev libeigen3-dev catch2 ;;
    mpi) echo libopenmpi-dev openmpi-bin ;;
    test) echo hdf5-tools python3-h5py python3-jsonschema python3-yaml curl ;;
    look)
      echo librsvg2-bin poppler-utils
      if apt-cache show chromium >/dev/null 2>&1; then echo chromium; fi ;;
    check) echo clang clang-format clang-tidy libclang-rt-dev shellcheck ;;
    package) echo dpkg-dev file ;;
    *)
      echo "install_packages.sh: unknown group '$1'; known: build, mpi, test, look, check, package" >&2
      exit 2 ;;
  esac
}

say() { echo "install_packages.sh: $*" >&2; }

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

[[ $# -gt 0 ]] || set -- build
wanted=()
for group in "$@"; do
  names=$(packages_of "$group")
  read -ra names <<<"$names"
  wanted+=("${names[@]}")
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "no apt here. Going on; if the build misses something, these Debian packages hold it: ${wanted[*]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) != 0 ]]; then
  if ! command -v sudo >/dev/null; then
    say "missing: ${missing[*]}"
    say "there is no sudo; as root run   apt-get install -y --no-install-recommends ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# apt's own output is hundreds of lines; it is shown only when it matters.
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1; }
install() { apt install -y --no-install-recommends "${missing[@]}"; }
update() {
  say "apt-get update"
  apt update || { cat "$log" >&2; say "apt-get update failed (above)"; exit 1; }
}

say "installing ${#missing[@]} packages: ${missing[*]}"
updated=''
if ! apt-get install --simulate --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
  update
  updated=1
fi
# Package lists that are merely old name files the mirror no longer has: refresh them once and try again.
if ! install && { [[ -n $updated ]] || ! update || ! install; }; then
  cat "$log" >&2
  say "apt-get install failed (above)"
  exit 1
fi
