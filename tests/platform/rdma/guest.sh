#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh send|receive MIB - runs in the virtual machines
#
# Both say "part N" when they are ready for it, and the sender waits until both have.
# Called as rdma-wire, by the suite "rdma": there is a wire already.

set -eu
[ "${0##*/}" != rdma-wire ] || exit 0
# shellcheck source=../../vm/rdma-guest.sh
. /bin/rdma-guest.sh

role=$1
mib=$2
peer=10.77.0.2

# Larger packets are fewer.
wire() {
  ip link set eth0 mtu 9000 up
  until_true has_link eth0
  ip address add "$1/24" dev eth0
  rdma link add rxe0 type rxe netdev eth0
  until_true has_address rxe0
}

# expect SENTENCE FILE COMMAND...: FILE says more if it fails
expect() {
  sentence=$1
  file=$2
  shift 2
  if "$@"; then
    echo "ok - $sentence"
  else
    echo "FAIL - $sentence"
    cat "$file"
  fi
}

has() {
  grep -q "\"$2\": $3[,}]" "$1"
}

lose() {
  /usr/local/sbin/tc qdisc replace dev eth0 root netem loss 1%
}

has_lost() {
  /usr/local/sbin/tc -s qdisc show dev eth0 | grep -q 'dropped [1-9]'
}

# part N: the receiver is ready
part() {
  echo "part $1"
  read -r line
  [ "$line" = "$1" ]
}

# send N OPTION...: what it said goes to /tmp/send.N
send() {
  n=$1
  shift
  echo pattern >/sys/bus/platform/devices/fpgabuf-sim.0/source
  part "$n" || return
  fpgabuf-send --engine rdma --framed --json --regions 8 --region-size 1M "$@" \
    "$peer:500$n" >"/tmp/send.$n" 2>&1
}

sender() {
  wire 10.77.0.1
  until_true ping -c 1 -W 1 "$peer"
  guest-tests 'rdma.memory *'
  [ -d /sys/module/fpgabuf ] || insmod /lib/fpgabuf/fpgabuf.ko
  [ -d /sys/module/fpgabuf_sim ] || insmod /lib/fpgabuf/fpgabuf-sim.ko

  expect "$mib MiB are sent" /tmp/send.1 send 1 --bytes "${mib}M"
  expect "from registered memory" /tmp/send.1 has /tmp/send.1 copied 0
  expect "no region is refused" /tmp/send.1 has /tmp/send.1 busy_retries 0
  lose
  expect "with 1 % lost it is sent" /tmp/send.2 send 2 --bytes 16M
  expect "packets were lost" /tmp/send.2 has_lost
  expect "the sender connects again" /tmp/send.3 send 3 --bytes 64M \
    --reconnect 1000
  expect "once" /tmp/send.3 has /tmp/send.3 reconnects 1
}

# listen N OPTION...: in the background, and what it says goes to /tmp/receive.N
listen() {
  n=$1
  shift
  rm -f /tmp/said
  mkfifo /tmp/said
  fpgabuf-recv --rdma --timeout 600 --framed --json "$@" "$peer:500$n" \
    2>/tmp/said &
  receiver=$!
  exec 3</tmp/said
  # It says where it listens.
  read -r _ <&3
  cat <&3 >"/tmp/receive.$n" &
  exec 3<&-
}

ended() {
  wait "$receiver"
}

receiver() {
  wire "$peer"
  listen 1 --output - >/dev/vda
  echo "part 1"
  expect "$mib MiB arrive" /tmp/receive.1 ended
  lose
  listen 2 --verify >/tmp/out
  echo "part 2"
  expect "with 1 % lost all arrives" /tmp/receive.2 ended
  # There is always a reader, who takes no more than that.
  mkfifo /tmp/taken
  exec 4<>/tmp/taken
  listen 3 --output - >/tmp/taken
  echo "part 3"
  head -c 1048576 <&4 >/dev/null
  kill -KILL "$receiver"
  listen 3 --verify >/tmp/out
  expect "after the first receiver was killed, the next one gets the rest" \
    /tmp/receive.3 ended
}

case $role in
send) sender ;;
receive) receiver ;;
esac
