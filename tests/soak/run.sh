#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [recv] [send] [day] [standing] - what may go wrong once in a long time
#
# recv: fpgabuf-recv as a service, for RECV_SECONDS=3600 with CONNECTIONS=10000
# send: fpgabuf-send by io_uring beside fpgabuf-info in a virtual machine, for
#       SEND_SECONDS=600
# day:  fpgabuf-record for DAY_HOURS=24, which pass in minutes: the clock of the virtual
#       machine does not wait while nothing happens
# standing: what stays on a region while 100,000 captures go to it: fixed buffers that
#       are sent and written, a screen, a video output; only if it is named.  10,000
#       references and as many pins on top.  KROOT chooses the kernel
#
# What the service says is in .build/soak/recv.log.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/count.sh"
cd "$TOP"

DIR=$BUILD/soak

# In namespaces of its own: a file system that is soon full needs no root then.
# shellcheck disable=SC2317 # called by suite
receive() {
  make -s -C tests/soak O="$DIR" || return
  mkdir -p "$DIR/data"
  # shellcheck disable=SC2016 # the other shell expands it
  unshare --map-root-user --mount sh -euc '
    mount -t tmpfs -o size=1G none "$1/data"
    mkdir "$1/data/files"
    exec "$1/recv" "$1/tools/fpgabuf-recv" "$1/data/files" "$2" "$3"' \
    - "$DIR" "${RECV_SECONDS:-3600}" "${CONNECTIONS:-10000}" 2>"$DIR/recv.log"
}

# shellcheck disable=SC2317 # called by suite
send() {
  FPGABUF_SOAK_SECONDS=${SEND_SECONDS:-600} tests/driver/run.sh soak
}

# shellcheck disable=SC2317 # called by suite
day() {
  FPGABUF_DAY_HOURS=${DAY_HOURS:-24} tests/driver/run.sh day
}

# shellcheck disable=SC2317 # called by suite
standing() {
  FPGABUF_THOROUGH=1 tests/driver/run.sh standing
}

[ $# -gt 0 ] || set -- recv send day
for part; do
  case $part in
  recv) suite soak-recv 'fpgabuf-recv as a service' receive ;;
  send) suite soak-send 'fpgabuf-send for a long time' send ;;
  day) suite soak-day 'fpgabuf-record for a day' day ;;
  standing) suite soak-standing 'consumers that stay, 100,000 captures each' standing ;;
  *) die "$part: no such part, there are recv, send, day and standing" ;;
  esac
done
summary
