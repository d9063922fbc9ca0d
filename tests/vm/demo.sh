#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration: a file goes through the simulated FPGA of a virtual
# machine and over the network to this host, sent once without a copy and once
# with one.
#
# INPUT=file  1 byte to 256 MiB (default: a file made here)
# SIZE=size   of the file made here (default 32M)
# INSTALLED=root  take driver and tools from below that root, where packages
#             have put them, instead of building them

set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/demo-common.sh"
cd "$TOP"

# find_programs: build the driver and the tools, unless they are installed
find_programs() {
  if [ -n "${INSTALLED:-}" ]; then
    DRIVER=$INSTALLED/lib/modules/$KVER/updates/dkms/fpgabuf.ko
    SIM=${DRIVER%.ko}-sim.ko
    TOOLS=$INSTALLED/usr/bin
    return
  fi
  step build "building the driver for $KVER, and the tools" \
    make -j"$(nproc)" modules tools
  DRIVER=$BUILD/modules/$KVER/drivers/fpgabuf/fpgabuf.ko
  SIM=${DRIVER%/*}/sim/fpgabuf-sim.ko
  TOOLS=$BUILD/tools
}

run_guest() {
  tests/vm/run.sh --net user --disk "$INPUT:ro" --timeout "$PATIENCE" \
    --log "$BUILD/log/demo-kernel.log" \
    --ko "$DRIVER" --ko "$SIM" \
    --file "$TOOLS/fpgabuf-send" --file "$(command -v head)" \
    --file tests/vm/demo-guest.sh \
    -- demo-guest.sh "$BYTES" "$@" | show
}

# row TITLE FORMAT JQ_EXPRESSION
row() {
  local cells

  mapfile -t cells < <(jq -r "$3" "$TMP/zerocopy.json" "$TMP/copy.json")
  printf "  %-22s %14$2 %14$2\n" "$1" "${cells[@]}"
}

table() {
  printf '  %-22s %14s %14s\n' '' 'zero-copy' 'copy'
  row 'bytes' d .bytes
  row 'captures' d .captures
  row 'sends' d .sends
  row 'completions' d .completions
  row 'copied by the kernel' d .copied
  row 'fallback copies' d .fallback_copies
  row 'seconds' .2f .seconds
  row 'MB/s' .1f .mb_per_s
  row 'CPU seconds of sender' .2f '.cpu_user_s + .cpu_sys_s'
}

# Were these sends really without a copy?
proved() {
  jq -e '.sends > 0 and .completions == .sends and .copied == 0
    and .fallback_copies == 0' "$TMP/zerocopy.json" >/dev/null
}

begin 32M
find_programs
# A quiet machine needs a tenth.  One with ten processes for each processor needed
# more than 136 s for 32 MiB.
PATIENCE=$((600 + BYTES / 250000))
demonstrate "$PATIENCE" zerocopy copy
[ "$ACCEL" = kvm ] ||
  echo "The processor is emulated: speeds and times are no benchmark."
proved || die "the zero-copy run was not free of copies"
echo "What arrived is what was sent; without a copy in the zero-copy run."
