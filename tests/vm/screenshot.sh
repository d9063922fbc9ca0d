#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# screenshot.sh [--update] - is what fpgabuf-show shows what the FPGA sent?
#
# The simulated FPGA is fed with a picture, fpgabuf-show puts it on a screen of
# the virtual machine, and QEMU tells what can be seen there, pixel by pixel.
# Documentation/screenshot.png is that screen; --update makes it anew.

set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

SHOT=Documentation/screenshot.png
LICENCE='License SPDX-License-Identifier: GPL-2.0-only'

# The cards in the order in which the guest finds them, and what is shown on
# them: card, format, bytes from line to line.  The driver of cirrus imports;
# that of bochs does not.
CARDS=(cirrus bochs)
SHOW=(0:XRGB8888:2560 0:XRGB8888:2816 0:RGB888:1920 0:RGB565:1280
  1:XRGB8888:2560 1:XRGB8888:2816)

# Seconds that QEMU may take for an answer
PATIENCE=300

stop_guest() {
  if [ -n "${GUEST:-}" ]; then
    kill "$GUEST" 2>/dev/null || true
    wait "$GUEST" || true
  fi
}

# make_pictures: what is to be seen, and what makes it; into the array FILES
make_pictures() {
  local word format stride file

  FILES=()
  gcc -O2 -Wall -Wextra -Werror -o "$TMP/picture" tests/vm/picture.c
  "$TMP/picture" ppm >"$TMP/ppm"
  for word in "${SHOW[@]}"; do
    IFS=: read -r _ format stride <<<"$word"
    file=$TMP/$format-$stride
    "$TMP/picture" "$format" "$stride" >"$file"
    FILES+=(--file "$file")
  done
}

# start_guest: its output is then at descriptor 3, what it reads at 4, QEMU's
# monitor at 5 and 6
start_guest() {
  local modules=$BUILD/modules/$KVER/drivers/fpgabuf

  mkfifo "$TMP/output" "$TMP/input" "$TMP/qmp.in" "$TMP/qmp.out"
  tests/vm/run.sh --vga "${CARDS[0]}" --vga "${CARDS[1]}" --timeout 900 \
    --input "$TMP/input" --qmp "$TMP/qmp" \
    --log "$BUILD/log/screenshot.kernel.log" \
    --ko "$modules/fpgabuf.ko" --ko "$modules/sim/fpgabuf-sim.ko" \
    --file "$BUILD/tools/fpgabuf-show" --file tests/vm/screenshot-guest.sh \
    "${FILES[@]}" -- screenshot-guest.sh "${SHOW[@]}" >"$TMP/output" &
  GUEST=$!
  exec 3<"$TMP/output" 4<>"$TMP/input" 5<>"$TMP/qmp.in" 6<>"$TMP/qmp.out"
}

# qmp COMMAND: and wait until it is done
qmp() {
  local line

  echo "$1" >&5
  while read -r -t "$PATIENCE" -u 6 line; do
    case $line in
    *'"return"'*) return ;;
    *'"error"'*) die "QEMU does not do $1: $line" ;;
    esac
  done
  die "QEMU does not answer $1"
}

# seen WORD FILE: what there is on the screen of its card
seen() {
  qmp "{\"execute\": \"screendump\", \"arguments\":
    {\"device\": \"${CARDS[${1%%:*}]}\", \"filename\": \"$TMP/$2\"}}"
}

# at_most N A B: no channel of any pixel differs by more
at_most() {
  local most

  most=$(pamarith -difference "$2" "$3" | pamsumm -max -brief) || return
  [ "$most" -le "$1" ] || {
    echo "it differs by $most"
    return 1
  }
}

# same_pixels WORD: RGB565 leaves out the last 3 bits of red and blue
same_pixels() {
  local what="${CARDS[${1%%:*}]}, ${1#*:}"

  case $1 in
  *:RGB565:*)
    expect "$what: the screen shows the picture to 5 bits of a colour" \
      at_most 7 "$TMP/seen-$1" "$TMP/ppm"
    ;;
  *)
    expect "$what: the screen shows the picture, every pixel of it" \
      cmp "$TMP/seen-$1" "$TMP/ppm"
    ;;
  esac
}

# has TEXT WORD...
has() {
  local text=$1 word

  shift
  echo "$text"
  for word; do
    [[ $text = *"$word"* ]] || return
  done
}

# While it is seen, one region is mapped by a device and into the kernel, and
# nobody else has it mapped.
imported() {
  has "$1" 'idle,2,0;' && has "$2" '"ok": true' '"driver": "cirrus' \
    '"import": "prime"' '"copy_reason": ""'
}

# The console, in a mode of its own
is_console() {
  sed 2q "$TMP/after" | tr '\0' '.'
  ! sed -n 2p "$TMP/after" | grep -qx '640 480'
}

copied() {
  has "$2" '"ok": true' '"driver": "bochs' '"import": "copy"' \
    '"copy_reason": "drmPrimeFDToHandle: '
}

# result WORD REGIONS JSON
result() {
  case $1 in
  0:*)
    expect "cirrus, ${1#*:}: it is the captured memory itself, imported" \
      imported "$2" "$3"
    ;;
  *)
    expect "bochs, ${1#*:}: it is a copy, and the report says why" \
      copied "$2" "$3"
    ;;
  esac
  expect '... and afterwards the console is back' is_console
}

follow_guest() {
  local what word regions rest

  qmp '{"execute": "qmp_capabilities"}'
  while read -r what word regions rest <&3; do
    case $what in
    shown)
      seen "$word" "seen-$word"
      same_pixels "$word"
      echo next >&4
      ;;
    result)
      seen "$word" after
      result "$word" "$regions" "$rest"
      echo next >&4
      ;;
    *) echo "  guest: $what $word $regions $rest" ;;
    esac
  done
}

guest_ended() {
  local code=0

  wait "$GUEST" || code=$?
  GUEST=
  return "$code"
}

decoded() {
  pngtopnm "$SHOT" | cmp - "$TMP/seen-${SHOW[0]}"
}

# A new picture if the pixels are others, not for the next version of libpng.
update() {
  if ! decoded >/dev/null 2>&1; then
    echo "$LICENCE" >"$TMP/licence"
    pnmtopng -quiet -compression 9 -text "$TMP/licence" \
      "$TMP/seen-${SHOW[0]}" >"$SHOT"
    echo "$SHOT is new"
  fi
}

[ $# -eq 0 ] || [ "$*" = --update ] || die "what is $*? It is --update"
scratch stop_guest

KVER=$(tests/vm/kernel.sh)
export KVER
make -s --no-print-directory modules tools >"$TMP/make" 2>&1 || {
  cat "$TMP/make"
  die "cannot build the driver and the tools"
}
[ -x "$BUILD/tools/fpgabuf-show" ] || die "fpgabuf-show is not built: $(cat "$TMP/make")"
make_pictures
start_guest
follow_guest
expect 'the guest ended well, and its kernel had nothing to complain about' \
  guest_ended
if [ "$*" = --update ]; then
  update
fi
expect "$SHOT is what the screen shows" decoded
[ "$failed" -eq 0 ]
