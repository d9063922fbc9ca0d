# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # for those who source this
#
# What run.sh, pipeline.sh, profile.sh and others share: options, a boot for each
# kernel, and the receiver on this host, which throws away what the guests send.
# Sourced.
#
# --again boots nothing, and reports what was counted the last time.  --document writes
# a summary into Documentation as well.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/common.sh"
. "$TOP/tests/vm/page.sh"
. "$TOP/tests/vm/receiver.sh"
cd "$TOP" || exit

PAGE=$TOP/Documentation/benchmark.rst
TOOLS=$BUILD/tools
DIR=$BUILD/bench
KERNELS=()
AGAIN=
DOCUMENT=
# More seconds than all boots take
PATIENCE=10800

cleanup() {
  stop_receivers
  rm -rf "$TMP"
}

# perf_begin KNOWN ARGUMENT...: reads the options; KNOWN are the kernels there can be,
# and all of them is the default.  Two more are those of tests/perf/upstream.sh.
perf_begin() {
  local known=$1

  shift
  while [ $# -gt 0 ]; do
    case $1 in
    --again) AGAIN=1 ;;
    --document) DOCUMENT=1 ;;
    -* | *' '*) perf_usage "$known" ;;
    *)
      [[ " $known unpatched patched " = *" $1 "* ]] || perf_usage "$known"
      KERNELS+=("$1")
      ;;
    esac
    shift
  done
  [ ${#KERNELS[@]} -gt 0 ] || read -ra KERNELS <<<"$known"
  TMP=$(mktemp -d)
  trap cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir -p "$DIR"
}

perf_usage() {
  die "usage: ${0##*/} [--again] [--document] [${1// /|}]..."
}

# boot KERNEL SUITE: its output is that of the suite, and QEMU's plugin counts into
# $DIR/blocks.*
boot() {
  local arch=() root=

  case $1 in
  arm64) arch=(ARCH=arm64) ;;
  6.1) ;;
  unpatched | patched) root=$(tests/kernel/build.sh "$1") || return ;;
  *) root=$(tests/vm/amd64.sh "$1") || return ;;
  esac
  rm -f "$DIR/blocks."*
  env "${arch[@]}" KROOT="$root" FPGABUF_BENCH_PORT="$PORT" FPGABUF_BENCH_DIR="$DIR" \
    tests/driver/run.sh "$2"
}

# count_all NAME SENTENCE: calls count KERNEL for each kernel, with its output in
# .build/log/NAME-KERNEL.log; not with --again
count_all() {
  local kernel

  [ -z "$AGAIN" ] || return 0
  make -s tools >/dev/null
  gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$DIR/profile.so" \
    tests/perf/profile.c
  start_receiver "$1" "$PATIENCE" --connections 0 --timeout "$PATIENCE"
  for kernel in "${KERNELS[@]}"; do
    step "$1-$kernel" "$2 on kernel $kernel" count "$kernel" ||
      die "see .build/log/$1-$kernel.log"
  done
}
