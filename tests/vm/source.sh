#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# source.sh [--packed] VERSION - unpack the kernel's source, unless it is there,
# and print the name of the folder; --packed leaves it packed, and prints the name
# of the archive
#
# VERSION is that of a package linux-source-VERSION, such as 6.1 or 6.12, or
# "newest".  It comes from the archive that this machine gets its own packages
# from, if need be from another suite there; nothing is installed.
#
# Remove .build/linux/newest to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

PACKED=
if [ "${1-}" = --packed ]; then
  PACKED=yes
  shift
fi
[ $# -eq 1 ] || die "usage: source.sh [--packed] VERSION"
VERSION=$1
DIR=$BUILD/linux

# Where to look for what the machine's own suites do not have
SUITES=(bookworm trixie-backports testing sid)

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

# Of a name that it does not know apt takes the dots for wildcards, and fetches
# 6.12 for 6.1.
known() {
  apt-cache pkgnames "$PACKAGE" | grep -qx -- "$PACKAGE"
}

download() {
  mkdir -p "$DIR/deb" && cd "$DIR/deb" || return
  { known && apt-get -q download "$PACKAGE"; } || download_from "${SUITES[@]}"
}

download_from() {
  apt_in "$DIR/apt" "$(dpkg --print-architecture)"
  apt_update "$@" && apt_get download "$PACKAGE"
}

take_archive() {
  dpkg-deb --fsys-tarfile "$DIR"/deb/"$PACKAGE"_*.deb |
    tar -xO "./usr/src/$ARCHIVE" >"$DIR/$ARCHIVE.new" || return
  rm "$DIR"/deb/"$PACKAGE"_*.deb
  mv "$DIR/$ARCHIVE.new" "$DIR/$ARCHIVE"
}

# archive: where it is, if need be after fetching it
archive() {
  local dir

  # Somebody may have installed it.
  for dir in /usr/src "$DIR"; do
    if [ -e "$dir/$ARCHIVE" ]; then
      echo "$dir/$ARCHIVE"
      return
    fi
  done
  {
    note "getting $PACKAGE, once; it downloads about 150 MB"
    step "source-$VERSION" "download $PACKAGE" download ||
      die "no $PACKAGE; run apt-get update, and see .build/log/source-$VERSION.log"
    step "source-$VERSION" 'take out its archive' take_archive ||
      die "cannot take out its archive; is the disk full?"
  } >&2
  echo "$DIR/$ARCHIVE"
}

unpack() {
  rm -rf "$TREE" "$TREE.new"
  mkdir -p "$TREE.new" || return
  tar -xJf "$1" -C "$TREE.new" --strip-components=1 || return
  mv "$TREE.new" "$TREE"
}

# tree: the folder.  An archive that is fetched for it would be one more copy.
tree() {
  local archive needed

  if ! [ -d "$TREE" ]; then
    needed=$(find "$DIR" -maxdepth 1 -name "$ARCHIVE")
    archive=$(archive) || exit
    step "source-$VERSION" 'unpack it' unpack "$archive" >&2 ||
      die "cannot unpack it; is the disk full? It needs 1.6 GB"
    [ -n "$needed" ] || rm -f "$DIR/$ARCHIVE"
  fi
  echo "$TREE"
}

mkdir -p "$DIR"
if [ "$VERSION" = newest ]; then
  VERSION=$(newest)
fi
PACKAGE=linux-source-$VERSION
ARCHIVE=$PACKAGE.tar.xz
TREE=$DIR/$PACKAGE
exec 9>"$DIR/$PACKAGE.lock"
flock 9
if [ -n "$PACKED" ]; then
  archive
else
  tree
fi
