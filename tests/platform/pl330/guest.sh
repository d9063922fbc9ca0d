#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh ROUNDS BYTES - runs in the virtual machine: the tests, then captures
# what the host sends to the serial port, and sends it over TCP

set -eu

port=5001
mkfifo /tmp/said

guest-tests pl330

[ -d /sys/module/fpgabuf ] || insmod /lib/fpgabuf/fpgabuf.ko
device=$(ls /sys/bus/platform/devices/13800024.uart/misc)

round=0
while [ "$round" -lt "$1" ]; do
  fpgabuf-recv --bytes "$2" --output /tmp/got "$port" 2>/tmp/said &
  receiver=$!
  exec 3</tmp/said
  # It says where it listens.
  read -r _ <&3
  # The host may begin: what it sends waits in the port.
  echo "ready $round"
  fpgabuf-send --device "/dev/$device" --engine zerocopy --bytes "$2" \
    --region-size 4K --quiet "127.0.0.1:$port"
  wait "$receiver"
  exec 3<&-
  sum=$(sha256sum </tmp/got)
  echo "got $round ${sum%% *}"
  rm /tmp/got
  round=$((round + 1))
done
