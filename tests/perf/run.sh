#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--again] [--document] [KERNEL...] - what sending and capturing costs, in
# instructions, and how much of what is sent is copied
#
# One boot for each kernel: 6.1, 6.12, 7, and arm64, which is 6.1 on a machine
# whose device tree sets memory aside.  Prints tables, and whether they are as
# promised; draws a plot; keeps all figures as JSON in .build/bench.
# --document writes a summary and the plot into Documentation as well.  --again boots
# nothing, and reports what was counted the last time.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/page.sh"
. "$TOP/tests/vm/receiver.sh"
cd "$TOP"

TOOLS=$BUILD/tools
DIR=$BUILD/bench
PAGE=$TOP/Documentation/benchmark.rst
KERNELS=()
AGAIN=
DOCUMENT=
# More than all boots take
PATIENCE=7200

while [ $# -gt 0 ]; do
  case $1 in
  --again) AGAIN=1 ;;
  --document) DOCUMENT=1 ;;
  6.1 | 6.12 | 7 | arm64) KERNELS+=("$1") ;;
  *) die "usage: run.sh [--again] [--document] [6.1|6.12|7|arm64]..." ;;
  esac
  shift
done
[ ${#KERNELS[@]} -gt 0 ] || KERNELS=(6.1 6.12 7 arm64)

cleanup() {
  stop_receivers
  rm -rf "$TMP"
}

# boot KERNEL: its log
boot() {
  local root='' arch=amd64

  case $1 in
  arm64) arch=arm64 ;;
  6.1) ;;
  *) root=$(tests/vm/amd64.sh "$1") ;;
  esac
  ARCH=$arch KROOT=$root FPGABUF_BENCH_PORT=$PORT \
    tests/driver/run.sh bench >"$DIR/$1.log" 2>&1
}

# figures KERNEL: all lines of JSON, each with what it is about
figures() {
  local kind

  for kind in bench copies capture; do
    sed -n "s/^$kind //p" "$DIR/$1.log" |
      jq -c --arg kind "$kind" --arg kernel "$1" '{$kernel, $kind} + .'
  done
}

# environment: what another person needs to get the same
environment() {
  local kernel

  "$(command -v qemu-system-x86_64)" --version | head -n 1
  echo 'one processor, a Nehalem or a Cortex-A72, -icount shift=0'
  echo 'vmxnet3 on user networking'
  for kernel in "${KERNELS[@]}"; do
    sed -n 's/^kernel: //p' "$DIR/$kernel.log" | head -n 1
  done | paste -s -d ' ' | sed 's/^/Linux /'
}

report() {
  echo 'Environment:'
  environment | sed 's/^/  /'
  for kernel in "${KERNELS[@]}"; do
    jq -L tests/perf -rs --arg kernel "$kernel" -f tests/perf/tables.jq \
      "$DIR/figures.json"
  done
}

count_all() {
  local kernel

  make -s tools >/dev/null
  # What the guests send is thrown away.
  start_receiver bench "$PATIENCE" --connections 0 --timeout "$PATIENCE"
  for kernel in "${KERNELS[@]}"; do
    step "bench-$kernel" "count on kernel $kernel, 5 minutes" boot "$kernel" ||
      die "see .build/bench/$kernel.log"
  done
}

# plot TERMINAL FILE
plot() {
  gnuplot -e "terminal='$1'; output='$2'; data='$DIR/plot'; kernels='${KERNELS[*]//arm64/}'" \
    tests/perf/plot.gnuplot
}

# For gnuplot: a block for each kernel and way
plot_data() {
  jq -rs --arg kernels "${KERNELS[*]//arm64/}" -f tests/perf/plot.jq \
    "$DIR/figures.json"
}

document() {
  sed '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' "$DIR/bench.svg" \
    >Documentation/benchmark.svg
  {
    printf '::\n\n'
    {
      environment
      jq -L tests/perf -rs -f tests/perf/summary.jq "$DIR/figures.json"
    } | sed 's/^\(.\)/  \1/'
  } | write_part "$PAGE" benchmark
}

TMP=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$DIR"
[ -n "$AGAIN" ] || count_all
for kernel in "${KERNELS[@]}"; do
  figures "$kernel"
done >"$DIR/figures.json"
report
plot_data >"$DIR/plot"
plot svg "$DIR/bench.svg"
plot pngcairo "$DIR/bench.png"
echo "All figures: ${DIR#"$TOP"/}/figures.json; a plot: bench.svg, bench.png"
[ -z "$DOCUMENT" ] || document
