#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kunit.sh [FILTER] - the KUnit suites of the driver, on user-mode Linux
#
# FILTER is that of kunit.py, "suite" or "suite.test", with wildcards.  Needs no
# virtual machine and no root.  The first run builds a kernel.
#
# DRIVER  where the driver is, instead of drivers/fpgabuf

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/tree.sh"

KUNIT=$BUILD/kunit
TREE=$KUNIT/linux
LOG=$BUILD/log/kunit.log
JOBS=${JOBS:-$(nproc)}
DRIVER=${DRIVER:-$TOP/drivers/fpgabuf}

make_tree() {
  local source

  source=$("$TOP/tests/vm/source.sh" 6.12) &&
    tree_make "$source" "$TREE.new" fpgabuf && mv "$TREE.new" "$TREE"
}

# kunit COMMAND ARGUMENT...
kunit() {
  (cd "$TREE" && ./tools/testing/kunit/kunit.py "$1" --arch um \
    --build_dir "$KUNIT/um" "${@:2}")
}

build() {
  kunit build --kunitconfig drivers/fpgabuf --jobs "$JOBS"
}

run() {
  kunit exec --timeout 600 --raw_output=all "${FILTER[@]}"
}

# report LOG: what KTAP says, a line for each test, and the numbers.  The tests
# of a suite are indented by 4, the cases of a test that has some by 8.  A kernel
# that dies says neither "ok" nor "not ok" of the test it died in.
report() {
  tr -d '\r' <"$1" | awk '
    function say(good, what) {
      if ($0 ~ /# SKIP/) { print "skip - " suite ": " what; return }
      print (good ? "ok" : "FAIL") " - " suite ": " what
      if (good) passed++; else failed++
    }
    { good = !/^ *not ok/ }
    /^(KTAP|1\.\.)/ { started = 1 }
    /^    # Subtest: / { suite = $3 }
    /^ *(not )?ok [0-9]+ / { what = $0; sub(/^ *(not )?ok [0-9]+ /, "", what) }
    /^        # Subtest: / { test = $3 }
    /^        (not )?ok [0-9]+ / { cases++; bad += !good; say(good, test ": " what) }
    /^    (not )?ok [0-9]+ / {
      if (!cases || (!good && !bad)) say(good, what)
      cases = bad = 0
    }
    /^(not )?ok [0-9]+ / { ended++ }
    /^1\.\.[0-9]+/ { wanted = substr($0, 4) }
    END {
      if (!wanted || ended != wanted) {
        print "FAIL - the kernel ended after " ended + 0 " of " wanted + 0 " suites"
        failed++
      }
      printf "%d passed, %d failed\n", passed, failed
      exit failed != 0
    }'
}

# The kernel says at boot that it has what the scan looks for.
scan() {
  grep -av 'DMA-API: \(preallocated\|debugging enabled\)' "$1" >"$1.scanned"
  "$TOP/tests/vm/scan-log.sh" "$1.scanned" >&2
}

FILTER=("$@")
mkdir -p "$KUNIT" "$BUILD/log"
exec 9>"$KUNIT/lock"
flock 9
[ -d "$TREE" ] || make_tree
tree_insert "$TREE" "$DRIVER" fpgabuf
tree_header "$TREE" "$TOP/uapi/linux/fpgabuf.h"
step kunit-build 'build user-mode Linux with the driver' build
code=0
run >"$LOG" 2>&1 || code=$?
scan "$LOG" || code=1
if [ "$code" -ne 0 ]; then
  # What a failed expectation says, or the death of the kernel
  grep -a -B2 -A12 -m 20 -e EXPECTATION -e ASSERTION -e 'Kernel panic' "$LOG" || true
fi
report "$LOG" && [ "$code" -eq 0 ]
