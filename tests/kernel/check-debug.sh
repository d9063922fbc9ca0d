#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-debug.sh - the driver's tests on the debug kernel, and the test of that
# kernel: does it find what it is there for?

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/count.sh"
cd "$TOP"

KROOT=$(tests/kernel/build.sh debug)
export KROOT
rm -rf "$BUILD/debug/coverage"
suite debug-guest 'the driver, on the debug kernel' tests/driver/run.sh
suite debug-coverage 'what of the driver was executed' tests/kernel/coverage.sh
suite debug-planted 'the debug kernel, on a driver with bugs' \
  tests/kernel/planted.sh
summary
