#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# amd64.sh KERNEL - make .build/amd64-KERNEL/root, unless it is there, and print
# its name, for KROOT
#
# KERNEL is 5.10, 6.12 or 7: a stock kernel of another Debian release than this
# machine's, and what is needed to build modules for it.  None of that is
# installed.
#
# Remove the folder to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/merged.sh"
. "$(dirname "$0")/unpacked.sh"

[ $# -eq 1 ] || die "usage: amd64.sh KERNEL"
KERNEL=$1
DIR=$BUILD/amd64-$KERNEL
ROOT=$DIR/root
DEBS=$DIR/apt/archives
# Programs of a release newer than this machine's, their libraries, and the
# compiler of that kernel
NEWER=()

case $KERNEL in
5.10)
  SUITES=(bullseye)
  META=amd64
  ;;
6.12)
  SUITES=()
  META=6.12-amd64
  ;;
7)
  # The last one wins.
  SUITES=(trixie trixie-backports)
  META=amd64
  NEWER=(gcc-14 libelf1t64 libssl3t64)
  ;;
*) die "no recipe for kernel $KERNEL: it is 5.10, 6.12 or 7" ;;
esac

apt_in "$DIR/apt" amd64
if [ ${#SUITES[@]} -gt 0 ]; then
  APT_OPTIONS+=(-o "APT::Default-Release=${SUITES[-1]}")
fi

# The meta packages depend on the newest of their kind.  What the packages of
# a kernel are called depends on the release: all of them have its version.
kernel_packages() {
  local image version

  image=$(depends "linux-image-$META" 'linux-image-.*') || return
  version=${image#linux-image-}
  echo "$image" "linux-headers-$version"
  depends "$image" 'linux-(base|binary|modules)-[0-9].*'
  depends "linux-headers-$version" 'linux-(headers|kbuild)-.*'
}

download() {
  local packages

  packages=$(kernel_packages) && [ -n "$packages" ] || return
  # shellcheck disable=SC2086 # names of packages have no spaces
  (cd "$DEBS" && apt_get download $packages) || return
  if [ ${#NEWER[@]} -gt 0 ]; then
    apt_get --no-install-recommends --download-only --yes \
      install "${NEWER[@]}"
  fi
}

unpack() {
  local deb

  rm -rf "$ROOT" && mkdir -p "$ROOT" || return
  for deb in "$DEBS"/*.deb; do
    dpkg-deb -x "$deb" "$ROOT" || return
  done
}

# Packages expect to be below /, and modules to be indexed when installed.
relocate_kernel() {
  local link to modules

  sed -i -E 's#([ =])/usr/src/#\1../#' \
    "$ROOT"/usr/src/linux-headers-*-amd64/Makefile || return
  for link in "$ROOT"/lib/modules/*/{build,source}; do
    to=$(readlink "$link") || return
    ln -sfn "$ROOT/usr/src/${to##*/}" "$link" || return
  done
  for modules in "$ROOT"/lib/modules/*; do
    depmod -b "$ROOT" "${modules##*/}" || return
  done
}

# The compiler is that of this machine, if it is not too old.  Types for BPF are
# not needed, and would want one more program.
adapt_headers() {
  local cc=gcc

  [ ${#NEWER[@]} -eq 0 ] ||
    cc="$ROOT/usr/bin/x86_64-linux-gnu-${NEWER[0]} -B$ROOT/usr/bin/"
  cd "$ROOT"/usr/src/linux-headers-*-amd64 || return
  sed -i "s#^CC = .*#CC = $cc#" .kernelvariables || return
  sed -i '/^CONFIG_DEBUG_INFO_BTF_MODULES=/d' include/config/auto.conf
}

# A program that is too new for the C library of this machine gets its own; it
# asks for a loader by an absolute path.
relocate_programs() {
  local lib=$ROOT/usr/lib/x86_64-linux-gnu

  [ ${#NEWER[@]} -gt 0 ] || return 0
  find "$ROOT"/usr/{bin,libexec,lib/linux-kbuild-*} -type f -perm -100 |
    while read -r program; do
      readelf -lW "$program" 2>/dev/null | grep -q INTERP || continue
      patchelf --set-interpreter "$lib/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "$lib" "$program" || return
    done
}

relocate() {
  merge_usr "$ROOT" && relocate_kernel && adapt_headers && relocate_programs
}

[ ${#NEWER[@]} -eq 0 ] || "$TOP/tests/vm/deps.sh" newer >&2
unpacked "amd64-$KERNEL" "kernel $KERNEL" '1 GB' "${SUITES[@]}"
echo "$ROOT"
