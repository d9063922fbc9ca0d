#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - fuzz the ioctls, in the virtual machine
#
# FUZZ_OPS=n   so many operations (100000)
# FUZZ_SEED=n  the programs of an earlier run; which of them are kept may still
#              depend on who was first
# KROOT, KVER  another kernel: one with KCOV tells the fuzzer where it has been

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/arch.sh"

OPS=${FUZZ_OPS:-100000}
KVER=$("$TOP/tests/vm/kernel.sh")
export KVER
KO=$BUILD/modules/$KVER/drivers/fpgabuf

# So many operations a second are few enough for an emulator on a busy machine.
case $KVER in
*-debug-*) SPEED=50 ;;
*) SPEED=500 ;;
esac

make -s --no-print-directory -C "$TOP" modules
make -s -C "$TOP/tests/fuzz/ioctl" O="$OBJ/ioctl-fuzz" "${CROSS[@]}"

# Little memory for the regions: to reach the limits takes no time then.  The
# modules must go as they came, or something still holds them; fences let go of
# theirs when RCU has seen to them.
# shellcheck disable=SC2016 # it is the guest that expands it
GUEST='set -e
insmod /lib/fpgabuf/fpgabuf.ko limit_mib=32 file_limit_mib=24
insmod /lib/fpgabuf/fpgabuf-sim.ko devices=2
ioctl-fuzz "$@"
tries=100
until rmmod fpgabuf 2>/dev/null; do
  [ $((tries -= 1)) -gt 0 ] || { rmmod fpgabuf; exit 1; }
  sleep 0.1
done
rmmod fpgabuf-sim'

"$TOP/tests/vm/run.sh" --log "$OBJ/log/ioctl-fuzz.kernel.log" \
  --timeout $((300 + OPS / SPEED)) \
  --ko "$KO/fpgabuf.ko" --ko "$KO/sim/fpgabuf-sim.ko" \
  --file "$OBJ/ioctl-fuzz/ioctl-fuzz" \
  -- sh -c "$GUEST" ioctl-fuzz "$OPS" "${FUZZ_SEED:-}" "${FUZZ_WORKERS:-}"
