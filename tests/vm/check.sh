#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - build everything, run all tests, count them

set -euo pipefail
. "$(dirname "$0")/common.sh"
cd "$TOP"

PASSED=0
FAILED=0

# suite NAME TITLE COMMAND...: run tests, show and keep what they print
suite() {
  local log=$BUILD/log/$1.log title=$2 code=0

  shift 2
  echo
  echo "== $title"
  "$@" 2>&1 | tee "$log" || code=$?
  count "$log" "$code"
}

# count LOG CODE: add up "ok - " and "FAIL - " lines and the summaries of
# CUnit.  A suite that failed without a failed test, or that ran none, counts
# as one failed test.
count() {
  local passed failed

  read -r passed failed <<<"$(awk '
    /^ok - / { passed++ }
    /^FAIL - / { failed++ }
    $1 == "tests" && NF == 6 { passed += $4; failed += $5 }
    END { print passed + 0, failed + 0 }' "$1")"
  if [ "$failed" -eq 0 ] && { [ "$2" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
    failed=1
    echo "FAIL: exit code $2 after $passed tests"
  fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
}

mkdir -p "$BUILD/log"
step build 'build the modules and the tools' \
  make -j"$(nproc)" modules tools

suite scan-log 'the scan of the kernel log' tests/vm/scan-log-test.sh
suite unit 'library and tools, on the host' \
  make -s -C tests/unit O="$BUILD/unit" run
suite install 'what is installed' tests/install/run.sh
suite selftest 'the test bed' tests/vm/selftest.sh
suite guest 'the driver, in the virtual machine' tests/guest/run.sh
suite guest-dt 'the driver, in a machine with a device tree' \
  env ARCH=arm64 tests/guest/run.sh dt

echo
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]
