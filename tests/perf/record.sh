#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# record.sh [--again] [KERNEL...] - what it costs to record to an NVMe disk, and to write
# as much by dd
#
# Kernels are 6.1, 6.12 and 7.  For the option see perf.sh.  What dd writes are zeros
# that the kernel makes.

set -euo pipefail
. "$(dirname "$0")/perf.sh"

# executed N: instructions between the marks, for the Nth time
executed() {
  awk '{ sum += $2 } END { printf "%.0f", sum }' "$DIR/blocks.$1"
}

# figures KERNEL: lines of JSON; each row was counted twice, the second time with twice
# as many captures
figures() {
  local line n=0

  sed -n 's/^record //p' "$DIR/record-$1.log" | while read -r line; do
    jq -c --arg kernel "$1" \
      --argjson instructions $(($(executed $((n + 1))) - $(executed "$n"))) \
      '{$kernel, $instructions} + .' <<<"$line"
    n=$((n + 2))
  done
}

# count KERNEL
count() {
  boot "$1" recording | tee "$DIR/record-$1.log" &&
    figures "$1" >"$DIR/record-$1.json"
}

perf_begin '6.1 6.12 7' "$@"
count_all record 'count a recording'
for kernel in "${KERNELS[@]}"; do
  jq -L tests/perf -rs --arg kernel "$kernel" \
    'include "figures";
    table("Linux \($kernel), instructions to write a capture, by its size:"; .how; .size;
      .instructions / .captures | floor | tostring)' "$DIR/record-$kernel.json"
done
