#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration with real RTL: a file is the stream of the writer in
# drivers/fpgabuf/rtl/, which Verilator simulates in a virtual machine.  What it
# writes on its AXI port is captured, and sent to this host over the network.
#
# INPUT=file  1 byte to 256 MiB (default: a file made here)
# SIZE=size   of the file made here (default 4M)

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/demo-common.sh"
cd "$TOP"

HERE=tests/platform/rtl
# More than the first capture ever leaves
WAVE_LIMIT=64M
VCD=$BUILD/rtl/first.vcd

# For the sake of receiver.sh
TOOLS=$BUILD/tools

build() {
  make -j"$(nproc)" modules tools
  make -j"$(nproc)" -C "$HERE" O="$BUILD/rtl" NAME=master TRACE=1 \
    TOOLS="$TOOLS" master
}

run_guest() {
  truncate -s "$WAVE_LIMIT" "$TMP/wave"
  tests/vm/run.sh --net user --disk "$INPUT:ro" --disk "$TMP/wave" \
    --timeout "$PATIENCE" --log "$BUILD/log/demo-rtl-kernel.log" \
    --ko "$BUILD/modules/$KVER/drivers/fpgabuf/fpgabuf.ko" \
    --ko "$BUILD/modules/$KVER/drivers/fpgabuf/user/fpgabuf-user.ko" \
    --file "$TOOLS/fpgabuf-send" --file "$BUILD/rtl/master/rtl-master" \
    --file "$HERE/demo-guest.sh" \
    -- demo-guest.sh "$BYTES" "${1#*:}" | show
}

# row TITLE FILE JQ_EXPRESSION
row() {
  printf '  %-22s %14s\n' "$1" "$(jq -r "$3" "$TMP/$2.json")"
}

table() {
  row 'captures' rtl .captures
  row 'cycles of the writer' rtl .cycles
  row 'AXI bursts' rtl .bursts
  row 'AXI beats' rtl .beats
  row 'bytes sent' zerocopy .bytes
  row 'copied by the kernel' zerocopy .copied
  row 'seconds' zerocopy .seconds
}

begin 4M
step build-rtl "building the driver for $KVER, the tools, and the RTL" build
# The slowest we have seen is 0.2 MB/s.
PATIENCE=$((600 + BYTES / 20000))
demonstrate "$PATIENCE" zerocopy
head -c "$(jq .bytes "$TMP/trace.json")" "$TMP/wave" >"$VCD"
tail -n 1 "$VCD" | grep -q . || die "the waveform is empty"
echo "What arrived is what the RTL was fed with."
echo "The waveform of the first capture: gtkwave ${VCD#"$TOP"/}"
