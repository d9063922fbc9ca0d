#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--planted] - simulate the writer, and look for mistakes in it
# run.sh --trace FILE - the waveform of a first capture, for GTKWave
# run.sh --picture FILE - a picture of it, as in Documentation/
#
# The tests run on two writers with other widths.  Then mistakes are planted
# (planted/*.patch), one at a time, and the test that each names must fail;
# --planted does only that.  RTL_PACKETS says how long the random tests are, and
# RTL_SEED where they begin.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

RTL=drivers/fpgabuf/rtl/fpgabuf_writer.v
PLANTED=tests/platform/rtl/planted
OUT=$BUILD/rtl
JOBS=${JOBS:-$(nproc)}

# Seconds; a test that takes longer hangs.
PATIENCE=$((60 + ${RTL_PACKETS:-1000} / 20))

# The parameters.  The FIFO of the narrow one has room for a single burst.
declare -A PARAMETERS=(
  [wide]=''
  [narrow]='BYTES_LOG2=2 ADDR_WIDTH=40 BURST_LOG2=4 FIFO_LOG2=4'
  [least]='BYTES_LOG2=0 ADDR_WIDTH=32 BURST_LOG2=1 FIFO_LOG2=1'
  [most]='BYTES_LOG2=6 ADDR_WIDTH=64 BURST_LOG2=6 FIFO_LOG2=10'
)

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# parameters PREFIX NAME: as options
parameters() {
  local parameter

  for parameter in ${PARAMETERS[$2]}; do
    echo "$1$parameter"
  done
}

by_verilator() {
  # shellcheck disable=SC2046 # they have no spaces
  verilator --lint-only -Wall -Wpedantic $(parameters -G "$1") "$RTL"
}

# It warns, but does not fail.
by_iverilog() {
  # shellcheck disable=SC2046
  iverilog -Wall -g2001 -o "$TMP/iverilog" \
    $(parameters -Pfpgabuf_writer. "$1") "$RTL" >"$TMP/warnings" 2>&1 ||
    { cat "$TMP/warnings" && return 1; }
  cat "$TMP/warnings"
  [ ! -s "$TMP/warnings" ]
}

lint() {
  local name

  for name in wide narrow least most; do
    expect "lint, $name: verilator -Wall -Wpedantic finds nothing" \
      by_verilator "$name"
    expect "lint, $name: iverilog -Wall -g2001 finds nothing" \
      by_iverilog "$name"
  done
}

# build NAME PARAMETERS [VARIABLE=...]
build() {
  make -s -j"$JOBS" -C tests/platform/rtl O="$OUT" NAME="$1" \
    PARAMETERS="$(parameters -G "$2" | xargs)" "${@:3}"
}

# bench NAME TEST...
bench() {
  timeout "$PATIENCE" "$OUT/$1/rtl-bench" "${@:2}"
}

simulate() {
  local name test sentence

  for name in wide narrow; do
    build "$name" "$name" >&2
    while read -r test sentence; do
      # While its only burst is being sent, such a FIFO is full.
      [ "$name/$test" != narrow/speed ] || continue
      expect "$name: $sentence" bench "$name" "$test"
    done < <(bench "$name" --list)
  done
}

# field NAME PATCH
field() {
  sed -n "s/^$1: //p" "$2"
}

# build_planted PATCH: with the mistake; the rest of the bench is there
build_planted() {
  local name tree

  name=planted/$(basename "$1" .patch)
  tree=$OUT/$name/tree
  rm -rf "$tree"
  install -D -m 644 "$RTL" "$tree/$RTL"
  patch -d "$tree" -p1 -s -F0 -r - --no-backup-if-mismatch <"$1" &&
    build "$name" wide WRITER="$tree/$RTL" OPT=-O0 PINS="$OUT/wide/pins.o"
}

# seen PATCH: it was built, and the test neither passes nor is unknown
seen() {
  local code=0

  bench "planted/$(basename "$1" .patch)" "$(field 'Seen by' "$1")" ||
    code=$?
  [ "$code" -ne 0 ] && [ "$code" -ne 2 ] && [ "$code" -ne 127 ]
}

planted() {
  local patch

  build wide wide >&2
  rm -rf "$OUT/planted"
  printf '%s\n' "$PLANTED"/*.patch | xargs -P "$JOBS" -I {} \
    "$0" --build-planted {} >"$TMP/planted" 2>&1 || cat "$TMP/planted"
  for patch in "$PLANTED"/*.patch; do
    expect "$(field 'Seen by' "$patch") sees: $(field Mistake "$patch")" \
      seen "$patch"
  done
}

# trace FILE
trace() {
  build trace wide TRACE=1 >&2
  bench trace --trace "$1" first
}

# The ports in the picture, and where it begins, in ns: after the reset
PORTS='s_axi_awvalid s_axi_awaddr s_axi_arvalid -
  s_axis_tvalid s_axis_tready s_axis_tlast -
  m_axi_awvalid m_axi_awready m_axi_awaddr m_axi_awlen -
  m_axi_wvalid m_axi_wready m_axi_wlast - m_axi_bvalid m_axi_bready - irq'
FROM=80

# picture FILE
picture() {
  RTL_SEED=1 trace "$TMP/first.vcd"
  awk -v signals="${PORTS//$'\n'/ }" -v from="$FROM" \
    -f tests/platform/rtl/waveform.awk "$TMP/first.vcd" >"$1"
}

documented() {
  picture "$TMP/first.svg" && cmp "$TMP/first.svg" Documentation/writer.svg
}

case ${1:-} in
--trace)
  trace "${2:?which file?}"
  exit
  ;;
--picture)
  picture "${2:?which file?}"
  exit
  ;;
--build-planted)
  # Several of these run at once.
  JOBS=1
  build_planted "$2"
  exit
  ;;
--planted) planted ;;
'')
  lint
  simulate
  expect 'the picture in Documentation is that of this writer' documented
  planted
  ;;
*) die 'usage: run.sh [--planted | --trace FILE | --picture FILE]' ;;
esac
summary
