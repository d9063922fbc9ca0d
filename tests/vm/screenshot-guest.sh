#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# screenshot-guest.sh CARD:FORMAT:STRIDE... - the part of screenshot.sh that runs
# in the guest: shows the picture /FORMAT-STRIDE on each card.
#
# Says "shown WORD" when it can be seen, and when it no longer can, "result WORD
# REGIONS JSON": what the driver knew of the regions while the picture was seen,
# and what fpgabuf-show reports.  After each it waits for a line.

set -e

DRIVER=/sys/kernel/debug/fpgabuf/fpgabuf0
SIM=/sys/bus/platform/devices/fpgabuf-sim.0

# show WORD CARD FORMAT STRIDE
show() {
  fpgabuf-show --card "/dev/dri/card$2" --format "$3" --size 640x480 \
    --stride "$4" --verbose --json >/tmp/json 2>/tmp/messages &
  exec 5</tmp/messages
  cat "/$3-$4" >/dev/fpgabuf-sim0-feed
  until read -r line <&5 && [ "$line" != "${line%is on the screen}" ]; do
    [ -n "$line" ] || return 1
    echo "$line"
  done
  echo "shown $1"
  # State, mappings by importers, mapped pages
  regions=$(awk 'NR > 1 { printf "%s,%s,%s;", $6, $7, $8 }' $DRIVER/regions)
  read -r line
  kill $!
  wait $!
  exec 5<&-
  echo "result $1 $regions $(cat /tmp/json)"
  read -r line
}

insmod /lib/fpgabuf/fpgabuf.ko
insmod /lib/fpgabuf/fpgabuf-sim.ko
echo feed >$SIM/source
mkfifo /tmp/messages
for word; do
  # shellcheck disable=SC2046 # three words
  show "$word" $(echo "$word" | tr : ' ')
done
