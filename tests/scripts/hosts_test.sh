#!/usr/bin/env bash
# One run on two and four hosts with addresses of their own (network namespaces, scripts/namespace_hosts.sh): the bytes of one
# process, over slow lines too; on the wire what theory says; a host without the data is named; one that is cut off ends the run.
#   tests/scripts/hosts_test.sh          skipped (77) without MPI, or where namespaces are not allowed (root only)
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
need_mpi
hosts=$project/scripts/namespace_hosts.sh
if ! command -v ip >/dev/null || ! timeout 20 "$hosts" 2 true 2>/dev/null; then
  echo "$(basename "$0"): skipped: no network namespaces here (root, and iproute2)"
  exit 77
fi
make_data
spec=$work/made.yaml
make_spec made "$spec"
words=("$spec" compute.lanes=4 'train.for=3 epochs')
reference=$work/reference
"$mlrun" -q train "${words[@]}" -o "$reference" >/dev/null

# on N OPTIONS... -- COMMAND: sets $code, $out, $err.
on() {
  local count=$1 options=()
  shift
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  code=0
  timeout -k 5 $((150 * patience)) "$hosts" "${options[@]}" "$count" "$@" >"$work/out" 2>"$work/err" || code=$?
  out=$(<"$work/out") err=$(<"$work/err")
}
on 2 -- mpirun --host h1,h2 "$mlrun" -q train "${words[@]}" -o "$work/two"
[[ $code == 0 ]] || fail "two hosts: exit $code: $err"
same_state "$reference" "$work/two" || fail 'two hosts differ from one process'
slow=(--rate 1gbit --delay 0.1ms)
on 2 "${slow[@]}" -- true
if [[ $code == 78 ]]; then
  echo 'this kernel cannot delay packets: lines of 1 Gbit/s without delay'
  slow=(--rate 1gbit)
fi
on 4 "${slow[@]}" -- mpirun --host h1,h2,h3,h4 "$mlrun" -q train "${words[@]}" -o "$work/four"
[[ $code == 0 ]] || fail "four hosts: exit $code: $err"
same_state "$reference" "$work/four" || fail 'four hosts differ from one process'

# A host without the data.
# shellcheck disable=SC2016 # for the shell there
on 2 -- mpirun --host h1,h2 bash -c '[[ $(hostname) == h1 ]] || export MLRUN_DATA_ROOT=/nowhere; exec "$@"' sh "$mlrun" train "${words[@]}" -o "$work/none"
[[ $code == 3 && $err == *'rank 1'*'/nowhere'* && ! -e $work/none ]] || fail "a host without the data: exit $code: $err"

# Bytes on the wire: 2 P (R - 1) / R numbers a step, by what the interfaces count. The steps between two lengths are counted, so
# that the beginning and the end of a run are not.
wide=("$spec" compute.lanes=4 'model.hidden=[6000,100]' optim.kind=sgd train.average=0 'eval.every=1000 steps' 'checkpoint.every=eval' schedule.kind=constant)
sent() { # HOSTS STEPS: bytes that a host sends, on average
  local names
  names=$(seq -s , -f 'h%g' 1 "$1")
  # shellcheck disable=SC2016 # for the shell there
  on "$1" -- bash -c 'mpirun --host "$1" "${@:2}" >/dev/null && $HOSTS_BYTES' sh "$names" "$mlrun" -q train "${wide[@]}" "train.for=$2 steps" -o "$work/wire-$1-$2"
  [[ $code == 0 ]] || fail "$1 hosts, $2 steps: exit $code: $err"
  awk '{ sum += $2 } END { printf "%.0f", sum / NR }' <<<"$out"
}
parameters=$("$mlrun" -q train "${wide[@]}" --dry-run --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["parameters"])')
for count in 2 4; do
  few=$(sent "$count" 2) many=$(sent "$count" 12)
  theory=$((8 * parameters * (count - 1) / count))
  said=$(sed -nE 's/.*"wire_bytes":([0-9]+).*/\1/p' "$work/wire-$count-12/metrics.jsonl" | tail -n 1)
  found=$(((many - few) / 10))
  echo "$count hosts, $parameters parameters: $found bytes a step on the wire, $said sent by the program, $theory by theory"
  ((said >= theory * 99 / 100 && said <= theory * 102 / 100)) || fail "$count hosts: $said bytes a step, and theory says $theory"
  ((found >= theory * 99 / 100 && found <= theory * 105 / 100)) || fail "$count hosts: $found bytes a step on the wire"
done

# A host that is cut off: the first one says so within ten seconds. (mpirun, whose own daemon is there, hears of it by its keepalive:
# after 300 s by default, here after 18 s. It then kills the first rank, which has spoken by that time.)
cat >"$work/cut" <<'CUT'
mpirun --host h1,h2 "$@" >/dev/null 2>"$log" &
for ((i = 0; i < 600; i++)); do compgen -G "$run/checkpoints/step-*.h5" >/dev/null && break; sleep 0.1; done
$HOSTS_CUT h2
begun=$(date +%s)
while ! grep -q 'is gone' "$log" && (($(date +%s) - begun < 30)); do sleep 0.1; done
echo $(($(date +%s) - begun))
wait
CUT
export log=$work/log run=$work/cut-off OMPI_MCA_oob_tcp_keepalive_time=15 OMPI_MCA_oob_tcp_keepalive_intvl=1 OMPI_MCA_oob_tcp_keepalive_probes=3
on 2 -- bash "$work/cut" "$mlrun" train "${words[@]}" 'train.for=1000000 steps' schedule.kind=constant 'eval.every=1000000 steps' -o "$run"
[[ $out =~ ^[0-9]+$ && $out -le $((10 * patience)) ]] || fail "a host that is cut off is noticed after '$out' s: $(<"$log")"
grep -q "go on with   mpirun .* train --resume $run" "$log" || fail "no line that goes on: $(<"$log")"
"$mlrun" -q train --resume "$run" --stop-after '1 steps' >/dev/null || [[ $? == 75 ]] || fail 'the run that was cut off does not go on'
finish
