#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# arrows.sh [FOLDER] - do the files of the driver include what is below them?
#
# The drawing is in design.rst: lines "FILE... -> FILE...", without endings, from
# the top down.  FOLDER is the source tree, this one by default.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
cd "${1:-$TOP}"

DESIGN=Documentation/design.rst
DRIVER=drivers/fpgabuf
MEMBERS=12
bad=0

# These include nothing of ours, and anybody may include them.
GROUND=' compat trace '

# wrong FILE WORD...
wrong() {
  echo "$1: ${*:2}"
  bad=1
}

# Tests include what they test, and nobody includes them.
files() {
  find "$DRIVER" -maxdepth 1 -name '*.[ch]' ! -name '*_test.c' \
    ! -name 'kunit_*' -printf '%f\n' | sort
}

# drawn: lines "PLACE<tab>FROM<tab>TO", and "PLACE<tab>FROM" for a file without
# arrows; PLACE counts from the top
drawn() {
  perl -ne 'next unless /^  ([a-z_ ]+?) +->((?: [a-z_]+)*)$/;
    $place++;
    for $from (split " ", $1) {
      print "$place\t$from\n";
      print "$place\t$from\t$_\n" for split " ", $2;
    }' "$DESIGN"
}

# included FILE: the names in its include lines, without endings
included() {
  sed -n 's/^#include "\([a-z_]*\)\.h"$/\1/p' "$DRIVER/$1"
}

# place NAME: where it is drawn, or nothing
place() {
  awk -F '\t' -v name="$1" '$2 == name { print $1; exit }' <<<"$DRAWING"
}

# has_arrow FROM TO
has_arrow() {
  grep -qP "^\d+\t$1\t$2\$" <<<"$DRAWING"
}

# include FILE NAME: one include line
include() {
  local from=${1%.*}

  if [[ $GROUND = *" ${1%.h} "* ]]; then
    wrong "$1" "includes $2.h, and must include nothing of ours"
  elif [ "$from" != "$2" ] && [[ $GROUND != *" $2 "* ]] &&
    ! has_arrow "$from" "$2"; then
    wrong "$1" "includes $2.h, and the drawing has no such arrow"
  fi
}

includes() {
  local file name

  while read -r file; do
    [[ $GROUND = *" ${file%.h} "* ]] || [ -n "$(place "${file%.*}")" ] ||
      wrong "$file" "is not in the drawing"
    while read -r name; do
      include "$file" "$name"
    done < <(included "$file")
  done < <(files)
}

# is_used FROM TO
is_used() {
  grep -qsxF "#include \"$2.h\"" "$DRIVER/$1".[ch]
}

# An arrow goes to a later line, and stands for an include line.
arrows() {
  local from to where target

  while IFS=$'\t' read -r where from to; do
    compgen -G "$DRIVER/$from.[ch]" >/dev/null ||
      wrong "$DESIGN" "the driver has no $from"
    [ -n "$to" ] || continue
    target=$(place "$to")
    [ "${target:-0}" -gt "$where" ] ||
      wrong "$DESIGN" "the arrow from $from to $to does not go down"
    is_used "$from" "$to" ||
      wrong "$DESIGN" "$from includes no $to.h, as the arrow says"
  done <<<"$DRAWING"
}

headers() {
  find "$DRIVER" -maxdepth 1 -name '*.h' ! -name 'kunit_*' ! -name 'compat.h' |
    sort
}

# A structure with many members is several.
members() {
  local file name count headers

  mapfile -t headers < <(headers)
  while IFS=$'\t' read -r file name count; do
    wrong "${file##*/}" "struct $name has $count members, more than $MEMBERS"
  done < <(awk -v most="$MEMBERS" '
    /^struct [a-z_]+ \{$/ { name = $2; count = 0 }
    name && /^\t[^\t ].*;/ { count++ }
    name && /^\}/ {
      if (count > most) printf "%s\t%s\t%d\n", FILENAME, name, count
      name = ""
    }' "${headers[@]}")
}

DRAWING=$(drawn)
[ -n "$DRAWING" ] || wrong "$DESIGN" "has no drawing of the driver's files"
includes
arrows
members

exit "$bad"
