#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does count.sh count what a suite prints, and repeat all that is known of what
# failed?

set -eu
. "$(dirname "$0")/common.sh"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
failed=0

# expect SENTENCE RESULT: suites printed what stands in the log on stdin
expect() {
  cat >"$TMP/said"
  (
    BUILD=$TMP
    . "$TOP/tests/vm/count.sh"
    suite part 'a part' cat "$TMP/said" >/dev/null
    summary
  ) >"$TMP/summary" || :
  printf '\n%s\n' "$2" >"$TMP/wanted"
  if cmp -s "$TMP/summary" "$TMP/wanted"; then
    echo "ok - $1"
  else
    echo "FAIL - $1"
    diff "$TMP/wanted" "$TMP/summary" || :
    failed=1
  fi
}

expect 'lines of scripts and summaries of CUnit are added up' \
  '1 skipped; each said why
4 passed, 0 failed' <<'EOF'
ok - a
skip - b: no board
  Test: c ...passed
  Test: d ...passed
               tests     3      3      3      0        0
EOF

expect 'what a script says after FAIL is repeated' \
  'part: FAIL - a (exit code 125)
its cause
part: FAIL - c
1 passed, 2 failed' <<'EOF'
FAIL - a (exit code 125)
its cause
ok - b
FAIL - c
EOF

expect 'what a test prints before it fails is repeated, with its asserts' \
  'part:   Test: b ...
    half of it came
FAILED
    1. b.c:1  - half == whole
1 passed, 1 failed' <<'EOF'
  Test: a ...passed
  Test: b ...
    half of it came
FAILED
    1. b.c:1  - half == whole

               tests     2      2      1      1        0
EOF

expect 'a suite without a test has failed' \
  'part: FAIL: exit code 0 after 0 tests
0 passed, 1 failed' <<'EOF'
EOF

exit "$failed"
