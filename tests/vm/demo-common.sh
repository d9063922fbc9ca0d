# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demonstrations send, what their guests print, and whether what arrived
# is what was sent; sourced.

. "$TOP/tests/vm/receiver.sh"

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
  # A line has 11 bytes.
  seq 1000000000 $((1000000000 + BYTES / 11)) >"$INPUT"
  truncate -s "$BYTES" "$INPUT"
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

# report ENGINE...: the table, and whether what arrived is what was sent
report() {
  local engine sum arrived verdict bad=0

  echo
  table
  echo
  echo "SHA-256"
  sum=$(sum "$INPUT")
  printf '  %-9s %s\n' input "$sum"
  for engine; do
    arrived=$(sum "$TMP/$engine.out")
    verdict=equal
    [ "$arrived" = "$sum" ] || {
      verdict=DIFFERENT
      bad=1
    }
    printf '  %-9s %s  %s\n' "$engine" "$arrived" "$verdict"
  done
  echo
  [ "$bad" -eq 0 ] || die "what arrived is not what was sent"
}

# begin SIZE: the folder, and the input
begin() {
  scratch stop_receivers
  choose_input "$1"
  KVER=$(tests/vm/kernel.sh)
  ACCEL=$(tests/vm/accel.sh)
  export KVER ACCEL
}

# demonstrate SECONDS ENGINE...: start a receiver for each, boot, wait, and report;
# run_guest gets "ENGINE:PORT" of each
demonstrate() {
  local engine targets=()

  echo "Booting $KVER in QEMU ($ACCEL); this takes some seconds"
  for engine in "${@:2}"; do
    start_receiver "$engine" "$1" --json --bytes "$BYTES" \
      --output "$TMP/$engine.out"
    targets+=("$engine:$PORT")
  done
  run_guest "${targets[@]}" || die "the guest failed ($?), see above"
  wait_receivers || die "a receiver failed ($?), see above"
  report "${@:2}"
}
