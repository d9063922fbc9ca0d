#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# binfmt.sh CPU - let programs for another processor run by qemu-user
#
# A hook of mmdebstrap, which runs it as root of its own namespaces.  Since Linux 6.7
# those of somebody without root have their own table, which ends with them; the
# table of the machine's root is the machine's.

set -eu

table=/proc/sys/fs/binfmt_misc
rule=/usr/lib/binfmt.d/qemu-$1.conf

[ ! -e "$table/qemu-$1" ] || exit 0
[ -e "$table/register" ] || mount -t binfmt_misc binfmt_misc "$table" || {
  echo "binfmt.sh: this kernel does not run programs for $1.
  Install the package qemu-user-static, with systemd or binfmt-support, as root;
  or build the image as root"
  exit 1
} >&2
[ ! -e "$table/qemu-$1" ] || exit 0
cat "$rule" >"$table/register"
