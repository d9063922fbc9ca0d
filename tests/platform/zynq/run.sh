#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - the whole way on a Zynq-7000: PL330, driver, MSG_ZEROCOPY, GEM, host
#
# On QEMU's xilinx-zynq-a9, with a kernel that has the driver in its tree and
# looks for bugs.  64 MiB are captured from a counter that runs freely, and sent
# to this host: each value must be larger than the one before, no byte may have
# been copied, and nobody may complain.

set -euo pipefail
export ARCH=armhf FLAVOUR=zynq BOARD=zynq
. "$(dirname "$0")/../../vm/common.sh"
cd "$TOP"
KROOT=$(tests/kernel/build.sh zynq)
export KROOT
# These run here; arch.sh makes pkg-config tell of libraries for the guest.
make -s tools
TOOLS=$BUILD/tools
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/expect.sh"
. "$TOP/tests/vm/receiver.sh"

BYTES=$((64 << 20))
# Engine, size of a region, and how many of these
RUNS=(zerocopy:1M:8 uring:1M:8 zerocopy:64M:2)
PATIENCE=400

# counts FILE: values of 32 bit, whose order survives a wrap.  A gap is what a
# counter has while nobody reads it.
counts() {
  od -An -v -tu4 -w4 "$1" | awk -v wanted=$((BYTES / 4)) '
    NR > 1 {
      step = ($1 - last + 4294967296) % 4294967296
      if (!step || step >= 2147483648) {
        print "value " NR " is " $1 ", behind " last
        exit bad = 1
      }
    }
    { last = $1 }
    END { exit bad || NR != wanted }'
}

# What the kernel says of a copy is exact with io_uring.
free_of_copies() {
  jq -e --argjson bytes "$BYTES" '.bytes == $bytes and .sends > 0
    and .completions == .sends and .copied == 0 and .fallback_copies == 0
    and (.copied_exact or .engine == "zerocopy")' <<<"$1"
}

# Not disabled, and no error
dma_api_is_silent() {
  [ "$1" = 'N 0' ]
}

# listen_to_guest: what it has said last is in SAID
listen_to_guest() {
  local line what rest

  while IFS= read -r line; do
    read -r what rest <<<"$line"
    case $what in
    result)
      expect "$BYTES bytes sent without a copy, ${NAMES[${rest%% *}]}" \
        free_of_copies "${rest#* }"
      ;;
    dma-api)
      expect 'the debugging of the DMA API is on, and silent' \
        dma_api_is_silent "$rest"
      ;;
    *) echo "$line" ;;
    esac
  done
}

scratch stop_receivers

KVER=$(tests/vm/kernel.sh)
export KVER
echo "kernel: $KVER"
make -s -C tests/driver O="$OBJ/guest" "${CROSS[@]}"

declare -A NAMES
targets=()
for run in "${RUNS[@]}"; do
  start_receiver "$run" "$PATIENCE" --bytes "$BYTES" --output "$TMP/$run.out"
  NAMES[$PORT]=$run
  targets+=("$run:$PORT")
done

code=0
tests/vm/run.sh --log "$OBJ/log/zynq.kernel.log" --timeout "$PATIENCE" \
  --cpus 1 --net user --dt tests/platform/zynq/zynq.dtsi \
  --ko "$KROOT/lib/modules/$KVER/kernel/drivers/fpgabuf/fpgabuf.ko" \
  --file "$OBJ/guest/tools/fpgabuf-send" --file tests/platform/zynq/guest.sh \
  -- guest.sh "$BYTES" "${targets[@]}" >"$TMP/said" || code=$?
listen_to_guest <"$TMP/said"
# Nobody else sends to them.
[ "$code" -eq 0 ] || stop_receivers
expect 'the guest ends well, its kernel log too' test "$code" -eq 0
expect 'all have been received' wait_receivers
for run in "${RUNS[@]}"; do
  expect "each value is larger than the one before, $run" counts "$TMP/$run.out"
done
# All results, and the DMA API, have been seen.
expect 'nothing was left out' test $((passed + failed)) -eq \
  $((2 * ${#RUNS[@]} + 3))
summary
