#!/bin/sh
# A Slurm of one node on this machine, for tests: as root, without slurmdbd, on ports of its own.
#   one-node-slurm.sh install             the packages of Debian and Ubuntu
#   one-node-slurm.sh start FOLDER [PID]  keeps all it has in FOLDER; ends itself where process PID is gone
#   one-node-slurm.sh stop FOLDER
# Commands reach it with SLURM_CONF=FOLDER/slurm.conf.
set -u
packages="slurmctld slurmd slurm-client munge"

fail() { # fail PROBLEM REMEDY
  printf 'error: %s\nremedy: %s\n' "$1" "$2" >&2
  exit 1
}

install_packages() {
  [ "$(id -u)" = 0 ] || fail "only root installs packages and starts Slurm" "run it as root"
  command -v slurmctld >/dev/null 2>&1 && command -v slurmd >/dev/null 2>&1 && command -v munged >/dev/null 2>&1 && exit 0
  command -v apt-get >/dev/null 2>&1 || fail "there is no apt here" "install what these packages of Debian hold: $packages"
  # Nothing is to start but what the tests start.
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null ||
    fail "apt-get install $packages failed, see above" "mend what it names"
}

write_configuration() {
  cat > "$folder/slurm.conf" <<END
ClusterName=tests
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=200
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MaxArraySize=101
SchedulerParameters=bf_interval=1,sched_interval=2,sched_min_interval=100000
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=$(hostname -s) Default=YES MaxTime=INFINITE State=UP
PartitionName=brief Nodes=$(hostname -s) MaxTime=5 State=UP
END
}

start() {
  [ "$(id -u)" = 0 ] || fail "only root starts Slurm here" "run it as root"
  for command in munged slurmctld slurmd; do
    command -v $command >/dev/null 2>&1 || fail "there is no $command" "run $0 install"
  done
  port=$((20000 + $$ % 20000))
  mkdir -p "$folder/state" "$folder/spool" "$folder/log" /run/munge
  chown munge /run/munge
  write_configuration
  munge -n >/dev/null 2>&1 || su -s /bin/sh munge -c 'munged --force' || fail "munged does not start" "look into /var/log/munge"
  export SLURM_CONF="$folder/slurm.conf"
  slurmctld -f "$SLURM_CONF" && slurmd -f "$SLURM_CONF" || fail "Slurm does not start" "look into $folder/log"
  tries=0
  until sinfo --noheader --states=idle 2>/dev/null | grep -q idle; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "Slurm's node does not become idle" "look into $folder/log"
    sleep 0.2
  done
  if [ -n "${1:-}" ]; then
    (while kill -0 "$1" 2>/dev/null; do sleep 2; done; "$0" stop "$folder") >/dev/null 2>&1 </dev/null &
  fi
}

# Its jobs first: slurmd leaves them at work.
stop() {
  export SLURM_CONF="$folder/slurm.conf"
  scancel --state=PENDING --user=root 2>/dev/null
  scancel --signal=KILL --full --user=root 2>/dev/null
  scancel --user=root 2>/dev/null
  for daemon in slurmd slurmctld; do
    [ -s "$folder/$daemon.pid" ] && kill "$(cat "$folder/$daemon.pid")" 2>/dev/null
  done
  return 0
}

case "${1:-}" in
install) install_packages ;;
start | stop)
  [ -n "${2:-}" ] || fail "a folder is missing" "name one"
  folder=$2
  verb=$1
  shift 2
  $verb "$@"
  ;;
*) fail "\"${1:-}\" is not known" "install, start FOLDER or stop FOLDER" ;;
esac
