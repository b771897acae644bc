#!/usr/bin/env bash
# Runs a command as a newcomer would: on a bare system (nothing but its base), in a fresh clone of what is committed here.
#   scripts/fresh_machine.sh [OPTION]... SUITE COMMAND...
#   scripts/fresh_machine.sh bookworm ./scripts/quickstart.sh
#   scripts/fresh_machine.sh --user --data data trixie ./scripts/test.sh
# SUITE: bookworm (Debian 12), trixie (Debian 13), sid, or another suite of the mirror.
#   --user         as a user with sudo, instead of as root
#   --data DIR     copies DIR into the system and names it in MLRUN_DATA_ROOT
#   --share DIR    DIR itself is /share there
#   --mirror URL   where the base comes from the first time (default: this machine's own Debian mirror)
#   --keep         leaves the system for a look; its path is printed
#   --reuse        works in the system that the last --reuse of this suite left, with what was installed and built there: for
#                  work on a port, and no proof of a fresh machine
#   --ccache DIR   compiles through this folder of ccache; no proof of a fresh machine either
# Needs root and debootstrap (which it installs). The base of a suite is made once, in MLRUN_FRESH_DIR (default /var/tmp/mlrun-fresh);
# delete it there to have it made anew. Exit code: the command's own, or 2 for a wrong call. Ends with the wall time.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { echo "fresh_machine.sh: $*" >&2; }
usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
refuse() { say "$*"; exit 2; }
folder() { [[ -d $1 ]] || refuse "there is no folder $1"; realpath -- "$1"; }

user='' data='' share='' mirror='' keep='' reuse='' cache=''
while [[ ${1:-} == -* ]]; do
  case $1 in
    --user) user=newcomer ;;
    --keep) keep=1 ;;
    --reuse) reuse=1 keep=1 ;;
    --data | --share | --mirror | --ccache)
      [[ $# -ge 2 ]] || usage
      case $1 in
        --data) data=$(folder "$2") ;;
        --share) share=$(folder "$2") ;;
        --mirror) mirror=$2 ;;
        --ccache) mkdir -p -- "$2"; cache=$(folder "$2") ;;
      esac
      shift ;;
    -h | --help) usage ;;
    *) refuse "unknown option $1; scripts/fresh_machine.sh --help lists them" ;;
  esac
  shift
