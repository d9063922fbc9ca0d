# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Says what works and what does not, and counts; sourced, in scripts that have a
# folder $TMP.

passed=0
failed=0

# expect SENTENCE COMMAND...: COMMAND may be a function, in which "set -e" has
# no effect then
expect() {
  local sentence=$1

  shift
  if "$@" >"$TMP/expect" 2>&1; then
    echo "ok - $sentence"
    passed=$((passed + 1))
  else
    echo "FAIL - $sentence"
    tail -n 100 "$TMP/expect"
    failed=$((failed + 1))
  fi
}

# summary: the last line, and whether all was as expected
summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
