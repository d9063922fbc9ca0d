# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs suites of tests and counts them; sourced, after common.sh.

PASSED=0
FAILED=0
SKIPPED=0
mkdir -p "$BUILD/log"
: >"$BUILD/log/failures"

# suite NAME TITLE COMMAND...: run tests, show and keep what they print
suite() {
  local log=$BUILD/log/$1.log title=$2 code=0

  shift 2
  echo
  echo "== $title"
  "$@" 2>&1 | tee "$log" || code=$?
  count "$log" "$code"
}

# For awk: a test that was skipped has printed why, and then CUnit says "passed".
# A suite counts as one.
# shellcheck disable=SC2034 # used by those who source this, too
SKIPS='
  /^  Test: / { skips = 0 }
  /^ +skipped: / { skips = 1 }
  /passed$/ && skips { skipped++; passed--; skips = 0 }
  /^skipped: / || /^skip - / { skipped++ }'

# count LOG CODE: add up "ok - " and "FAIL - " lines and the summaries of
# CUnit.  A suite that failed without a failed test, or that ran none, counts
# as one failed test.
count() {
  local passed failed skipped

  read -r passed failed skipped <<<"$(awk "$SKIPS"'
    /^ok - / { passed++ }
    /^FAIL - / { failed++ }
    $1 == "tests" && NF == 6 { passed += $4; failed += $5 }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1")"
  if [ "$failed" -eq 0 ] && { [ "$2" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
    failed=1
    echo "FAIL: exit code $2 after $passed tests" | tee -a "$1"
  fi
  failures "$1" >>"$BUILD/log/failures"
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  SKIPPED=$((SKIPPED + skipped))
}

# failures LOG: what is known of failed tests: the asserts of CUnit and what the test
# printed before them, or the lines that a script printed after "FAIL"
failures() {
  awk -v "name=$(basename "$1" .log)" '
    /^  Test: / { said = "" }
    { said = said $0 "\n" }
    /^FAIL( -|:)/ { print name ": " $0; more = 40; next }
    /^(ok|skip) - / || /^== / { more = 0 }
    more > 0 { print; more--; next }
    /FAILED$/ { printf "%s: %s", name, said; listing = 1; next }
    listing && /^ +[0-9]+\. / { print; next }
    { listing = 0 }' "$1"
}

# summary: what all suites had together, the failures once more: often nothing
# but the end of the output is kept
summary() {
  echo
  cat "$BUILD/log/failures"
  [ "$SKIPPED" -eq 0 ] || echo "$SKIPPED skipped; each said why"
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" -eq 0 ]
}
