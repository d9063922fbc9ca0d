#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# profile.sh [--document] [KERNEL...] - which functions the instructions are spent
# in when 1 MiB is sent at a time
#
# Kernels are 6.1, 6.12 and 7.  --document writes a summary into Documentation.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/page.sh"
. "$TOP/tests/vm/receiver.sh"
cd "$TOP"

TOOLS=$BUILD/tools
DIR=$BUILD/bench
PAGE=$TOP/Documentation/benchmark.rst
# Of the suite "profile", in its order
WAYS='send(),malloc zc,folio zc,uring'
KERNELS=()
DOCUMENT=
PATIENCE=3600

while [ $# -gt 0 ]; do
  case $1 in
  --document) DOCUMENT=1 ;;
  6.1 | 6.12 | 7) KERNELS+=("$1") ;;
  *) die "usage: profile.sh [--document] [6.1|6.12|7]..." ;;
  esac
  shift
done
[ ${#KERNELS[@]} -gt 0 ] || KERNELS=(6.1 6.12 7)

cleanup() {
  stop_receivers
  rm -rf "$TMP"
}

# boot KERNEL
boot() {
  local root=

  [ "$1" = 6.1 ] || root=$(tests/vm/amd64.sh "$1")
  truncate -s 0 "$DIR/symbols" && truncate -s 16M "$DIR/symbols"
  rm -f "$DIR/blocks."*
  KROOT=$root FPGABUF_BENCH_PORT=$PORT FPGABUF_BENCH_DIR=$DIR \
    tests/driver/run.sh profile
}

# The addresses and names of all functions that this boot had
functions() {
  tr -d '\0' <"$DIR/symbols" |
    awk '$2 ~ /^[tTwW]$/ && $1 ~ /^ffff/ { print $1, 0, $3 }'
}

executed() {
  local way

  for way in 0 1 2 3; do
    sed "s/ / 1 $way /" "$DIR/blocks.$way"
  done
}

# bytes KERNEL: that were sent in each way
bytes() {
  sed -nE 's/^profile ([0-9]+).*/\1/p' "$BUILD/log/bench-profile-$1.log" |
    head -n 1
}

# packets KERNEL: how large they were, in each way
packets() {
  sed -nE 's/^profile .* bytes, ([0-9]+) in a packet: .*/\1/p' \
    "$BUILD/log/bench-profile-$1.log" | xargs printf '%10d'
}

# table KERNEL
table() {
  { functions && executed; } | LC_ALL=C sort |
    awk -v "ways=$WAYS" -v "bytes=$(bytes "$1")" -f tests/perf/profile.awk
  printf '\n%-36s%s\n' 'bytes in a packet to the NIC' "$(packets "$1")"
}

# Of the last kernel, the five largest
document() {
  local kernel=${KERNELS[-1]}

  {
    printf '::\n\n  Linux %s\n\n' "$kernel"
    sed '9,/^all others/d; /^$/d; s/^/  /' "$DIR/profile-$kernel"
  } | write_part "$PAGE" profile
}

TMP=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$DIR"
make -s tools >/dev/null
gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$DIR/profile.so" \
  tests/perf/profile.c
start_receiver profile "$PATIENCE" --connections 0 --timeout "$PATIENCE"
for kernel in "${KERNELS[@]}"; do
  step "bench-profile-$kernel" "count by function on kernel $kernel" \
    boot "$kernel" || die "see .build/log/bench-profile-$kernel.log"
  table "$kernel" >"$DIR/profile-$kernel"
  cat "$DIR/profile-$kernel"
done
[ -z "$DOCUMENT" ] || document
