#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dtbs.sh - make .build/dt/boards, unless it is there, and print its name
#
# Device trees of boards as others made them: for Cyclone V those of Debian's
# armmp kernel, without symbols.  Debian has none for Zynq, whose kernel one
# builds oneself, so these come from the kernel's source, with symbols.

set -eu
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/apt.sh"

DIR=$BUILD/dt
BOARDS=$DIR/boards
ZYNQ=(zynq-zc702 zynq-zed)

download() {
  local image

  apt_in "$DIR/apt" armhf
  # Some other source may be out of reach; whether this matters shows next.
  # shellcheck disable=SC2119 # of the machine's own sources
  apt_update || note 'going on with what was read'
  image=$(apt_cache depends linux-image-armmp |
    sed -nE 's/^ *Depends: (linux-image-.*)$/\1/p')
  [ -n "$image" ] || return
  apt_get autoclean || return
  (cd "$DIR/apt/archives" && apt_get download "$image")
}

cyclone5() {
  dpkg-deb --fsys-tarfile "$DIR"/apt/archives/linux-image-*_armhf.deb |
    tar -x -C "$BOARDS.new" --wildcards --transform 's#.*/##' \
      '*/socfpga_cyclone5_*.dtb'
}

# The directories that their sources include, and what our schemas refer to
unpack_sources() {
  local archive

  archive=$("$TOP/tests/vm/source.sh" --packed 6.1) || return
  rm -rf "$DIR/source" && mkdir -p "$DIR/source"
  tar -xJf "$archive" -C "$DIR/source" \
    --strip-components=1 linux-source-6.1/arch/arm/boot/dts \
    linux-source-6.1/include/dt-bindings \
    linux-source-6.1/Documentation/devicetree/bindings/dma
}

zynq() {
  local board dts=$DIR/source/arch/arm/boot/dts

  unpack_sources || return
  for board in "${ZYNQ[@]}"; do
    cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
      -I "$DIR/source/include" "$dts/$board.dts" "$DIR/$board.dts" &&
      dtc -q -@ -I dts -O dtb -o "$BOARDS.new/$board.dtb" "$DIR/$board.dts" ||
      return
  done
}

if ! [ -d "$BOARDS" ]; then
  {
    rm -rf "$BOARDS.new" && mkdir -p "$BOARDS.new"
    step dt-download "download Debian's kernel for armhf" download ||
      die "no linux-image-armmp; see .build/log/dt-download.log.  The apt sources
  of this machine must be in reach, and carry armhf"
    step dt-cyclone5 'take the device trees of Cyclone V from it' cyclone5
    step dt-zynq 'compile those of Zynq' zynq
    mv "$BOARDS.new" "$BOARDS"
  } >&2
fi
echo "$BOARDS"
