#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [TARGET...] - fuzz the parsers of the tools
#
# Each for FUZZ_SECONDS (3), as many at once as there are processors.  What is
# found is kept in .build/fuzz/found; put it into tests/fuzz/seeds/TARGET with
# the fix, and it is tried first from then on.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

O=$BUILD/fuzz
SECONDS_EACH=${FUZZ_SECONDS:-3}
RUNNING=0
PASSED=0
FAILED=0

# fuzz TARGET: the seeds first, one by one, then what comes to libFuzzer's mind.
# It is silenced but for its last words: the parsers are talkative.
fuzz() {
  local log=$BUILD/log/fuzz-$1.log corpus=$O/corpus/$1

  mkdir -p "$corpus" "$O/found" "$BUILD/log"
  if "$O/fuzz-$1" -max_total_time="$SECONDS_EACH" -timeout=10 -max_len=4096 \
    -rss_limit_mb=1024 -close_fd_mask=3 -print_final_stats=1 \
    -artifact_prefix="$O/found/$1-" "$corpus" "$TOP/tests/fuzz/seeds/$1" \
    >"$log" 2>&1; then
    echo "ok - $1: $(stats "$log")"
  else
    echo "FAIL - $1"
    tail -n 60 "$log" | sed 's/^/        /'
    return 1
  fi
}

# Whichever is the first
wait_for_one() {
  if wait -n; then
    PASSED=$((PASSED + 1))
  else
    FAILED=$((FAILED + 1))
  fi
  RUNNING=$((RUNNING - 1))
}

stats() {
  awk '
    /number_of_executed_units/ { runs = $2 }
    / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
    / corp: / { for (i = 1; i < NF; i++) if ($i == "corp:") split($(i + 1), n, "/") }
    END { printf "%d inputs, %d edges, %d of them kept\n", runs, edges, n[1] }
    ' "$1"
}

if [ $# -eq 0 ]; then
  # shellcheck disable=SC2046 # names have no spaces
  set -- $(make -s -C "$TOP/tests/fuzz" list)
fi
make -s -j"$(nproc)" -C "$TOP/tests/fuzz" O="$O"
for target; do
  if [ "$RUNNING" -eq "$(nproc)" ]; then
    wait_for_one
  fi
  fuzz "$target" &
  RUNNING=$((RUNNING + 1))
done
while [ "$RUNNING" -gt 0 ]; do
  wait_for_one
done
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]
