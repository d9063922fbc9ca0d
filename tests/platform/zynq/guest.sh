#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh BYTES ENGINE:SIZE:REGIONS:PORT... - runs in the virtual machine:
# captures that much and sends it to that port of the host, once for each

set -eu

dma=/sys/kernel/debug/dma-api
bytes=$1
shift

insmod /lib/fpgabuf/fpgabuf.ko
device=/dev/$(ls /sys/bus/platform/devices/f8f00200.counter/misc)

for run; do
  IFS=: read -r engine size regions port <<END
$run
END
  result=$(fpgabuf-send --device "$device" --engine "$engine" --bytes "$bytes" \
    --region-size "$size" --regions "$regions" --json --quiet "10.0.2.2:$port")
  echo "result $port $result"
done

# The last fences let go of it when RCU has seen to them.
tries=600
until rmmod fpgabuf; do
  [ $((tries -= 1)) -gt 0 ]
  sleep 0.1
done
# It is watching all the time, or says here that it has given up.
echo "dma-api $(cat $dma/disabled) $(cat $dma/error_count)"
