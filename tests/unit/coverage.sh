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
# Those that use the library or the tools; one more, show, has a boot of its own.
SUITES=(library send recv share info stall capture)

clear_counts() {
  find "$DIR" -name '*.gcda' -delete
}

on_host() {
  make -s -C "$TOP/tests/unit" O="$DIR/unit" run
}

# in_guest LOG SUITE...: what was counted there goes beside what the compiler left
# here.
in_guest() {
  COVERAGE=1 "$TOP/tests/driver/run.sh" "${@:2}" || return
  tar -C / -xf "$DIR/guest/$1.tar" "./${DIR#/}"
}

# quiet_lcov ARGUMENT...: its warnings about itself left out
quiet_lcov() {
  lcov --quiet "$@" 2> >(grep -v '^Subroutine .* redefined' >&2)
}

# counts NAME [OPTION]: keep what was counted, as NAME; begin again
counts() {
  quiet_lcov --capture "${@:2}" --directory "$DIR" --base-directory "$TOP" \
    --output-file "$DIR/$1.info"
  clear_counts
}

report() {
  local info all=()

  for info in none host guest show; do
    all+=(--add-tracefile "$DIR/$info.info")
  done
  quiet_lcov "${all[@]}" --output-file "$DIR/all.info"
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
counts host
step coverage-guest 'the tests in the virtual machine' \
  in_guest guest "${SUITES[@]}"
counts guest
step coverage-show 'the tests of fpgabuf-show there' in_guest guest-show show
counts show
# The same files again, for what is never executed.
counts none --initial
report
note "see $DIR/html/index.html"
enough
