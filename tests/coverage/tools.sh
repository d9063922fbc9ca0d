#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools.sh - what of the library and the tools the tests execute, on the host and
# in the virtual machine: a table, and a report to look at

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

WANTED=90
# All programs are built once more, to count.
DIR=$BUILD/coverage
# Those that use the library or the tools
SUITES=(library send recv share info stall capture)

clear_counts() {
  find "$DIR" -name '*.gcda' -delete
}

on_host() {
  make -s -C "$TOP/tests/unit" O="$DIR/unit" run
}

# What the guest counted goes beside what the compiler left here.
in_guest() {
  COVERAGE=1 "$TOP/tests/guest/run.sh" "${SUITES[@]}" || return
  tar -C / -xf "$DIR/guest/guest.tar" "./${DIR#/}"
}

# quiet_lcov ARGUMENT...: its warnings about itself left out
quiet_lcov() {
  lcov --quiet "$@" 2> >(grep -v '^Subroutine .* redefined' >&2)
}

report() {
  quiet_lcov --capture --directory "$DIR" --base-directory "$TOP" \
    --output-file "$DIR/all.info"
  quiet_lcov --extract "$DIR/all.info" "$TOP/tools/*" \
    --output-file "$DIR/tools.info"
  genhtml --quiet --prefix "$TOP" --output-directory "$DIR/html" \
    "$DIR/tools.info"
  quiet_lcov --list "$DIR/tools.info"
}

# enough: of the lines of all files together
enough() {
  awk -F : -v wanted="$WANTED" '
    $1 == "LF" { all += $2 }
    $1 == "LH" { hit += $2 }
    END {
      good = all && 100 * hit >= wanted * all
      printf "%s - %d of %d lines of library and tools are executed, %.1f %% (%d %% wanted)\n",
        good ? "ok" : "FAIL", hit, all, all ? 100 * hit / all : 0, wanted
      exit !good
    }' "$DIR/tools.info"
}

mkdir -p "$DIR"
export CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage
clear_counts
step coverage-host 'the tests on the host' on_host
step coverage-guest 'the tests in the virtual machine' in_guest
report
note "see $DIR/html/index.html"
enough
