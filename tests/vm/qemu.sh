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

[ $# -eq 0 ] || die "usage: qemu.sh"
SUITE=sid
DIR=$BUILD/qemu
ROOT=$DIR/root
DEBS=$DIR/apt/archives
STAMP=$ROOT/complete
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
wrap() {
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

make_root() {
  note "making ${ROOT#"$TOP"/}, once; it downloads 60 MB"
  # Some other source may be out of reach; whether this matters shows next.
  step qemu-update 'read the package lists' apt_update "$SUITE" ||
    note 'going on with what was read'
  step qemu-download 'download QEMU' download ||
    die "cannot get QEMU of $SUITE, see .build/log/qemu-*.log.
  The apt sources of this machine must be those of Debian, and in reach"
  step qemu-unpack 'unpack it' unpack ||
    die "cannot unpack to $ROOT; is the disk full? It needs 300 MB"
  step qemu-wrap 'make it usable where it is' wrap ||
    die "this QEMU does not run, or has no vfio-user-pci; see .build/log/qemu-*.log"
  rm -rf "$APT"
  version >"$STAMP"
}

# What a root was made by: another version may want other packages.
version() {
  cat "$TOP/tests/vm/qemu.sh" "$TOP/tests/vm/apt.sh" | sha256sum
}

mkdir -p "$DIR"
# Two of us at once would spoil it.
exec 9>"$DIR/lock"
flock 9
if ! [ -e "$STAMP" ] || [ "$(cat "$STAMP")" != "$(version)" ]; then
  make_root >&2
fi
echo "$PROGRAM"
