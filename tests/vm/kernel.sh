#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh - print the version of the kernel to build for and to boot
#
# The newest installed kernel of Debian's plain flavour (the cloud and rt
# flavours lack the NICs or the timing we test) that has an image we can read
# and headers to build with.
#
# KVER=version  takes that one
# KROOT=dir     looks below DIR instead of /, for an unpacked kernel
# ARCH=arm64    takes one that foreign.sh unpacked; so does ARCH=armhf
# FLAVOUR=name  takes the newest of that flavour, such as armmp-lpae

set -eu
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/arch.sh"

usable() {
  [ -r "$KROOT/boot/vmlinuz-$1" ] && [ -e "$KROOT/lib/modules/$1/build/Makefile" ]
}

candidates() {
  local image

  for image in "$KROOT"/boot/vmlinuz-*-"$FLAVOUR"; do
    image=${image##*/vmlinuz-}
    case $image in
    "*-$FLAVOUR" | *-cloud-"$FLAVOUR" | *-rt-"$FLAVOUR") continue ;;
    esac
    echo "$image"
  done | sort -rV
}

if [ -n "${KVER:-}" ]; then
  usable "$KVER" || die "no kernel $KVER with headers below ${KROOT:-/}"
  echo "$KVER"
  exit
fi

for version in $(candidates); do
  if usable "$version"; then
    echo "$version"
    exit
  fi
done
die "no $FLAVOUR kernel with headers below ${KROOT:-/}; run tests/vm/deps.sh vm"
