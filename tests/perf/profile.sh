#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# profile.sh [--again] [--document] [KERNEL...] - which functions the instructions are
# spent in when 1 MiB is sent at a time
#
# Kernels are 6.1, 6.12 and 7.  For the options see perf.sh.

set -euo pipefail
. "$(dirname "$0")/perf.sh"

# Of the suite "profile", in its order
WAYS='send(),malloc zc,folio zc,uring'

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
  sed -nE 's/^profile ([0-9]+).*/\1/p' "$DIR/profile-$1.log" | head -n 1
}

# packets KERNEL: how large they were, in each way
packets() {
  sed -nE 's/^profile .* bytes, ([0-9]+) in a packet: .*/\1/p' \
    "$DIR/profile-$1.log" | xargs printf '%10d'
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

# count KERNEL
count() {
  truncate -s 0 "$DIR/symbols" && truncate -s 16M "$DIR/symbols" &&
    boot "$1" profile | tee "$DIR/profile-$1.log" &&
    table "$1" >"$DIR/profile-$1"
}

perf_begin '6.1 6.12 7' "$@"
count_all bench-profile 'count by function'
for kernel in "${KERNELS[@]}"; do
  cat "$DIR/profile-$kernel"
done
[ -z "$DOCUMENT" ] || document
