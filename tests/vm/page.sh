# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The parts of Documentation that tests write; sourced, after common.sh.

# write_part PAGE NAME: what comes on stdin replaces all between the comments
# NAME-begin and NAME-end
write_part() {
  local begin=".. $2-begin" end=".. $2-end" page text

  text=$(cat)
  if ! grep -qx -e "$begin" "$1" || ! grep -qx -e "$end" "$1"; then
    die "$1 has no place for $2"
  fi
  page=$(TEXT=$text awk -v begin="$begin" -v end="$end" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; print "\n" ENVIRON["TEXT"] "\n" }' "$1")
  printf '%s\n' "$page" >"$1"
}
