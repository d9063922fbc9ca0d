#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initrd.sh DIR FILE [MODULE...] - make an initrd in FILE that finds the disk of the image
# with these modules; DIR is a folder for its parts.  For ARCH and KVER

set -euo pipefail
. "$(dirname "$0")/../../tests/vm/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/initramfs.sh"

[ $# -ge 2 ] || die "usage: initrd.sh DIR FILE [MODULE...]"
ROOT=$1
umask 022
mkdir -p "$ROOT"/{bin,dev,etc,lib/modules,proc,root,sys}
cp "$TOP/tools/image/init" "$ROOT/init"
cp "$(program busybox)" "$ROOT/bin/busybox"
for name in "${@:3}"; do
  add_module "$name"
done
for module in "${MODULES[@]}"; do
  echo "$module"
done >"$ROOT/etc/modules"
initramfs_end "$2"
