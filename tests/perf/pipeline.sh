#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pipeline.sh [--again] [--document] [KERNEL...] - what it costs to capture and to send,
# all of it: the tools as they are installed, the driver and the kernel
#
# One boot for each kernel: 6.1, 6.12 and 7.  Prints tables, and whether they are as
# promised; keeps all figures as JSON in .build/bench.  For the options see perf.sh.
# FPGABUF_PIPELINE=PATTERN: only the tests with such names, as tests/run takes them.

set -euo pipefail
. "$(dirname "$0")/perf.sh"

SUITE=pipeline${FPGABUF_PIPELINE:+.$FPGABUF_PIPELINE}

# executed N: instructions between the marks, for the Nth time
executed() {
  awk '{ sum += $2 } END { printf "%.0f", sum }' "$DIR/blocks.$1"
}

# figures KERNEL: its lines of JSON, with what the plugin has counted.  Each row was
# counted twice, the second time with twice as many captures.
figures() {
  local once twice line n=0

  sed -n 's/^pipeline //p' "$DIR/pipeline-$1.log" | while read -r line; do
    once=$(executed "$n")
    twice=$(executed "$((n + 1))")
    jq -c --arg kernel "$1" --argjson instructions "$((twice - once))" \
      '{$kernel, $instructions, kind: "pipeline"} + .' <<<"$line"
    n=$((n + 2))
  done
}

# count KERNEL
count() {
  boot "$1" "$SUITE" | tee "$DIR/pipeline-$1.log" &&
    figures "$1" >"$DIR/pipeline-$1.json"
}

# all: the figures of all kernels
all() {
  local kernel

  for kernel in "${KERNELS[@]}"; do
    cat "$DIR/pipeline-$kernel.json"
  done
}

document() {
  {
    echo '::'
    all | jq -L tests/perf -rs -f tests/perf/pipeline.jq | sed 's/^\(.\)/  \1/'
  } | write_part "$PAGE" pipeline
}

perf_begin '6.1 6.12 7' "$@"
count_all pipeline 'count the pipeline'
for kernel in "${KERNELS[@]}"; do
  jq -L tests/perf -rs --arg kernel "$kernel" -f tests/perf/pipelines.jq \
    "$DIR/pipeline-$kernel.json"
done
[ -z "$DOCUMENT" ] || document
