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
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/tree.sh"

[ $# -eq 1 ] || die "usage: uml.sh VERSION"
SOURCE=$("$TOP/tests/vm/source.sh" "$1")
VERSION=${SOURCE##*-}
DIR=$BUILD/providers/uml-$VERSION
TREE=$DIR/linux
OUT=$DIR/um
PATCH=$TOP/tests/platform/providers/uml-$VERSION.patch
CONFIG=$TOP/tests/platform/providers/uml.config
DRIVER=${DRIVER:-$TOP}
JOBS=${JOBS:-$(nproc)}

make_tree() {
  rm -rf "$OUT"
  tree_make "$SOURCE" "$TREE.new" fpgabuf fpgabed || return
  if [ -e "$PATCH" ]; then
    patch -s -p1 -d "$TREE.new" <"$PATCH" || return
  fi
  mv "$TREE.new" "$TREE"
}

# The models, and providers with the patches of tests/kernel/providers, beside
# those without: uml-boot.sh chooses.
make_bed() {
  rm -rf "$DIR/bed"
  cp -r "$TOP/tests/platform/providers/uml" "$DIR/bed"
  cp "$TREE/drivers/dma/altera-msgdma.c" "$DIR/bed"
  cat "$TOP"/tests/kernel/providers/*-altera-msgdma-*.patch |
    patch -s --no-backup-if-mismatch "$DIR/bed/altera-msgdma.c"
}

insert_all() {
  tree_insert "$TREE" "$DRIVER/drivers/fpgabuf" fpgabuf
  make_bed
  tree_insert "$TREE" "$DIR/bed" fpgabed
  tree_header "$TREE" "$DRIVER/uapi/linux/fpgabuf.h"
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
