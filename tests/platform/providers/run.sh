#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--document] [ROW...] - the kernel's own DMA drivers, on models of their
# controllers, and what captures through each of them are good for
#
# Rows are those of tests/driver/provider-bed.c, on user-mode Linux (uml.sh) 6.12
# and the newest there is.  Without a name all of them; the PL330 of a board that
# QEMU has; and pcie.sh: cards behind PCIe, on stock kernels.  Prints a line for
# each test, and the table at the end.  --document writes the table into
# Documentation/controllers.rst as well, if nothing failed.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/page.sh"
cd "$TOP"

DIR=$BUILD/providers
DOCUMENTED=Documentation/controllers.rst
KERNELS=(6.12 newest)
ROWS=(axidma axidma-simple axidma-delay mcdma msgdma msgdma-resp msgdma-fixed
  msgdma-resp-fixed axidmac axidmac-sg)
WANTED=()
DOCUMENT=

usage() {
  cat <<END
Usage: run.sh [--document] [ROW...]
Rows: ${ROWS[*]}
END
}

# verdicts NAME: a line for each test of what CUnit says.  What a test prints
# stands between its name and its result; one that was cut has no result.
verdicts() {
  awk -v where="$1" '
    function verdict(what) {
      if (name == "") return
      printf "%s - %s: %s%s\n", what, where, name, why
      if (what == "FAIL") printf "%s", details
      name = ""
    }
    /^  Test: / {
      verdict("FAIL")
      name = $0
      sub(/^  Test: /, "", name)
      sub(/ \.\.\..*$/, "", name)
      why = details = ""
    }
    /^table: / { print; next }
    /^    skipped: / { why = $0; sub(/passed$/, "", why); sub(/^ *skipped/, "", why) }
    /FAILED$/ { details = details $0 "\n"; verdict("FAIL"); next }
    /passed$/ { verdict(why == "" ? "ok" : "skip"); next }
    name != "" && !/^  Test: / { details = details $0 "\n" }
    /^Suite: / { suites++ }
    /\.sh: / { log_lines = 1 }
    log_lines && log_lines++ <= 20 { print "    " $0 }
    END {
      verdict("FAIL")
      if (!suites) print "FAIL - " where ": no test was run"
    }'
}

# ends_badly FILE WHAT: what no test told of, with the last words of its log
ends_badly() {
  echo "FAIL - $2"
  tail -n 20 "$1" | sed 's/^/    /'
}

# row VERSION ROW
row() {
  local raw=$DIR/$1-$2.out code=0

  tests/platform/providers/uml-boot.sh "$1" "$2" >"$raw" 2>&1 || code=$?
  verdicts "$1, $2" <"$raw" >"$raw.lines"
  cat "$raw.lines"
  # Tests that failed were told.
  if [ "$code" -ne 0 ] && ! grep -q '^FAIL - ' "$raw.lines"; then
    ends_badly "$raw" "$1, $2: the kernel ends well, and its log has nothing bad"
  fi
}

# kernel VERSION: all rows that are wanted
kernel() {
  local name

  for name in "${WANTED[@]}"; do
    row "$1" "$name"
  done
}

# The one that QEMU has
pl330() {
  local raw=$DIR/pl330.out code=0

  tests/platform/pl330/run.sh >"$raw" 2>&1 || code=$?
  verdicts PL330 <"$raw"
  sed -nE 's/^(ok|FAIL) - /&PL330: /p' "$raw"
  if [ "$code" -ne 0 ] && ! grep -q '^FAIL - \|FAILED$' "$raw"; then
    ends_badly "$raw" "tests/platform/pl330/run.sh ends with exit code $code"
  fi
}

pcie() {
  local code=0

  tests/platform/providers/pcie.sh >"$DIR/pcie.out" 2>&1 || code=$?
  sed -E '/^[0-9]+ passed, [0-9]+ failed$/d' "$DIR/pcie.out"
  if [ "$code" -ne 0 ] && ! grep -q '^FAIL - ' "$DIR/pcie.out"; then
    ends_badly "$DIR/pcie.out" "pcie.sh ends with exit code $code"
  fi
}

# What each row said, in the order of kernels and rows
facts() {
  local version name

  for version in "${versions[@]}"; do
    for name in "${WANTED[@]}"; do
      cat "$DIR/$version-$name.out.lines"
    done
  done
  [ -z "$all" ] || cat "$DIR/pl330.out" "$DIR/pcie.out"
}

# Where kernels differ, it is told how, with the older one first.
table() {
  awk -F ' *[|] *' '
    function line(row, column, value) {
      if (!(row in seen)) { seen[row] = 1; rows[++n] = row }
      if (!((row, column) in fact)) fact[row, column] = value
      else if (index(", " fact[row, column] ", ", ", " value ", ") == 0)
        fact[row, column] = fact[row, column] " or " value
    }
    function rule(  i, j, text) {
      for (i = 0; i <= columns; i++) {
        text = sprintf("%" width[i] "s", "")
        gsub(/ /, "=", text)
        printf "%s%s", text, i < columns ? " " : "\n"
      }
    }
    function cell(row, i) {
      if (!i) return row
      return ((row, name[i]) in fact) ? fact[row, name[i]] : "n/a"
    }
    BEGIN {
      columns = split("binds,queue,short packets,timeout,stop,gaps exact,IOMMU,limits", name, ",")
      name[0] = "provider"
    }
    sub(/^table: /, "") { line($1, $2, $3) }
    END {
      for (i = 0; i <= columns; i++) {
        width[i] = length(name[i])
        for (r = 1; r <= n; r++)
          if (length(cell(rows[r], i)) > width[i]) width[i] = length(cell(rows[r], i))
      }
      rule()
      for (i = 0; i <= columns; i++)
        printf "%-" width[i] "s%s", name[i], i < columns ? " " : "\n"
      rule()
      for (r = 1; r <= n; r++)
        for (i = 0; i <= columns; i++)
          printf "%-" width[i] "s%s", cell(rows[r], i), i < columns ? " " : "\n"
      rule()
    }' | sed 's/ *$//'
}

document() {
  {
    printf '.. table::\n\n'
    sed 's/^/   /' "$DIR/table"
  } | write_part "$DOCUMENTED" providers-table
}

while [ $# -gt 0 ]; do
  case $1 in
  --document) DOCUMENT=1 ;;
  -h | --help)
    usage
    exit
    ;;
  *)
    [[ " ${ROWS[*]} " = *" $1 "* ]] || {
      usage >&2
      exit 2
    }
    WANTED+=("$1")
    ;;
  esac
  shift
done

all=
[ ${#WANTED[@]} -gt 0 ] || {
  all=1
  WANTED=("${ROWS[@]}")
}
[ -z "$DOCUMENT" ] || [ -n "$all" ] ||
  die "--document is for all rows, and you name some"

mkdir -p "$DIR"
make -s -C tests/driver O="$DIR/guest"
versions=()
for name in "${KERNELS[@]}"; do
  program=$(tests/platform/providers/uml.sh "$name")
  name=${program%/um/linux}
  versions+=("${name##*/uml-}")
done

{
  for version in "${versions[@]}"; do
    kernel "$version" &
  done
  if [ -n "$all" ]; then
    pl330
    pcie
  fi
  wait
} | tee "$DIR/result" | grep -v '^table: '

facts | table >"$DIR/table"
echo
cat "$DIR/table"
echo
passed=$(grep -c '^ok - ' "$DIR/result" || :)
failed=$(grep -c '^FAIL - ' "$DIR/result" || :)
if [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && [ -n "$DOCUMENT" ]; then
  document
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
