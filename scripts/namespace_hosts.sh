#!/usr/bin/env bash
# Hosts that are network namespaces of this machine, each with its own name, address and interface, so that what is done
# on many machines can be tried on one. Root only; everything is gone when the command has ended.
#   scripts/namespace_hosts.sh [--rate RATE] [--delay DELAY] HOSTS COMMAND...
# COMMAND runs on the first host, h1; the others are h2, h3 ... Its environment has HOSTS_AGENT, which is to mpirun what ssh is
# (it is set as the launch agent already), HOSTS_BYTES, a command that prints the bytes each host has sent, and HOSTS_CUT, one
# that takes a host from the network: $HOSTS_CUT h2.
#   --rate 1gbit     what every host's interface carries (tc-tbf); default: as fast as memory is
#   --delay 0.1ms    of every packet that a host sends (tc-netem, which some kernels lack)
# Exit code 77: namespaces are not allowed here; 78: the kernel cannot make lines slower; else that of COMMAND.
# Example: scripts/namespace_hosts.sh --rate 1gbit 2 mpirun --host h1,h2 mlrun train configs/made.yaml
set -euo pipefail
rate='' delay=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --rate) rate=$2 ;;
    --delay) delay=$2 ;;
    *) echo "namespace_hosts.sh: no option $1" >&2; exit 2 ;;
  esac
  shift 2
done
if [[ ! ${1:-} =~ ^[2-9]$ || $# -lt 2 ]]; then
  sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
count=$1
shift
tag=mlr$$
folder=$(mktemp -d)
# shellcheck disable=SC2317 # by the trap
clean_up() {
  local i
  for ((i = 1; i <= count; i++)); do ip netns del "$tag-h$i" 2>/dev/null || true; done
  ip netns del "$tag-switch" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
ip netns add "$tag-switch" 2>/dev/null || { echo "namespace_hosts.sh: network namespaces are not allowed here (root only)" >&2; exit 77; }
ip -n "$tag-switch" link add switch type bridge
ip -n "$tag-switch" link set switch up
echo '127.0.0.1 localhost' >"$folder/hosts"
for ((i = 1; i <= count; i++)); do
  ip netns add "$tag-h$i"
  ip -n "$tag-h$i" link set lo up
  ip -n "$tag-switch" link add "port$i" mtu 9000 type veth peer name eth0 netns "$tag-h$i"
  ip -n "$tag-switch" link set "port$i" master switch
  ip -n "$tag-switch" link set "port$i" up
  ip -n "$tag-h$i" link set eth0 mtu 9000
  ip -n "$tag-h$i" addr add "10.83.0.$i/24" dev eth0
  ip -n "$tag-h$i" link set eth0 up
  shape=()
  [[ -z $rate ]] || shape=(tbf rate "$rate" burst 256k latency 50ms)
  [[ -z $delay ]] || shape=(netem ${rate:+rate "$rate"} delay "$delay" limit 100000)
  if [[ ${#shape[@]} -gt 0 ]]; then
    ip netns exec "$tag-h$i" tc qdisc add dev eth0 root "${shape[@]}" ||
      { echo "namespace_hosts.sh: this kernel has no sch_${shape[0]}" >&2; exit 78; }
  fi
  echo "10.83.0.$i h$i" >>"$folder/hosts"
done
# A command on a host: in its namespace, under its name, with names of all hosts.
cat >"$folder/agent" <<AGENT
#!/usr/bin/env bash
host=\$1
shift
exec nsenter --net=/run/netns/$tag-\$host unshare --uts --mount bash -c '
  hostname "\$0" && mount --bind $folder/hosts /etc/hosts && exec bash -c "\$*"' "\$host" "\$*"
AGENT
cat >"$folder/bytes" <<BYTES
#!/usr/bin/env bash
for ((i = 1; i <= $count; i++)); do
  nsenter --net=/run/netns/$tag-h\$i awk -v host=h\$i '/eth0:/ { sub(/.*:/, ""); print host, \$9 }' /proc/net/dev
done
BYTES
# shellcheck disable=SC2016 # for the script that is written
printf '#!/usr/bin/env bash\nip -n %q link set "port${1#h}" down\n' "$tag-switch" >"$folder/cut"
chmod +x "$folder/agent" "$folder/bytes" "$folder/cut"
export HOSTS_AGENT=$folder/agent HOSTS_BYTES=$folder/bytes HOSTS_CUT=$folder/cut
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm_rsh_agent=$HOSTS_AGENT OMPI_MCA_btl_tcp_if_include=eth0 \
  OMPI_MCA_oob_tcp_if_include=eth0
# The same for the launcher of Open MPI 5.
export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_MCA_plm_ssh_agent=$HOSTS_AGENT PRTE_MCA_oob_tcp_if_include=eth0
printf -v line '%q ' "$@"
code=0
"$folder/agent" h1 "cd $(printf %q "$PWD") && $line" || code=$?
exit "$code"
