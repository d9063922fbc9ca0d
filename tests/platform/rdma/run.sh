#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [MIB] - RDMA from one virtual machine to another
#
# In one of them fpgabuf-send --engine rdma captures and sends, in the other one
# fpgabuf-recv --rdma writes to a disk: 1024 MiB, or as many as you say, which must be
# the same as the simulated FPGA has produced.  Then over a wire that loses packets,
# and to a receiver that is killed.  Each machine has a soft-RoCE device.  KROOT chooses
# the kernel.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/expect.sh"
. "$TOP/tests/vm/rdma.sh"
cd "$TOP"

MIB=${1:-1024}
TIMEOUT=${TIMEOUT:-3600}

SENDER=
RECEIVER=
stop() {
  [ -z "$SENDER" ] || kill "$SENDER" 2>/dev/null || :
  [ -z "$RECEIVER" ] || kill "$RECEIVER" 2>/dev/null || :
}
scratch stop

KVER=$(tests/vm/kernel.sh)
export KVER
KO=$BUILD/modules/$KVER
echo "kernel: $KVER"
make -s --no-print-directory modules
make -s -C tests/driver O="$OBJ/guest" "${CROSS[@]}"
rdma_options || die "RDMA cannot be tested"
${CC:-cc} -O2 -Wall -Wextra -o "$TMP/pattern" tests/platform/rdma/pattern.c

# machine OURS PEER OPTION... -- ARGUMENT...: boots one; the wire ends at the socket OURS,
# and the other end is PEER
machine() {
  local ours=$1 peer=$2 options=()

  shift 2
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  tests/vm/run.sh --log "$OBJ/log/rdma-$ours.kernel.log" --timeout "$TIMEOUT" \
    "${RDMA[@]}" "${options[@]}" --file tests/platform/rdma/guest.sh \
    --qemu-arg -netdev --qemu-arg "dgram,id=wire,local.type=unix,local.path=$TMP/$ours,remote.type=unix,remote.path=$TMP/$peer" \
    --qemu-arg -device --qemu-arg "$(nic "$ours")" \
    -- guest.sh "$@"
}

# nic NAME: each has an address of its own
nic() {
  case $1 in
  sender) echo e1000e,netdev=wire,mac=52:54:00:fb:00:02,romfile= ;;
  receiver) echo e1000e,netdev=wire,mac=52:54:00:fb:00:03,romfile= ;;
  esac
}

receive() {
  machine receiver sender --disk "$TMP/disk" \
    --file "$OBJ/guest/tools/fpgabuf-recv" -- receive "$MIB"
}

# The last file is what the suite "rdma" calls to have a wire.
send() {
  machine sender receiver --input "$TMP/go" \
    --ko "$KO/drivers/fpgabuf/fpgabuf.ko" \
    --ko "$KO/drivers/fpgabuf/sim/fpgabuf-sim.ko" \
    --ko "$KO/drivers/fpgabuf/user/fpgabuf-user.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-remap.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-importer.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-master.ko" \
    --file "$OBJ/guest/tools/fpgabuf-send" --file "$OBJ/guest/tools/fpgabuf-recv" \
    --file "$OBJ/guest/guest-tests" \
    --file tests/platform/rdma/guest.sh:/bin/rdma-wire -- send "$MIB"
}

same() {
  [ "$("$TMP/pattern" $((MIB << 20)) | sha256sum)" = \
    "$(head -c $((MIB << 20)) "$TMP/disk" | sha256sum)" ]
}

# follow: tells the sender when both are there for the same part, and counts
follow() {
  local line part there=' '

  while IFS= read -r line; do
    case $line in
    'part '*)
      part=${line#part }
      [[ $there != *" $part "* ]] || echo "$part" >&4
      there+="$part "
      ;;
    'ok - '*) passed=$((passed + 1)) ;;
    'FAIL - '*) failed=$((failed + 1)) ;;
    esac
    echo "$line"
  done
}

truncate -s "${MIB}M" "$TMP/disk"
mkfifo "$TMP"/{go,said}
exec 4<>"$TMP/go"
# If there is no receiver any more, the sender shall not wait for one.
{
  code=0
  receive || code=$?
  echo end >&4
  exit "$code"
} >"$TMP/said" 2>&1 &
RECEIVER=$!
send >"$TMP/said" 2>&1 &
SENDER=$!
follow <"$TMP/said"
expect "the machine of the receiver ends well" wait "$RECEIVER"
RECEIVER=
expect "the machine of the sender ends well" wait "$SENDER"
SENDER=
expect "$MIB MiB arrived as they were captured, by SHA-256" same
summary
