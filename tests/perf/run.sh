#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--again] [--document] [KERNEL...] - what sending and capturing costs, in
# instructions, and how much of what is sent is copied
#
# One boot for each kernel: 6.1, 6.12, 7, and arm64, which is 6.1 on a machine
# whose device tree sets memory aside.  Prints tables, and whether they are as
# promised; draws a plot; keeps all figures as JSON in .build/bench.  For the options
# see perf.sh; --document writes the plot as well.

set -euo pipefail
. "$(dirname "$0")/perf.sh"

# count KERNEL
count() {
  boot "$1" bench | tee "$DIR/$1.log"
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

perf_begin '6.1 6.12 7 arm64' "$@"
count_all bench 'count what sending costs'
for kernel in "${KERNELS[@]}"; do
  figures "$kernel"
done >"$DIR/figures.json"
report
plot_data >"$DIR/plot"
plot svg "$DIR/bench.svg"
plot pngcairo "$DIR/bench.png"
echo "All figures: ${DIR#"$TOP"/}/figures.json; a plot: bench.svg, bench.png"
[ -z "$DOCUMENT" ] || document
