#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# uml.sh VERSION - build user-mode Linux with the driver, the providers of the
# kernel and models of their controllers, and print the name of the program
#
# VERSION is that of tests/vm/source.sh.  DRIVER=folder takes the driver from
# another tree: it has drivers/fpgabuf and uapi below it.  The first build takes
# minutes.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

[ $# -eq 1 ] || die "usage: uml.sh VERSION"
SOURCE=$("$TOP/tests/vm/source.sh" "$1")
VERSION=${SOURCE##*-}
DIR=$BUILD/providers/uml-$VERSION
TREE=$DIR/linux
OUT=$DIR/um
PATCH=$TOP/tests/providers/uml-$VERSION.patch
CONFIG=$TOP/tests/providers/uml.config
DRIVER=${DRIVER:-$TOP}
JOBS=${JOBS:-$(nproc)}

# A tree of our own that costs no space: the files of the source, by hard link.
# The two that change are written anew, so the source does not.
make_tree() {
  rm -rf "$TREE.new" "$OUT"
  cp -al "$SOURCE" "$TREE.new"
  # shellcheck disable=SC2016 # make expands it
  sed -i -e '$a obj-$(CONFIG_FPGABUF) += fpgabuf/' \
    -e '$a obj-$(CONFIG_FPGABED) += fpgabed/' "$TREE.new/drivers/Makefile"
  sed -i 's,^endmenu$,source "drivers/fpgabuf/Kconfig"\nsource "drivers/fpgabed/Kconfig"\n\n&,' \
    "$TREE.new/drivers/Kconfig"
  # Files that patch writes are new ones.
  if [ -e "$PATCH" ]; then
    patch -s -p1 -d "$TREE.new" <"$PATCH"
  fi
  mv "$TREE.new" "$TREE"
}

# insert FROM NAME: into the tree's drivers.  What has not changed keeps its
# time, and is not built again.
insert() {
  local dir=$TREE/drivers/$2 file

  rm -rf "$dir.new"
  cp -r "$1" "$dir.new"
  (cd "$dir.new" && find . -type f) | while read -r file; do
    if cmp -s "$dir/$file" "$dir.new/$file"; then
      touch -r "$dir/$file" "$dir.new/$file"
    fi
  done
  rm -rf "$dir"
  mv "$dir.new" "$dir"
}

# The models, and providers with the patches of tests/kernel/providers, beside
# those without: uml-boot.sh chooses.
make_bed() {
  rm -rf "$DIR/bed"
  cp -r "$TOP/tests/providers/uml" "$DIR/bed"
  cp "$TREE/drivers/dma/altera-msgdma.c" "$DIR/bed"
  cat "$TOP"/tests/kernel/providers/*-altera-msgdma-*.patch |
    patch -s --no-backup-if-mismatch "$DIR/bed/altera-msgdma.c"
}

insert_all() {
  local header=include/uapi/linux/fpgabuf.h

  insert "$DRIVER/drivers/fpgabuf" fpgabuf
  make_bed
  insert "$DIR/bed" fpgabed
  cmp -s "$DRIVER/uapi/linux/fpgabuf.h" "$TREE/$header" ||
    cp "$DRIVER/uapi/linux/fpgabuf.h" "$TREE/$header"
}

# What the configuration was made from
wanted() {
  cat "$CONFIG" "$TREE/drivers/fpgabuf/Kconfig" "$TREE/drivers/fpgabed/Kconfig" |
    sha256sum
}

um() {
  make -s -C "$TREE" ARCH=um O="$OUT" "$@"
}

configure() {
  [ "$(cat "$OUT/wanted" 2>/dev/null)" != "$(wanted)" ] || return 0
  mkdir -p "$OUT"
  um KCONFIG_ALLCONFIG="$CONFIG" allnoconfig || return
  # One that depends on something we have not is dropped without a word.
  grep -v '^#' "$CONFIG" | grep '=y$' | while read -r line; do
    grep -qx "$line" "$OUT/.config" || echo "not taken: $line"
  done | tee "$OUT/dropped"
  [ ! -s "$OUT/dropped" ] || return
  wanted >"$OUT/wanted"
}

build() {
  configure && um -j"$JOBS" linux
}

mkdir -p "$DIR"
exec 9>"$DIR/lock"
flock 9
[ -d "$TREE" ] || make_tree
insert_all
step "uml-$VERSION" "build user-mode Linux $VERSION" build >&2
echo "$OUT/linux"
