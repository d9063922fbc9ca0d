#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# upstream.sh [--again] [KERNEL...] - what the patches of Documentation/upstream save:
# instructions per byte on a kernel without and with them
#
# Kernels are unpatched and patched; tests/kernel/build.sh builds them.  For the option
# see perf.sh.

set -euo pipefail
. "$(dirname "$0")/perf.sh"

# count KERNEL
count() {
  boot "$1" upstream | tee "$DIR/upstream-$1.log"
}

# figures KERNEL: lines of JSON, of sends and of the whole pipeline
figures() {
  sed -n 's/^bench //p' "$DIR/upstream-$1.log" |
    jq -c --arg kernel "$1" '{$kernel, kind: "bench"} + .'
  cat "$DIR/pipeline-$1.json"
}

perf_begin 'unpatched patched' "$@"
count_all upstream 'count what sending costs'
FPGABUF_PIPELINE='instructions at once, by engine' tests/perf/pipeline.sh \
  ${AGAIN:+--again} "${KERNELS[@]}" >"$DIR/upstream-pipeline" ||
  die "see .build/bench/upstream-pipeline"
for kernel in "${KERNELS[@]}"; do
  figures "$kernel"
done >"$DIR/upstream.json"
sed -n 's/^kernel: /Linux /p' "$DIR/upstream-${KERNELS[0]}.log"
jq -L tests/perf -rs -f tests/perf/upstream.jq "$DIR/upstream.json"
