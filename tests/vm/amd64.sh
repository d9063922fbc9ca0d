#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# amd64.sh KERNEL - make .build/amd64-KERNEL/root, unless it is there, and print
# its name, for KROOT
#
# KERNEL is 5.10, 6.12 or 7: a stock kernel of another Debian release than this
# machine's, and what is needed to build modules for it.  Nothing is installed.
#
# Remove the folder to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

[ $# -eq 1 ] || die "usage: amd64.sh KERNEL"
KERNEL=$1
DIR=$BUILD/amd64-$KERNEL
ROOT=$DIR/root
DEBS=$DIR/apt/archives
STAMP=$ROOT/complete
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
  SUITES=(trixie trixie-backports)
  META=amd64
  NEWER=(gcc-14 libc6 libelf1t64 zlib1g libzstd1)
  ;;
*) die "no recipe for kernel $KERNEL: it is 5.10, 6.12 or 7" ;;
esac

apt_in "$DIR/apt" amd64

# depends PACKAGE PATTERN: names of packages it depends on
depends() {
  apt_cache depends "$1" |
    sed -nE "s/^ *(Pre)?Depends: ($2)\$/\2/p"
}

# The meta packages depend on the newest of their kind.  What the packages of
# a kernel are called depends on the release: all of them have its version.
kernel_packages() {
  local image version

  image=$(depends "linux-image-$META" 'linux-image-.*') || return
  version=${image#linux-image-}
  echo "$image" "linux-headers-$version"
  depends "$image" "linux-(binary|modules|base)-$version"
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

# Packages expect to be below /, and modules to be indexed when installed; the
# compiler is the one of this machine.
relocate() {
  local modules headers

  for headers in "$ROOT"/usr/src/linux-headers-*-amd64; do
    sed -i -E 's#([ =])/usr/src/#\1../#' "$headers/Makefile" || return
    [ ! -e "$headers/.kernelvariables" ] ||
      sed -i -E 's/gcc-[0-9]+$/gcc/' "$headers/.kernelvariables" || return
  done
  for modules in "$ROOT"/lib/modules/*; do
    # Both are links to /usr/src/...
    ln -sfn "../../..$(readlink "$modules/build")" "$modules/build" &&
      ln -sfn "../../..$(readlink "$modules/source")" "$modules/source" &&
      depmod -b "$ROOT" "${modules##*/}" || return
  done
}

make_root() {
  note "making ${ROOT#"$TOP"/}, once; it downloads 150 MB"
  # Some other source may be out of reach; whether this matters shows next.
  step "amd64-$KERNEL-update" 'read the package lists' \
    apt_update "${SUITES[@]}" || note 'going on with what was read'
  step "amd64-$KERNEL-download" "download kernel $KERNEL" download ||
    die "cannot get kernel $KERNEL, see .build/log/amd64-$KERNEL-*.log.
  The apt sources of this machine must be those of Debian, and in reach"
  step "amd64-$KERNEL-unpack" 'unpack it' unpack ||
    die "cannot unpack to $ROOT; is the disk full? It needs 1 GB"
  step "amd64-$KERNEL-relocate" 'make it usable where it is' relocate ||
    die "these are not the packages we know; see .build/log/amd64-$KERNEL-*.log"
  rm -rf "$APT"
  version >"$STAMP"
}

# What a root was made by: another version may want other packages.
version() {
  cat "$TOP/tests/vm/amd64.sh" "$TOP/tests/vm/apt.sh" | sha256sum
}

mkdir -p "$DIR"
# Two of us at once would spoil it.
exec 9>"$DIR/lock"
flock 9
if ! [ -e "$STAMP" ] || [ "$(cat "$STAMP")" != "$(version)" ]; then
  make_root >&2
fi
echo "$ROOT"
