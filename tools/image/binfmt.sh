#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# binfmt.sh CPU - let programs for another processor run by qemu-user
#
# A hook of mmdebstrap, which runs it as root of its own namespaces.  Since Linux 6.7
# a user namespace has a table of its own, which goes with it.  Without such a
# namespace, as root, the entry is in the machine's table, and stays there.

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
