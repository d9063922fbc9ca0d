#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - build everything, run all tests, count them

set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/count.sh"
cd "$TOP"

step build 'build the modules and the tools' \
  make -j"$(nproc)" modules tools

suite count 'the count of the tests' tests/vm/count-test.sh
suite scan-log 'the scan of the kernel log' tests/vm/scan-log-test.sh
suite unit 'library and tools, on the host' \
  make -s -C tests/unit O="$BUILD/unit" run
suite install 'what is installed' tests/package/install/run.sh
suite selftest 'the test bed' tests/vm/selftest.sh
suite screenshot 'what fpgabuf-show shows, pixel by pixel' \
  tests/vm/screenshot.sh
suite guest 'the driver, in the virtual machine' tests/driver/run.sh
suite guest-dt 'the driver, in a machine with a device tree' \
  env ARCH=arm64 tests/driver/run.sh dt doctor_dt
suite guest-plan 'fpgabuf-plan, against a long way' \
  tests/driver/run.sh plan

summary
