# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demonstrations send, what their guests print, and whether what arrived
# is what was sent; sourced, in scripts that have a folder $TMP.

LIMIT=$((256 << 20))

# make does not expand patterns that stand behind a "=", so we do.
find_input() {
  local matches

  if ! [ -e "$INPUT" ]; then
    mapfile -t matches < <(compgen -G "$INPUT" || true)
    [ ${#matches[@]} -gt 0 ] || die "INPUT: no such file: $INPUT"
    INPUT=${matches[0]}
    [ ${#matches[@]} -eq 1 ] ||
      echo "${#matches[@]} files match, taking $INPUT"
  fi
  [ -f "$INPUT" ] || die "INPUT: not a regular file: $INPUT"
  [ -r "$INPUT" ] || die "INPUT: no permission to read $INPUT"
  BYTES=$(stat -L -c %s "$INPUT")
}

# Lines of numbers: the same every time, and no two pages are equal, so a page
# lost or exchanged shows.
make_input() {
  BYTES=$(numfmt --from=iec -- "$SIZE" 2>/dev/null) ||
    die "SIZE: $SIZE is not a size like 1000, 64K or 32M"
  check_size SIZE
  INPUT=$TMP/input
  seq 1000000000 9999999999 2>/dev/null | head -c "$BYTES" >"$INPUT" || true
}

check_size() {
  if [ "$BYTES" -lt 1 ] || [ "$BYTES" -gt "$LIMIT" ]; then
    die "$1: must be from 1 byte to 256 MiB, this is $BYTES bytes"
  fi
}

# choose_input SIZE: that of the file made here, unless SIZE= says otherwise; then
# it is INPUT, of BYTES bytes
choose_input() {
  if [ -n "${INPUT:-}" ]; then
    [ -z "${SIZE:-}" ] || die "INPUT and SIZE exclude each other"
    find_input
    check_size INPUT
    echo "Input: $INPUT, size $BYTES"
  else
    SIZE=${SIZE:-$1}
    make_input
    echo "Input: made for this, size $BYTES (INPUT=file takes one of yours)"
  fi
}

# What the guest prints: results into files, the rest for people to see
show() {
  local line result

  while read -r line; do
    case $line in
    'result '*)
      result=${line#result }
      echo "${result#* }" >"$TMP/${result%% *}.json"
      ;;
    *) echo "  guest: $line" ;;
    esac
  done
}

sum() {
  sha256sum <"$1" | cut -d ' ' -f 1
}

# compare ENGINE SUM: is what arrived what was sent?
compare() {
  local sum verdict=equal

  sum=$(sum "$TMP/$1.out")
  [ "$sum" = "$2" ] || verdict=DIFFERENT
  printf '  %-9s %s  %s\n' "$1" "$sum" "$verdict"
  [ "$verdict" = equal ]
}
