#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-guest.sh BYTES PORT - the part of the demonstration of the RTL that runs in
# the guest.  Lines "result NAME JSON" are for demo.sh, others for people.

set -e

insmod /lib/fpgabuf/fpgabuf.ko
insmod /lib/fpgabuf/fpgabuf-user.ko simulator=1

# The writer takes the stream from the first disk.
echo "capturing $1 bytes from the RTL, and sending them"
rtl-master --trace /tmp/first.vcd /dev/vda "$1" >/tmp/rtl &
fpgabuf-send --engine zerocopy --bytes "$1" --region-size 64K --json --quiet \
  "10.0.2.2:$2" >/tmp/json || {
  cat /tmp/rtl
  kill $!
  exit 1
}
wait $!
echo "result zerocopy $(cat /tmp/json)"
echo "result rtl $(cat /tmp/rtl)"

# The waveform leaves on the second.
echo "result trace {\"bytes\":$(wc -c </tmp/first.vcd)}"
cat /tmp/first.vcd >/dev/vdb
