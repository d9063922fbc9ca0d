#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh - what of the driver the last check-debug has executed: a table,
# and the lines that were not, each of which needs a reason

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

WANTED=90
DATA=$BUILD/debug/coverage
REASONS=$TOP/tests/kernel/coverage.txt
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# counts TAR: lines "file:line:count:function", as often as there are boots that
# counted
counts() {
  local data notes

  rm -rf "$TMP/data"
  mkdir "$TMP/data"
  tar -C "$TMP/data" -xf "$1"
  while read -r data; do
    # The path in the guest is that of the notes that the compiler left here.
    notes=${data#"$TMP/data"}
    cp "${notes%.gcda}.gcno" "${data%.gcda}.gcno"
    gcov -t "$data" 2>/dev/null
  done < <(find "$TMP/data" -path '*/drivers/fpgabuf/*.gcda') | awk '
    # "   count:  line:text", "-" where there is no code, "#####" for never;
    # a star tells that a part of the line was not executed
    $1 == "-:" && $2 ~ /^0:Source:/ {
      file = $2
      sub(/^0:Source:/, "", file)
      ours = sub(/^.*drivers\/fpgabuf\//, "", file)
      name = ""
      next
    }
    ours {
      split($0, part, ":")
      gsub(/[ *]/, "", part[1])
      gsub(/ /, "", part[2])
      text = $0
      sub(/^[^:]*:[^:]*:/, "", text)
      # What begins a function begins a line.
      if (text ~ /^[a-zA-Z_].*\(/) {
        sub(/\(.*/, "", text)
        sub(/^.*[ *]/, "", text)
        name = text
      }
      if (part[1] != "-" && part[2] > 0)
        print file ":" part[2] ":" (part[1] ~ /^[0-9]/ ? part[1] : 0) ":" name
    }'
}

# table: of what counts() gave; the functions with lines that were not executed
# into $TMP/missed
table() {
  sort -t : -k 1,1 -k 2,2n | awk -F : -v wanted="$WANTED" \
    -v missed_in="$TMP/missed" '
    function row(name, hit, all) {
      printf "%-16s %5d of %5d lines  %5.1f %%\n", name, hit, all,
        all ? 100 * hit / all : 0
    }
    function end_line() {
      if (!line)
        return
      all++
      if (count) {
        hit++
        return
      }
      if (name != last) {
        missed = missed sprintf("\n  %s: %s():", file, name)
        print file, name >missed_in
      }
      last = name
      missed = missed " " line
    }
    function end_file() {
      end_line()
      if (!all)
        return
      row(file, hit, all)
      part = file ~ /^sim\// ? "sim" : "driver"
      sum_all[part] += all
      sum_hit[part] += hit
      list = list missed
      line = all = hit = 0
      missed = last = ""
    }
    $1 != file { end_file(); file = $1 }
    $2 != line { end_line(); line = $2; name = $4; count = 0 }
    { count += $3 }
    END {
      end_file()
      all = sum_all["driver"]
      hit = sum_hit["driver"]
      print ""
      row("the driver", hit, all)
      row("the simulator", sum_hit["sim"], sum_all["sim"])
      printf "\nnot executed:%s\n\n", list
      good = all && 100 * hit >= wanted * all
      printf "%s - %d %% of the lines of the driver are executed\n",
        good ? "ok" : "FAIL", wanted
      exit !good
    }'
}

# Each of them is named in the list of reasons; one that is named may well have
# been executed this time, some depend on who was first.
reasons() {
  local file name bad=0

  while read -r file name; do
    if ! grep -qF "\`\`$name\`\`" "$REASONS"; then
      echo "$file: $name() has lines that were not executed, and $REASONS no reason"
      bad=1
    fi
  done < <(sort -u "$TMP/missed")
  if [ "$bad" -eq 0 ]; then
    echo "ok - there is a reason for each of the others"
  else
    echo "FAIL - there is a reason for each of the others"
  fi
  return "$bad"
}

compgen -G "$DATA/*.tar" >/dev/null || die 'nothing yet: run make check-debug'
for tar in "$DATA"/*.tar; do
  counts "$tar"
done >"$TMP/counts"
bad=0
: >"$TMP/missed"
table <"$TMP/counts" || bad=1
reasons || bad=1
exit "$bad"
