#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# qemu.sh - make .build/qemu/root, unless it is there, and print the name of the
# QEMU in it, for run.sh
#
# A QEMU for amd64 that is newer than this machine's: it has vfio-user-pci, for
# which the device is a program of its own.  Nothing is installed; it runs with
# the C library that it was built for, which comes with it.
#
# Remove the folder to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/unpacked.sh"

[ $# -eq 0 ] || die "usage: qemu.sh"
SUITE=sid
DIR=$BUILD/qemu
ROOT=$DIR/root
DEBS=$DIR/apt/archives
PROGRAM=$ROOT/bin/qemu-system-x86_64

apt_in "$DIR/apt" amd64

download() {
  apt_get --no-install-recommends --download-only --yes \
    install qemu-system-x86
}

# Documentation, and what only a machine that starts up needs, is left out.
unpack() {
  local deb

  rm -rf "$ROOT" && mkdir -p "$ROOT" || return
  for deb in "$DEBS"/*.deb; do
    case ${deb##*/} in
    systemd_* | libc-gconv-* | *-base_*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$deb" |
      tar -x -C "$ROOT" --exclude='./usr/share/doc' --exclude='./usr/share/man' ||
      return
  done
}

# It asks for a loader by an absolute path, where this machine's is: so its own
# is named.  Its firmware and its modules are not where it was built to look.
relocate() {
  local lib=$ROOT/usr/lib/x86_64-linux-gnu

  mkdir -p "$ROOT/bin" || return
  cat >"$PROGRAM" <<END
#!/bin/sh
export QEMU_MODULE_DIR='$lib/qemu'
exec '$lib/ld-linux-x86-64.so.2' --library-path '$lib:$lib/systemd' \\
  '$ROOT/usr/bin/qemu-system-x86_64' -L '$ROOT/usr/share/qemu' \\
  -L '$ROOT/usr/share/seabios' -L '$ROOT/usr/lib/ipxe/qemu' "\$@"
END
  chmod +x "$PROGRAM" &&
    "$PROGRAM" -device vfio-user-pci,help
}

unpacked qemu "QEMU of $SUITE" '300 MB' "$SUITE"
echo "$PROGRAM"
