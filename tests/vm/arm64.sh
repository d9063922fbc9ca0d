#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# arm64.sh - make .build/arm64/root, unless it is there, and print its name
#
# A folder with Debian's stock arm64 kernel, what is needed to build modules for
# it, and the programs and libraries of a guest.
#
# Remove .build/arm64/root to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

DIR=$BUILD/arm64
DEBS=$DIR/apt/archives
ROOT=$DIR/root
STAMP=$ROOT/complete

# Come with all they depend on.
GUEST=(busybox-static coreutils dash iproute2 libc6-dev libcunit1-dev libdrm-dev
  liburing-dev udev)

# The second is for what runs here when modules are built.
apt_in "$DIR/apt" arm64 "$(dpkg --print-architecture)"

# depends PACKAGE PATTERN: names of packages it depends on
depends() {
  apt_cache depends "$1" |
    sed -nE "s/^ *Depends: ($2)\$/\1/p"
}

# The meta packages depend on the newest of their kind; the headers would bring
# a compiler that runs on arm64, so here it is only what we name.
kernel_packages() {
  local image headers

  image=$(depends linux-image-arm64 'linux-image-.*')
  headers=$(depends linux-headers-arm64 'linux-headers-.*')
  [ -n "$image" ] && [ -n "$headers" ] || return
  echo "$image" "$headers"
  depends "$headers" 'linux-headers-.*-common'
  depends "$headers" 'linux-kbuild-[0-9.]*' |
    sed "s/\$/:$(dpkg --print-architecture)/"
}

download() {
  local packages

  packages=$(kernel_packages) || return
  # A run that was interrupted may have left some that are superseded by now.
  apt_get autoclean || return
  # shellcheck disable=SC2086 # names of packages have no spaces
  (cd "$DEBS" && apt_get download $packages) || return
  apt_get --no-install-recommends --download-only --yes \
    install "${GUEST[@]}"
}

unpack() {
  local deb

  rm -rf "$ROOT" && mkdir -p "$ROOT" || return
  for deb in "$DEBS"/*.deb; do
    dpkg-deb -x "$deb" "$ROOT" || return
  done
}

# Packages expect to be below /, and modules to be indexed when installed.
relocate() {
  local modules

  sed -i 's#^include /usr/src/#include ../#' \
    "$ROOT"/usr/src/linux-headers-*-arm64/Makefile || return
  for modules in "$ROOT"/lib/modules/*; do
    # Both are links to /usr/src/...
    ln -sfn "../../..$(readlink "$modules/build")" "$modules/build" &&
      ln -sfn "../../..$(readlink "$modules/source")" "$modules/source" &&
      depmod -b "$ROOT" "${modules##*/}" || return
  done
}

make_root() {
  local hint

  note "making ${ROOT#"$TOP"/}, once; it downloads 110 MB"
  # Some other source may be out of reach; whether this matters shows next.
  step arm64-update 'read the package lists' apt_update ||
    note 'going on with what was read'
  if ! step arm64-download 'download a kernel and a user space' download; then
    hint="see .build/log/arm64-*.log.
  The apt sources of this machine must be those of Debian 12, be in reach, and
  carry arm64.  Run tests/vm/arm64.sh again then, it goes on from here"
    die "cannot get arm64 packages, $hint"
  fi
  step arm64-unpack 'unpack them' unpack ||
    die "cannot unpack to $ROOT; is the disk full? It needs 600 MB"
  step arm64-relocate 'make them usable where they are' relocate ||
    die "these are not the packages of Debian 12; see .build/log/arm64-*.log"
  rm -rf "$APT"
  version >"$STAMP"
}

# What a root was made by: another version may want other packages.
version() {
  cat "$TOP/tests/vm/arm64.sh" "$TOP/tests/vm/apt.sh" | sha256sum
}

mkdir -p "$DIR"
# Two of us at once would spoil it.
exec 9>"$DIR/lock"
flock 9
if ! [ -e "$STAMP" ] || [ "$(cat "$STAMP")" != "$(version)" ]; then
  make_root >&2
fi
echo "$ROOT"
