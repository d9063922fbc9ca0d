#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - is the device tree binding right, does it say what the driver reads,
# and can the example overlays be put into the device trees of boards?

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

BINDINGS=Documentation/devicetree/bindings
OVERLAYS=Documentation/devicetree/overlays
SCHEMA=$BINDINGS/misc/fpgabuf,capture.yaml
BOARDS=$(tests/platform/dt/dtbs.sh)
KERNEL_BINDINGS=$BUILD/dt/source/Documentation/devicetree/bindings
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# silent COMMAND...: these tools complain, but do not fail
silent() {
  "$@" >"$TMP/complaints" 2>&1 || { cat "$TMP/complaints"; return 1; }
  if [ -s "$TMP/complaints" ]; then
    cat "$TMP/complaints"
    return 1
  fi
}

# As they would lie in the kernel's tree, with those they refer to
lay_out() {
  mkdir -p "$TMP/bindings/dma"
  cp "$KERNEL_BINDINGS"/dma/dma-{common,controller}.yaml "$TMP/bindings/dma/"
  cp -r "$BINDINGS/misc" "$TMP/bindings/"
}

valid_schema() {
  silent yamllint -d '{extends: relaxed, rules: {line-length: {max: 80}}}' \
    "$1" && silent dt-doc-validate -u "$TMP/bindings" "$1"
}

process() {
  silent dt-mk-schema -j -o "$TMP/schema.json" "$TMP/bindings"
  [ -s "$TMP/schema.json" ]
}

complaints() {
  dt-validate -s "$TMP/schema.json" "$1" 2>&1
}

examples() {
  local name=${1##*/}

  dt-extract-example "$1" >"$TMP/$name.dts" || return
  # As the kernel does it: what is around an example has sizes and addresses.
  silent dtc -I dts -O dtb -W no-avoid_unnecessary_addr_size \
    -o "$TMP/$name.dtb" "$TMP/$name.dts" || return
  silent complaints "$TMP/$name.dtb"
}

# Every property the driver asks for, and none but those that of_dma and the
# platform bus read.
driver_reads() {
  grep -hoE '"(fpgabuf,[a-z-]+|memory-region|reg-io-width)"' drivers/fpgabuf/*.c |
    tr -d '"' | grep -v '^fpgabuf,capture$' | sort -u
}

documented() {
  sed -n '/^properties:/,/^required:/s/^  \([^ ]*\):$/\1/p' "$SCHEMA" |
    grep -vxE 'compatible|dmas|dma-names|reg' | sort -u
}

same_properties() {
  driver_reads >"$TMP/reads"
  documented >"$TMP/documented"
  [ -s "$TMP/reads" ] && diff "$TMP/reads" "$TMP/documented"
}

# node PROPERTIES: a device tree with a device of these
node() {
  dtc -q -I dts -O dtb -o "$TMP/node.dtb" - <<END
/dts-v1/;
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	model = "test";
	compatible = "test";
	dma: dma-controller { #dma-cells = <1>; };
	capture { compatible = "fpgabuf,capture"; $1 };
};
END
}

about_capture() {
  node "$1" || return
  complaints "$TMP/node.dtb" >"$TMP/about"
  grep 'capture: ' "$TMP/about"
}

accepted() {
  ! about_capture "$1"
}

# refused PATTERN PROPERTIES: for this reason
refused() {
  about_capture "$2" && grep -qE "capture: .*$1" "$TMP/about"
}

compile() {
  silent dtc -@ -I dts -O dtb -W no-avoid_unnecessary_addr_size \
    -o "$TMP/overlay.dtbo" "$1"
}

# apply BOARD OVERLAY LABEL PATH: a tree without symbols gets the one that the
# overlay asks for
apply() {
  cp "$BOARDS/$1.dtb" "$TMP/board.dtb"
  fdtget "$TMP/board.dtb" /__symbols__ "$3" 2>/dev/null ||
    fdtput -p -t s "$TMP/board.dtb" /__symbols__ "$3" "$4" || return
  compile "$OVERLAYS/$2.dtso" &&
    fdtoverlay -i "$TMP/board.dtb" -o "$TMP/fpga.dtb" "$TMP/overlay.dtbo"
}

# resolves PATH: the first cell of dmas is the PL330, which is still the one
# that others mean
resolves() {
  local phandle

  phandle=$(fdtget -t u "$TMP/fpga.dtb" /capture dmas | cut -d ' ' -f 1) &&
    [ "$phandle" = "$(fdtget -t u "$TMP/fpga.dtb" "$1" phandle)" ] &&
    [ "$phandle" = "$(fdtget -t u "$TMP/board.dtb" "$1" phandle)" ] &&
    fdtget "$TMP/fpga.dtb" "$1" compatible | grep -w arm,pl330
}

# What there is to complain about a tree is the board's; names of files differ.
adds_no_complaint() {
  local tree

  for tree in board fpga; do
    complaints "$TMP/$tree.dtb" | sed "s#$TMP/$tree##g" | sort \
      >"$TMP/$tree.complaints"
  done
  ! comm -13 "$TMP/board.complaints" "$TMP/fpga.complaints" | grep .
}

# Our schema was among those that were asked.
refused_in_board() {
  fdtput -d "$TMP/fpga.dtb" /capture dma-names
  ! adds_no_complaint
}

# board BOARD OVERLAY LABEL PATH
board() {
  expect "$1: the overlay compiles and applies" apply "$@"
  expect "$1: dmas is the PL330" resolves "$4"
  expect "$1: dt-validate finds nothing new" adds_no_complaint
  expect "$1: and does if dma-names is missing" refused_in_board
}

lay_out
for schema in "$TMP/bindings"/misc/*.yaml; do
  expect "${schema##*/}: dt-doc-validate and yamllint find nothing" \
    valid_schema "$schema"
done
expect 'the schemas can be processed' process
for schema in "$BINDINGS"/misc/*.yaml; do
  expect "${schema##*/}: dt-validate finds nothing in the examples" \
    examples "$schema"
