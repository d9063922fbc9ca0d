#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [BOOTS] - capture through a DMA controller that nobody here wrote
#
# Stock armmp on QEMU's smdkc210, with two Cortex-A9 and a PL330 as in Cyclone V:
# the suite pl330, and data from outside, which come in at a serial port, are
# captured from its FIFO, sent by fpgabuf-send, and must be the same at the end.

set -euo pipefail
export ARCH=armhf BOARD=smdkc210
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

BOOTS=${1:-1}
ROUNDS=20
BYTES=$((32 * 1024))
TIMEOUT=240

TMP=$(mktemp -d)
GUEST=
cleanup() {
  [ -z "$GUEST" ] || kill "$GUEST" 2>/dev/null || :
  rm -rf "$TMP"
}
trap cleanup EXIT

KVER=$(tests/vm/kernel.sh)
export KVER
KO=$BUILD/modules/$KVER
echo "kernel: $KVER"
make -s --no-print-directory modules
make -s -C tests/driver O="$OBJ/guest" "${CROSS[@]}"
${CC:-cc} -O2 -Wall -Wextra -o "$TMP/feed" tests/platform/pl330/feed.c

frames() {
  local i

  FRAMES=()
  for ((i = 0; i < ROUNDS; i++)); do
    head -c "$BYTES" /dev/urandom >"$TMP/frame$i"
    FRAMES+=("$TMP/frame$i")
  done
}

# The same bytes at both ends
same() {
  [ "$(sha256sum <"$TMP/frame$1")" = "$2  -" ]
}

# boot: reads what the guest says
boot() {
  local line what round sum code=0

  frames
  rm -f "$TMP"/{out,go,qmp.in,qmp.out,uart}
  mkfifo "$TMP"/{out,go,qmp.in,qmp.out}
  tests/vm/run.sh --log "$OBJ/log/pl330.kernel.log" --timeout "$TIMEOUT" \
    --dt tests/platform/pl330/pl330.dtsi --qmp "$TMP/qmp" --uart "$TMP/uart" \
    --ko "$KO/drivers/fpgabuf/fpgabuf.ko" \
    --file "$OBJ/guest/guest-tests" \
    --file "$OBJ/guest/tools/fpgabuf-send" \
    --file "$OBJ/guest/tools/fpgabuf-recv" \
    --file tests/platform/pl330/guest.sh \
    -- guest.sh "$ROUNDS" "$BYTES" >"$TMP/out" &
  GUEST=$!
  "$TMP/feed" "$TMP/uart" "$TMP/qmp.in" "$TMP/qmp.out" "${FRAMES[@]}" \
    <"$TMP/go" &
  exec 4>"$TMP/go"
  while IFS= read -r line; do
    read -r what round sum <<<"$line"
    case $what in
    ready) echo >&4 ;;
    got) expect "round $round: $BYTES bytes, SHA-256 ${sum::16}..." same "$round" "$sum" ;;
    *) echo "$line" ;;
    esac
  done <"$TMP/out"
  exec 4>&-
  wait "$GUEST" || code=$?
  GUEST=
  wait
  expect "the guest ends well" test "$code" -eq 0
}

for ((n = 1; n <= BOOTS; n++)); do
  before=$passed
  boot
  # Those that did not come to an end have not said so.
  expect "boot $n of $BOOTS: all $ROUNDS rounds" \
    test $((passed - before)) -eq $((ROUNDS + 1))
done
summary
