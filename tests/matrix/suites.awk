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

function row(first, field,   i, text) {
  text = sprintf("   %-43s", cut(first, 43))
  for (i = 1; i <= cells; i++)
    text = text sprintf("  %-11s", field[i])
  sub(/ +$/, "", text)
  print text
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
  for (i = 1; i <= cells; i++)
    field[i] = cut(name[i], 11)
  line()
  row("suite", field)
  line()
  for (s = 1; s <= suites; s++) {
    for (i = 1; i <= cells; i++)
      field[i] = value(title[s], name[i])
    row(title[s], field)
  }
  line()
}
