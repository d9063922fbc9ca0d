#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# source.sh VERSION - unpack the kernel's source, unless it is there, and print
# the name of the folder
#
# VERSION is that of a package linux-source-VERSION, such as 6.1 or 6.12, or
# "newest".  It comes from the archive that this machine gets its own packages
# from, if need be from a newer suite there; nothing is installed.
#
# Remove .build/linux/newest to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

[ $# -eq 1 ] || die "usage: source.sh VERSION"
VERSION=$1
DIR=$BUILD/linux

# Where to look for what the machine's own suites do not have
SUITES=(trixie-backports testing sid)

# What the newer suites have
find_newest() {
  apt_in "$DIR/apt" "$(dpkg --print-architecture)"
  apt_update "${SUITES[@]}" || return
  apt_cache search --names-only '^linux-source-[0-9.]+$' |
    sed -E 's/^linux-source-([0-9.]+) .*/\1/' | sort -V | tail -n 1 |
    grep . >"$DIR/newest.new" || return
  mv "$DIR/newest.new" "$DIR/newest"
}

newest() {
  if ! [ -e "$DIR/newest" ]; then
    step source-newest 'look for the newest kernel' find_newest >&2 ||
      die "no linux-source; run apt-get update, and see .build/log/source-newest.log"
  fi
  cat "$DIR/newest"
}

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
if [ "$VERSION" = newest ]; then
  VERSION=$(newest)
fi
PACKAGE=linux-source-$VERSION
TREE=$DIR/$PACKAGE
exec 9>"$DIR/$PACKAGE.lock"
flock 9
if ! [ -d "$TREE" ]; then
  {
    note "getting $PACKAGE, once; it downloads about 150 MB"
    step "source-$VERSION" "download $PACKAGE" download ||
      die "no $PACKAGE; run apt-get update, and see .build/log/source-$VERSION.log"
    step "source-$VERSION" 'unpack it' unpack ||
      die "cannot unpack it; is the disk full? It needs 1.6 GB"
  } >&2
fi
echo "$TREE"
