#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh - what of the driver the last check-debug has executed: a table,
# and the lines that were not

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

WANTED=90
DATA=$BUILD/debug/coverage
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# counts TAR: lines "file:line:count", as often as there are boots that counted
counts() {
  local data notes

  rm -rf "$TMP/data"
  mkdir "$TMP/data"
  tar -C "$TMP/data" -xf "$1"
  while read -r data; do
    # The path in the guest is that of the notes that the compiler left here.
    notes=${data#"$TMP/data"}
    cp "${notes%.gcda}.gcno" "${data%.gcda}.gcno"
    gcov -t -r -s / "$data" 2>/dev/null
  done < <(find "$TMP/data" -path '*/drivers/fpgabuf/*.gcda') | awk '
    # "   count:  line:text", "-" where there is no code, "#####" for never;
    # a star tells that a part of the line was not executed
    $1 == "-:" && $2 ~ /^0:Source:/ {
      file = $2
      sub(/^0:Source:/, "", file)
      ours = sub(/^.*drivers\/fpgabuf\//, "", file)
      next
    }
    ours {
      split($0, part, ":")
      gsub(/[ *]/, "", part[1])
      gsub(/ /, "", part[2])
      if (part[1] != "-" && part[2] > 0)
        print file ":" part[2] ":" (part[1] ~ /^[0-9]/ ? part[1] : 0)
    }'
}

# table: of what counts() gave
table() {
  sort -t : -k 1,1 -k 2,2n | awk -F : -v wanted="$WANTED" '
    function row(name, hit, all) {
      printf "%-16s %5d of %5d lines  %5.1f %%\n", name, hit, all,
        all ? 100 * hit / all : 0
    }
    function end_line() {
      if (!line)
        return
      all++
      if (count)
        hit++
      else
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
      if (missed)
        list = list "  " file ":" missed "\n"
      line = all = hit = 0
      missed = ""
    }
    $1 != file { end_file(); file = $1 }
    $2 != line { end_line(); line = $2; count = 0 }
    { count += $3 }
    END {
      end_file()
      all = sum_all["driver"]
      hit = sum_hit["driver"]
      print ""
      row("the driver", hit, all)
      row("the simulator", sum_hit["sim"], sum_all["sim"])
      printf "\nnot executed:\n%s\n", list
      good = all && 100 * hit >= wanted * all
      printf "%s - %d %% of the lines of the driver are executed\n",
        good ? "ok" : "FAIL", wanted
      exit !good
    }'
}

compgen -G "$DATA/*.tar" >/dev/null || die 'nothing yet: run make check-debug'
for tar in "$DATA"/*.tar; do
  counts "$tar"
done >"$TMP/counts"
table <"$TMP/counts"