done
expect 'the binding has the properties that the driver reads, and no other' \
  same_properties

RX='dmas = <&dma 0>; dma-names = "rx";'
expect 'accepted: what is required' accepted "$RX"
expect 'refused: no dmas' refused "'dmas' is a required" 'dma-names = "rx";'
expect 'refused: no dma-names' refused "'dma-names' is a required" \
  'dmas = <&dma 0>;'
expect 'refused: another name' refused "dma-names" \
  'dmas = <&dma 0>; dma-names = "tx";'
expect 'refused: two channels' refused 'dmas' \
  'dmas = <&dma 0>, <&dma 1>; dma-names = "rx", "rx";'
expect 'refused: a limit that is a string' refused 'fpgabuf,limit-mib' \
  "$RX fpgabuf,limit-mib = \"a lot\";"
expect 'refused: a limit of two cells' refused 'fpgabuf,file-limit-mib' \
  "$RX fpgabuf,file-limit-mib = <1 2>;"
expect 'accepted: an address of the other side' accepted \
  "$RX fpgabuf,address = <1 0>;"
expect 'refused: such an address of one cell' refused 'fpgabuf,address' \
  "$RX fpgabuf,address = <1>;"
expect 'refused: such an address beside a data register' \
  refused 'fpgabuf,address' \
  "$RX reg = <0x1000 4>; fpgabuf,address = <1 0>;"
expect 'refused: a property that nobody knows' refused 'fpgabuf,limit-mb' \
  "$RX fpgabuf,limit-mb = <256>;"

for name in "$BOARDS"/socfpga_cyclone5_*.dtb; do
  name=${name##*/}
  board "${name%.dtb}" cyclone5 pdma /soc/amba/pdma@ffe01000
done
for name in zynq-zc702 zynq-zed; do
  board "$name" zynq dmac_s "$(fdtget "$BOARDS/$name.dtb" /__symbols__ dmac_s)"
done

expect 'board.rst: its commands for a PC work' tests/platform/dt/board.sh on-pc
expect 'board.rst: those for a board do, with the simulated FPGA' \
  tests/platform/dt/board.sh on-board

summary
