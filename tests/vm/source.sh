#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# source.sh VERSION - unpack the kernel's source, unless it is there, and print
# the name of the folder
#
# VERSION is that of a package linux-source-VERSION, such as 6.1 or 6.12.  It
# comes from the archive that this machine gets its own packages from, if need
# be from a newer suite there; nothing is installed.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

[ $# -eq 1 ] || die "usage: source.sh VERSION"
PACKAGE=linux-source-$1
DIR=$BUILD/linux
TREE=$DIR/$PACKAGE

# Where to look for what the machine's own suites do not have
SUITES=(testing sid)

download() {
  mkdir -p "$DIR/deb" && cd "$DIR/deb" || return
  apt-get -q download "$PACKAGE" || download_from "${SUITES[@]}"
}

download_from() {
  apt_in "$DIR/apt" "$(dpkg --print-architecture)"
  apt_update "$@" && apt_get download "$PACKAGE"
}

unpack() {
  rm -rf "$TREE" "$TREE.new"
  mkdir -p "$TREE.new" || return
  dpkg-deb --fsys-tarfile "$DIR"/deb/"$PACKAGE"_*.deb |
    tar -xO "./usr/src/$PACKAGE.tar.xz" |
    tar -xJ -C "$TREE.new" --strip-components=1 || return
  mv "$TREE.new" "$TREE"
  rm "$DIR"/deb/"$PACKAGE"_*.deb
}

mkdir -p "$DIR"
exec 9>"$DIR/$PACKAGE.lock"
flock 9
if ! [ -d "$TREE" ]; then
  {
    note "getting $PACKAGE, once; it downloads about 150 MB"
    step "source-$1" "download $PACKAGE" download ||
      die "no $PACKAGE; run apt-get update, and see .build/log/source-$1.log"
    step "source-$1" 'unpack it' unpack ||
      die "cannot unpack it; is the disk full? It needs 1.6 GB"
  } >&2
fi
echo "$TREE"
