# SPDX-License-Identifier: GPL-2.0-only
#
# suites.awk LOG... - a table of what passed, by suite and by log, whose name is
# that of the cell
#
# A test that was skipped has printed why, and counts as passed for CUnit.

function cut(text, width) {
  return length(text) > width ? substr(text, 1, width - 3) "..." : text
}

function line(i) {
  printf "   %s", "==========================================="
  for (i = 1; i <= cells; i++)
    printf "  %s", "==========="
  print ""
}

function value(suite, cell,   n) {
  n = passed[suite, cell] - skipped[suite, cell]
  if (failed[suite, cell])
    return n " FAILED " failed[suite, cell]
  if (!passed[suite, cell])
    return "-"
  return skipped[suite, cell] ? n " (" skipped[suite, cell] ")" : n
}

FNR == 1 {
  cell = FILENAME
  sub(/.*\//, "", cell)
  sub(/\.log$/, "", cell)
  name[++cells] = cell
  suite = ""
}
/^Suite: / {
  suite = substr($0, 8)
  if (!known[suite]++)
    title[++suites] = suite
  next
}
/^Run Summary:/ { suite = "" }
suite == "" { next }
/^ *skipped: / { skipped[suite, cell]++ }
/passed$/ { passed[suite, cell]++ }
/FAILED/ { failed[suite, cell]++ }

END {
  line()
  printf "   %-43s", "suite"
  for (i = 1; i <= cells; i++)
    printf "  %-11s", cut(name[i], 11)
  print ""
  line()
  for (s = 1; s <= suites; s++) {
    row = sprintf("   %-43s", cut(title[s], 43))
    for (i = 1; i <= cells; i++)
      row = row sprintf("  %-11s", value(title[s], name[i]))
    sub(/ +$/, "", row)
    print row
  }
  line()
}