done
[[ $# -ge 2 ]] || usage
suite=$1
shift
[[ $suite =~ ^[a-z][a-z0-9.-]*$ ]] || refuse "'$suite' is no suite's name; for example bookworm or trixie"
[[ $(id -u) == 0 ]] || refuse "only root may enter another system; run it with sudo"
git -C "$root" rev-parse --verify -q HEAD >/dev/null || refuse "$root has no commit to clone"
git -C "$root" diff --quiet HEAD -- || say "warning: what is not committed is not in the clone"

store=${MLRUN_FRESH_DIR:-/var/tmp/mlrun-fresh}
base=$store/base-$suite
mkdir -p "$store"

# Debian's main archive as this machine reads it, from files of either form; Debian's own where there is none.
own_mirror() {
  local found
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -oE '^(URIs:|deb) .*' | grep -oE 'https?://[^ ]*/debian(/| |$)' || true)
  found=${found%%$'\n'*}
  echo "${found:-http://deb.debian.org/debian}"
}

make_base() {
  local unfinished=$base.unfinished log=$store/debootstrap-$suite.log
  if ! command -v debootstrap >/dev/null; then
    say "installing debootstrap"
    { apt-get update && apt-get install -y --no-install-recommends debootstrap; } >"$log" 2>&1 ||
      { cat "$log" >&2; exit 1; }
  fi
  : "${mirror:=$(own_mirror)}"
  say "making the base of $suite from $mirror (once)"
  rm -rf --one-file-system "$unfinished"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$unfinished" "$mirror" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; say "debootstrap failed: $log"; exit 1; }
  # This machine's way to a mirror: its proxy, and what it has been told about dates.
  apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' >"$unfinished/etc/apt/apt.conf.d/90host" || true
  rm -rf "$unfinished"/var/cache/apt/archives/*.deb
  mv "$unfinished" "$base"
}
[[ -d $base ]] || make_base

if [[ -n $reuse ]]; then system=$store/reuse-$suite; else system=$(mktemp -d "$store/run-$suite.XXXXXX"); fi
began=$SECONDS
# Mounts live in the namespace of the command and are gone with it, so nothing but the system's own files is deleted here.
# shellcheck disable=SC2317 # called by the trap
clean_up() { if [[ -n $keep ]]; then say "the system is left in $system"; else rm -rf --one-file-system "$system"; fi; }
trap clean_up EXIT
[[ -e $system/etc ]] || { mkdir -p "$system"; cp -a "$base/." "$system/"; }
cp /etc/resolv.conf /etc/hosts "$system/etc/"

settings=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "TERM=${TERM:-dumb}")
for name in CI MLRUN_PATIENCE MLRUN_MAX_ISA MLRUN_THREADS MLRUN_WERROR; do
  [[ -z ${!name:-} ]] || settings+=("$name=${!name}")
done
mounts=()
[[ -z $share ]] || mounts+=("$share" /share)
if [[ -n $cache ]]; then mounts+=("$cache" /ccache); settings+=(CCACHE_DIR=/ccache); fi

# Runs a command in the system, with processes and mounts of its own.
inside() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --propagation private --pid --fork --kill-child bash -euc '
    system=$1
    shift
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount --rbind /dev "$system/dev"
    while [[ $1 != -- ]]; do
      mkdir -p "$system$2"
      mount --bind "$1" "$system$2"
      shift 2
    done
    shift
    exec chroot "$system" env -i "$@"' inside "$system" "${mounts[@]}" -- "$@"
}
quietly() {
  local log=$store/prepare-$suite.log
  inside "${settings[@]}" DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

home=/root
needed=()
if [[ -n $user ]]; then home=/home/$user; [[ -x $system/usr/bin/sudo ]] || needed+=(sudo); fi
[[ -z $cache || -x $system/usr/bin/ccache ]] || needed+=(ccache)
if [[ ${#needed[@]} -gt 0 ]]; then
  quietly sh -c 'apt-get update && apt-get install -y --no-install-recommends "$@"' install "${needed[@]}"
fi
if [[ -n $user && ! -d $system$home ]]; then
  quietly useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$system/etc/sudoers.d/$user"
fi

clone=$system$home/mlrun
if [[ -e $clone ]]; then
  git -c safe.directory='*' -C "$clone" fetch -q "$root" HEAD
  git -c safe.directory='*' -C "$clone" reset -q --hard FETCH_HEAD
else
  git clone -q "$root" "$clone"
fi
if [[ -n $data ]]; then
  rm -rf "${system:?}$home/data"
  cp -r -- "$data" "$system$home/data"
  settings+=("MLRUN_DATA_ROOT=$home/data")
fi
settings+=("HOME=$home")
become=()
if [[ -n $user ]]; then
  settings+=("USER=$user" "LOGNAME=$user")
  become=(runuser -u "$user" --)
  quietly chown -R "$user:" "$home"
fi
prepared=$((SECONDS - began))

say "$suite, $(git -C "$root" log -1 --format='%h %s'), as ${user:-root}: $*"
began=$SECONDS
status=0
# shellcheck disable=SC2016 # expanded by the inner shell
inside "${settings[@]}" "${become[@]}" bash -c 'cd && cd mlrun && exec "$@"' fresh "$@" || status=$?
taken=$((SECONDS - began))
say "$suite: exit $status after $((taken / 60)) min $((taken % 60)) s (and $prepared s to make the system): $*"
exit "$status"
