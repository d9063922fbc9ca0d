#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-guest.sh BYTES ENGINE:PORT... - the part of the demonstration that runs
# in the guest.  Lines "result ENGINE JSON" are for demo.sh, others for people.

set -e

SIM=/sys/bus/platform/devices/fpgabuf-sim.0

# The FPGA is fed from the disk while fpgabuf-send captures; the feed blocks
# when it is ahead.
run() {
  echo "capturing $1 bytes and sending them, engine $2"
  head -c "$1" /dev/vda >/dev/fpgabuf-sim0-feed &
  fpgabuf-send --engine "$2" --bytes "$1" --region-size 1M --json --quiet \
    "10.0.2.2:$3" >/tmp/json || {
    kill $!
    return 1
  }
  wait $!
  echo "result $2 $(cat /tmp/json)"
}

# unload MODULE: a fence lets go of the module when RCU has seen to it, a moment
# after the last descriptor was closed
unload() {
  tries=50
  until rmmod "$1" 2>/tmp/rmmod; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || {
      cat /tmp/rmmod
      return 1
    }
    sleep 0.1
  done
}

insmod /lib/fpgabuf/fpgabuf.ko
insmod /lib/fpgabuf/fpgabuf-sim.ko
echo feed >$SIM/source

bytes=$1
shift
for engine; do
  run "$bytes" "${engine%:*}" "${engine#*:}"
done

# The driver holds the DMA channel of the simulator, so it goes first.
unload fpgabuf
unload fpgabuf-sim
echo "modules unloaded"
