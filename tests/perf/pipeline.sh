#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pipeline.sh [--again] [--document] [KERNEL...] - what it costs to capture and to send,
# all of it: the tools as they are installed, the driver and the kernel
#
# One boot for each kernel: 6.1, 6.12 and 7.  Prints tables, and whether they are as
# promised; keeps all figures as JSON in .build/bench.  --document writes a summary into
# Documentation as well.  --again boots nothing, and reports what was counted the last
# time.  FPGABUF_PIPELINE=PATTERN: only the tests with such names, as tests/run takes
# them.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/page.sh"
. "$TOP/tests/vm/receiver.sh"
cd "$TOP"

TOOLS=$BUILD/tools
DIR=$BUILD/bench
PAGE=$TOP/Documentation/benchmark.rst
SUITE=pipeline${FPGABUF_PIPELINE:+.$FPGABUF_PIPELINE}
KERNELS=()
AGAIN=
DOCUMENT=
PATIENCE=7200

while [ $# -gt 0 ]; do
  case $1 in
  --again) AGAIN=1 ;;
  --document) DOCUMENT=1 ;;
  6.1 | 6.12 | 7) KERNELS+=("$1") ;;
  *) die "usage: pipeline.sh [--again] [--document] [6.1|6.12|7]..." ;;
  esac
  shift
done
[ ${#KERNELS[@]} -gt 0 ] || KERNELS=(6.1 6.12 7)

cleanup() {
  stop_receivers
  rm -rf "$TMP"
}

# boot KERNEL: its log, and the counts of QEMU's plugin
boot() {
  local root=

  [ "$1" = 6.1 ] || root=$(tests/vm/amd64.sh "$1")
  rm -f "$DIR/blocks."*
  KROOT=$root FPGABUF_BENCH_PORT=$PORT FPGABUF_BENCH_DIR=$DIR \
    tests/driver/run.sh "$SUITE" >"$DIR/pipeline-$1.log" 2>&1
}

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

count_all() {
  local kernel

  make -s tools >/dev/null
  gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$DIR/profile.so" \
    tests/perf/profile.c
  # What the guests send is thrown away.
  start_receiver pipeline "$PATIENCE" --connections 0 --timeout "$PATIENCE"
  for kernel in "${KERNELS[@]}"; do
    step "pipeline-$kernel" "count the pipeline on kernel $kernel" boot "$kernel" ||
      die "see .build/bench/pipeline-$kernel.log"
    figures "$kernel" >"$DIR/pipeline-$kernel.json"
  done
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

TMP=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$DIR"
[ -n "$AGAIN" ] || count_all
for kernel in "${KERNELS[@]}"; do
  jq -L tests/perf -rs --arg kernel "$kernel" -f tests/perf/pipelines.jq \
    "$DIR/pipeline-$kernel.json"
done
[ -z "$DOCUMENT" ] || document
