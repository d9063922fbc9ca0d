#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# planted.sh - does the debug kernel find the bugs that planted/*.patch put into
# a copy of the driver?  Wants KROOT, see build.sh.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

PLANTED=$TOP/tests/kernel/planted
COPY=$BUILD/planted
failed=0

# One copy for all: only what a patch has touched is built again.
copy_tree() {
  rm -rf "$COPY"
  mkdir -p "$COPY"
  (cd "$TOP" && cp -a --parents Makefile Documentation drivers tests tools uapi "$COPY")
}

# caught PATCH SUITE REPORT: with PATCH applied, SUITE makes the kernel say
# REPORT, a regular expression, and the run fails
caught() {
  local log=$COPY/.build/log/guest.kernel.log out=$BUILD/log/planted-$1.log
  local code=0

  patch -s -d "$COPY" -p 1 <"$PLANTED/$1.patch" ||
    die "planted/$1.patch does not apply any more; make it anew"
  rm -f "$log"
  "$COPY/tests/driver/run.sh" "$2" >"$out" 2>&1 || code=$?
  patch -s -d "$COPY" -p 1 -R <"$PLANTED/$1.patch"
  if [ "$code" -ne 0 ] && grep -qE -- "$3" "$log"; then
    echo "ok - caught: $1"
  else
    echo "FAIL - not caught: $1 (exit code $code)"
    tail -n 20 "$out"
    failed=1
  fi
}

[ -n "${KROOT:-}" ] || die 'wants KROOT, which build.sh prints'
ACCEL=$("$TOP/tests/vm/accel.sh")
export ACCEL
mkdir -p "$BUILD/log"
copy_tree
caught missing-unmap importers 'DMA-API: .*overlapping mappings|dump_show'
caught sleep-under-lock capture \
  'BUG: sleeping function called from invalid context'
caught use-after-free alloc 'BUG: KASAN: slab-use-after-free in .*region_free'
exit "$failed"
