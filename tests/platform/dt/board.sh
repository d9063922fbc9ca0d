#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# board.sh on-pc|on-board - run the commands of Documentation/board.rst that are
# marked so: here, on the device tree of a board, or in a virtual machine with
# the simulated FPGA

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
cd "$TOP"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
SYMBOL=(/__symbols__ pdma /soc/amba/pdma@ffe01000)

# commands CLASS: the blocks of that class, as one script
commands() {
  {
    echo 'set -eux'
    awk -v "class=$1" '
      /^\.\. code-block:: sh$/ { block = 1; wanted = 0; next }
      block && $1 == ":class:" { wanted = $2 == class; next }
      block && /^[^ ]/ { block = 0 }
      block && wanted { print substr($0, 4) }' Documentation/board.rst
  } >"$TMP/commands"
  [ "$(wc -l <"$TMP/commands")" -gt 2 ] || die "no commands $1 in board.rst"
}

on_pc() {
  export BOARD=$TMP/board.dtb OUT=$TMP

  cp "$(tests/platform/dt/dtbs.sh)/socfpga_cyclone5_de0_nano_soc.dtb" "$BOARD"
  fdtput -p -t s "$BOARD" "${SYMBOL[@]}"
  sh "$TMP/commands"
}

on_board() {
  local ko

  KVER=$(tests/vm/kernel.sh)
  export KVER
  ko=$BUILD/modules/$KVER/drivers/fpgabuf
  make -s modules tools
  {
    echo 'ip link set lo up'
    echo 'insmod /lib/fpgabuf/fpgabuf.ko'
    echo 'insmod /lib/fpgabuf/fpgabuf-sim.ko'
    cat "$TMP/commands"
  } >"$TMP/board-commands"
  chmod +x "$TMP/board-commands"
  tests/vm/run.sh --timeout 600 --ko "$ko/fpgabuf.ko" \
    --ko "$ko/sim/fpgabuf-sim.ko" --file "$TMP/board-commands" \
    --file "$BUILD/tools/fpgabuf-info" --file "$BUILD/tools/fpgabuf-recv" \
    --file "$BUILD/tools/fpgabuf-send" -- sh /bin/board-commands
}

commands "$1"
case $1 in
on-pc) on_pc ;;
on-board) on_board ;;
esac
